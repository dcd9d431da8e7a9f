"""The pre-trained networks in saved_models/: whole, small, dated, and the start of a league's network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from samples import random_bars

from seqmem import ResidualRecurrent, as_dataset, cli
from seqmem.experiments.league import volatility_league
from seqmem.experiments.league.entrants import WalkedClassic
from seqmem.experiments.league.league import Judged
from seqmem.experiments.league.play import play
from seqmem.experiments.league.starting import PreTrained, fine_tuned
from seqmem.models.classics import EWMA
from seqmem.serving import load
from seqmem.serving.card_schema import read_card
from seqmem.serving.provenance import check_files

HOME = Path(__file__).parents[1] / "saved_models"
NAMES = {"variance_pooled": ["high", "low", "close"], "variance_pooled_closes": ["close"]}
SMALL = {"units": 2, "ensemble_size": 1, "epochs": 1, "every": 400, "refit": None, "pool": None, "raw": False}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_whole_small_and_dated(name):
    folder = HOME / name / "1"
    about = read_card(folder)
    check_files(folder, about)
    assert about["columns"] == NAMES[name]
    assert about["dates"]["trained"] == "2012-12-28"
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 1_000_000


def test_it_forecasts_a_series_that_it_never_saw_and_starts_a_league(tmp_path, capsys):
    bars = random_bars(900).set_axis(pd.bdate_range("2013-01-02", periods=900, name="Date"))
    bars.to_csv(tmp_path / "bars.csv")
    assert cli.main(["forecast", str(HOME / "variance_pooled"), str(tmp_path / "bars.csv")]) == 0
    assert "volatility" in capsys.readouterr().out
    network = load(HOME / "variance_pooled")
    squares = np.log(bars["Close"]).diff() ** 2
    forecast = network.forecast(bars, np.arange(300, 890)).mean[:, 0]
    assert 0.5 < forecast.mean() / squares[301:891].mean() < 2  # of a GARCH(1,1), which it was not trained on
    entrants = {
        "EWMA": WalkedClassic(EWMA(), 400),
        "pre-trained": PreTrained(network),
        "fine-tuned": fine_tuned(network, replace(ResidualRecurrent.recipe, epochs=1)),
    }
    found = play(as_dataset(bars), entrants, [], [Judged("fine-tuned", ["EWMA"])], ["EWMA"], print)
    one, two = (found.evaluation.forecasts[name].mean for name in ("pre-trained", "fine-tuned"))
    assert not np.allclose(one, two)


def test_a_start_that_knows_the_test_part_is_refused():
    bars = random_bars(900)  # from 2010 on
    network = load(HOME / "variance_pooled")
    with pytest.raises(
        ValueError, match="before the test part, .* on 2012-06-04. Received: one trained until 2012-12"
    ):
        volatility_league(bars, cells=("gru",), lookback=10, choose=False, start_from=network, **SMALL)
    network.fitted_until = ""
    with pytest.raises(ValueError, match="expected a fitted forecaster of variances"):
        PreTrained(network)
