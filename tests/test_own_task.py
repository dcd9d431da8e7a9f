"""Proof: a task of the search is one file. `own_task.py` adds one; here it is searched, scored and served."""

import json

import numpy as np
import pandas as pd
import pytest
from own_task import CumulativeReturn
from samples import random_walk

import seqmem.serving
from seqmem.serving import ServedModel
from tuning import __main__ as tune

WORDS = "--task own_task:ReturnTask --prices prices.csv --horizon 3 --max-trials 2 --folds 1 --tuner random"
SPACE = "--cells rnn --units 2,3 --lookbacks 10 --dropouts 0 --learning-rates 0.01"


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        random_walk(400).to_csv("prices.csv")
        assert tune.main([*WORDS.split(), *SPACE.split()]) == 0
    return folder


def test_a_task_of_your_own_is_searched_judged_exported_and_served(searched):
    folder = searched / "saved_models" / "returntask"
    table = pd.read_csv(searched / ".tuning" / "returntask" / "trials.csv")
    assert table["status"].tolist() == ["completed"] * 2
    card = json.loads((folder / "1" / "card.json").read_text())
    assert len(card["scores"]) == 4  # of two models, over two horizons
    assert "no return" in card["verdict"]
    served, prices = ServedModel(folder), random_walk(400)
    forecast = served.forecast(prices)
    assert (forecast.horizons, forecast.quantity.name) == ((1, 3), "return")
    again = seqmem.serving.load(folder)
    assert isinstance(again.target, CumulativeReturn)
    np.testing.assert_allclose(again.forecast(prices).point, forecast.point, rtol=1e-4, atol=1e-7)


def test_its_project_is_run_again_by_who_trusts_it_alone(searched, monkeypatch, capsys):
    monkeypatch.chdir(searched)
    assert tune.main(["rerun", "returntask", "0"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "own_task:ReturnTask (" in said
    assert "add --trust" in said
    assert tune.main(["rerun", "returntask", "0", "--trust"]) == 0
    assert ": the same" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--task nonsense", "task must be one of path, volatility, or module:Class. Received: 'nonsense'"),
        ("--task own_task:CumulativeReturn", "expected a subclass of tuning.Task"),
        (
            "--task own_task:ReturnTask --task-options every=3",
            "the options horizons. Received: {'every': 3}",
        ),
        ("--task path --task-options every", "--task-options: expected NAME=VALUE. Received: 'every'"),
    ],
)
def test_what_is_no_task_or_no_option_of_it_is_refused(words, message, searched, monkeypatch, capsys):
    monkeypatch.chdir(searched)
    assert tune.main(["--prices", "prices.csv", *words.split()]) in (1, 2)
    assert message in " ".join(capsys.readouterr().err.split())
