"""The leagues of volatility, and the command that runs them."""

import numpy as np
import pandas as pd
import pytest
from samples import random_bars

from seqmem import cli
from seqmem.data.bars import PriceWarning, read_panel
from seqmem.experiments.league import panel_league, volatility_league
from seqmem.models.classics import EGARCH, GARCH
from seqmem.serving import export, load

SMALL = {"units": 2, "members": 2, "lookback": 10, "epochs": 2, "every": 200}


def test_a_league_is_complete_and_the_same_a_second_time():
    bars = random_bars(1100)
    said = []
    first, second = (volatility_league(bars, cells=("gru",), progress=said.append, **SMALL) for _ in range(2))
    pd.testing.assert_frame_equal(first.scores, second.scores)
    models = list(first.scores.index.unique("model"))
    assert models[:9] == [
        "constant", "EWMA", "GARCH", "GARCH-t", "GJR-t", "EGARCH-t", "HAR", "range HAR", "log HAR",
    ]  # fmt: skip
    assert models[9:] == [
        "GRU", "linear", "raw LSTM", "GRU x GJR-t", "log HAR x GJR-t", "GRU x log HAR x GJR-t",
    ]  # fmt: skip
    assert first.results.groupby("model")["origin"].agg(tuple).nunique() == 1  # the same origins for all
    assert first.results["origin"].min() == int(1100 * 0.7) - 1
    assert set(first.forecasters) == {"GRU", "linear", "raw LSTM"}
    assert "against" not in first.verdict
    assert said[0] == "constant, fitted every 200 days"
    assert said[9] == "GRU, trained with 2 seeds"
    rows = first.results.pivot(index=["origin", "h"], columns="model", values="forecast")
    product = (rows["GRU"] * rows["log HAR"] * rows["GJR-t"]) ** (1 / 3)
    np.testing.assert_allclose(rows["GRU x log HAR x GJR-t"], product)
    assert {"all", "turbulent"} == set(first.scores.index.unique("regime"))


def test_a_league_knows_nothing_of_what_comes_after():
    """Rewrite the last rows: every forecast before them stays, refits and networks included."""
    bars, now = random_bars(1100), 1000
    other = bars.copy()
    later = random_bars(1100, seed=9).to_numpy()
    other.iloc[now + 1 :] = later[now + 1 :] * bars.iloc[now, -1] / later[now, -1]
    here, there = (
        volatility_league(one, cells=("rnn",), raw=False, **SMALL).results for one in (bars, other)
    )
    known = here["origin"] <= now
    np.testing.assert_allclose(there.loc[known, "forecast"], here.loc[known, "forecast"], rtol=1e-6)
    assert not np.allclose(there.loc[~known, "forecast"], here.loc[~known, "forecast"])


def test_a_series_too_short_says_so():
    with pytest.raises(ValueError, match="200 rows are too few to train on and to score. .*no window of 136"):
        volatility_league(random_bars(200), cells=("gru",), **SMALL)
    words = "290 rows are too few: expected at least 63 origins .* 136 rows before it. Received: 22, 37, 83"
    with pytest.raises(ValueError, match=words):
        volatility_league(random_bars(290), cells=("gru",), **SMALL)


def test_a_classic_that_explodes_is_left_out_with_its_date_unless_it_is_the_measure(monkeypatch):
    bars = random_bars(600)

    def explode(self, fixed, first):
        return np.full((600, 5), np.inf)

    monkeypatch.setattr(EGARCH, "_ahead", explode)
    found = volatility_league(bars, cells=("gru",), raw=False, **SMALL)
    assert "EGARCH-t" not in set(found.results["model"])
    (note,) = (note for note in found.warnings if "EGARCH-t" in note)
    assert f"EGARCH-t left out: its forecast from row 420, {bars.index[419]:%Y-%m-%d} is [inf, inf]" in note
    monkeypatch.setattr(GARCH, "_ahead", explode)
    with pytest.raises(ValueError, match="GARCH-t, which the others are measured by: its forecast from"):
        volatility_league(bars, cells=("gru",), raw=False, **SMALL)


def _wide(tmp_path):
    frame = pd.DataFrame({name: random_bars(900, seed=seed)["Close"] for seed, name in enumerate("ABC")})
    frame.loc[frame.index[:150], "C"] = np.nan  # began later
    frame["still"] = 7.0
    frame.to_csv(tmp_path / "wide.csv")
    return tmp_path / "wide.csv", frame


def test_a_panel_has_one_network_for_all_series(tmp_path):
    path, frame = _wide(tmp_path)
    with pytest.warns(PriceWarning, match="left out: still: row 1, .* expected prices that change"):
        panel = read_panel(path)
    assert [len(bars) for bars in panel.values()] == [900, 900, 750]
    found = panel_league(panel, cell="gru", **SMALL)
    assert list(found.series.index) == ["A", "B", "C"]
    assert list(found.series.columns) == ["GRU", "linear", "GARCH-t", "GJR-t", "GRU x GJR-t"]
    row = found.tests.loc[("GRU", "GARCH-t", "squared", 1, "all")]
    assert row["series"] == 3
    assert found.verdict.count(" of 3.") == 6
    assert found.verdict.startswith(("GRU beats GARCH-t over all", "No edge found: GRU "))
    starts = {str(one["date"].min())[:10] for one in found.results.values()}
    assert starts == {f"{frame.index[int(900 * 0.7) - 1]:%Y-%m-%d}"}  # cut at one date
    short = {**panel, "D": panel["A"][-400:]}
    with pytest.raises(ValueError, match=r"D: 4 rows to .* to train on, 270 rows from .* are too few"):
        panel_league(short, cell="gru", **SMALL)


def test_the_command_prints_draws_writes_and_exports(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_bars(1000).to_csv("bars.csv")
    options = [f"--{name}={value}" for name, value in SMALL.items()]
    bars = random_bars(1000)
    bars.rename(columns={"High": "h", "Low": "l", "Close": "c"}).to_csv("named.csv")
    command = ["volatility", "bars.csv", "--cells", "gru", *options]
    assert cli.main([*command, "--csv", "s.csv", "--plot", "v.png", "--export", "vol"]) == 0
    said = capsys.readouterr().out
    for words in (
        "bars.csv: 1000 bars, 2010-01-04 to",
        "Variance over 1 day, all origins",
        "Variance over 5 days, turbulent origins",
        "GRU x log",
        "What the seed decides",
        "GRU exported to saved_models/vol/1",
    ):
        assert words in said
    assert pd.read_csv("s.csv")["qlike"].gt(0).all()
    assert (tmp_path / "v.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "saved_models/vol/1/saved_model.pb").is_file()
    assert cli.main(["forecast", "saved_models/vol", "bars.csv", "--csv", "f.csv"]) == 0
    assert "volatility: of a year" in capsys.readouterr().out
    assert pd.read_csv("f.csv")["days"].tolist() == [1, 5]
    assert cli.main(["forecast", "saved_models/vol", "bars.csv", "--plot", "f.png"]) == 1
    capsys.readouterr()
    named = ["named.csv", "--column", "c", "--high", "h", "--low", "l", "--csv", "g.csv"]
    assert cli.main(["forecast", "saved_models/vol", *named]) == 0
    assert (tmp_path / "g.csv").read_text() == (tmp_path / "f.csv").read_text()
    assert export(load("saved_models/vol"), tmp_path, name="again", prices=bars).is_dir()
    _wide(tmp_path)
    assert cli.main(["volatility", "wide.csv", "--panel", "--cells", "gru", *options]) == 0
    said = capsys.readouterr().out
    assert "wide.csv: 3 series" in said
    assert "left out: still" in " ".join(said.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cells", "tcn"], "or module:Class. Received: 'tcn'"),
        (["--plot", "f.docx"], "expected a name that ends in"),
        (["--csv", "nowhere/f.csv"], "no folder 'nowhere'"),
        (["--panel", "--plot", "f.png"], "--plot draws one series: not with --panel"),
        (["--panel"], "bars of one series"),
        (["--export", "a/b"], "a name is letters"),
        (["--high", "Top"], "column 'Low' without column 'Top'"),
    ],
)
def test_bad_options_are_refused_before_anything_is_trained(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_bars(1000).to_csv("bars.csv")
    assert cli.main(["volatility", "bars.csv", *arguments]) in (1, 2)
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
