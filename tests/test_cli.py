"""The command lines, as a person meets them."""

import json

import numpy as np
import pandas as pd
import pytest
from samples import random_bars

from seqmem import cli
from seqmem.serving import ServedModel, export
from tuning import __main__ as tune


@pytest.fixture
def csv(tmp_path, prices):
    prices.to_csv(tmp_path / "prices.csv")
    return tmp_path / "prices.csv"


def test_check_says_what_a_series_is_fit_for(csv, capsys):
    assert cli.main(["check", str(csv)]) == 0
    said = capsys.readouterr().out
    assert "400 rows, 2010-01-04 to 2011-07-15" in said
    assert "log returns: stationary" in said
    assert "Fit for training on log returns; raw prices will be refused." in said


SMALL = ["--horizon", "2", "--units", "2,3", "--lookbacks", "10,20", "--cells", "gru, rnn", "--dropouts", "0"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda p: p.where(p.index < p.index[200], p / 2), "looks like a 2:1 split"),
        (lambda p: p.where(p.index < p.index[200], p * 10), "looks like a 10:1 split"),
        (lambda p: p.where((p.index < p.index[50]) | (p.index > p.index[390]), 100.0), "repeat the close"),
        (lambda p: np.exp((p / 10).cumsum() / 100), "log returns are not stationary"),
        (
            lambda p: p.set_axis(pd.date_range("2000-01-01", periods=400, freq="W", name="Date")),
            "7 days apart",
        ),
    ],
)
def test_check_ends_with_1_on_prices_that_must_not_be_trained_on(damage, words, prices, tmp_path, capsys):
    damage(prices).rename("Close").to_csv(tmp_path / "bad.csv")
    assert cli.main(["check", str(tmp_path / "bad.csv")]) == 1
    said = capsys.readouterr().out
    assert words in said
    assert "Do not train on these prices." in said
    assert tune.main(["--prices", str(tmp_path / "bad.csv"), *SMALL]) == 1  # nor does the search
    assert "`seqmem check` says more" in capsys.readouterr().err


def test_check_shows_gaps_and_large_moves_that_are_no_splits(prices, tmp_path, capsys):
    crash = prices.where(prices.index < prices.index[200], prices * 0.55).drop(prices.index[100:110])
    crash.to_csv(tmp_path / "crash.csv")
    assert cli.main(["check", str(tmp_path / "crash.csv")]) == 0
    said = capsys.readouterr().out
    assert "Gaps of more than 5 days: 1" in said
    assert "Moves of more than 40% in a day: 1" in said
    assert f"{prices.index[200]:%Y-%m-%d}" in said


def test_bad_input_is_one_line_on_stderr_and_exit_status_1(tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("Date,Close\n2024-01-02,1\n2024-01-03,-4\n")
    for command in (
        ["check", str(tmp_path / "bad.csv")],
        ["check", str(tmp_path / "none.csv")],
        ["forecast", str(tmp_path), "bundled:sp500"],
    ):
        assert cli.main(command) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("seqmem: ")
        assert "Traceback" not in said.err


def test_forecast_prints_writes_and_draws(fitted, prices, csv, tmp_path, capsys):
    export(fitted, tmp_path, name="m")
    files = [tmp_path / "f.csv", tmp_path / "f.png"]
    command = ["forecast", str(tmp_path / "m"), str(csv), "--csv", str(files[0]), "--plot", str(files[1])]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    expected = fitted.forecast(prices, [len(prices) - 1])[0]
    written = pd.read_csv(files[0], index_col="date", parse_dates=True)["forecast"]
    np.testing.assert_allclose(written, expected, rtol=1e-6)
    assert list(written.index) == list(pd.bdate_range("2011-07-18", periods=3))
    assert all(f"{close:.2f}" in said for close in expected)
    assert files[1].read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob(".f.*"))
    assert cli.main([*command[:-1], str(tmp_path / "nowhere" / "f.png")]) == 1
    assert "no folder" in capsys.readouterr().err
    assert cli.main([*command[:-1], str(tmp_path / "f.docx")]) == 1
    assert "expected a name that ends in .png" in capsys.readouterr().err


def test_the_main_job_from_a_csv_to_a_served_forecast(csv, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["--prices", str(csv), *SMALL, "--max-trials", "2", "--epochs", "1", "--name", "small"]
    assert tune.main([*command, "--seed", "0"]) == 0
    said = capsys.readouterr().out
    for words in (
        "400 closes, 2010-01-04 to 2011-07-15",
        "[2/2,",
        "Test: root mean squared",
        "last close",
        "edge",
    ):
        assert words in said
    assert "Exported to saved_models/small/1" in said
    card = json.loads((tmp_path / "saved_models/small/1/card.json").read_text())
    assert {row["model"] for row in card["scores"]} >= {"last close", "drift", "mean return"}
    assert card["hyperparameters"]["cell"] in ("gru", "rnn")
    assert card["seed"] == 0
    trials = pd.read_csv(tmp_path / ".tuning/small/trials.csv")
    assert len(trials) == 2
    assert cli.main(["forecast", "saved_models/small", str(csv)]) == 0
    assert tune.main([*command, "--seed", "0", "--json"]) == 0  # it is all there: only the winner is trained
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines] == [
        "search_began",
        "trial_kept",
        "trial_kept",
        "search_ended",
        "selected",
    ]
    assert tune.main([*command, "--seed", "1"]) == 1
    assert "seed was 0, now 1" in " ".join(capsys.readouterr().err.split())
    assert tune.main(["table", "small", "--csv", "t.csv"]) == 0
    assert len(pd.read_csv("t.csv")) == 2
    assert tune.main(["show", ".tuning/small", "0"]) == 0
    assert "fold 1, seed 1: " in capsys.readouterr().out
    assert tune.main(["rerun", "small", "0"]) == 0
    assert tune.main(["export", "small", "0", "--name", "mine"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert ": the same" in said
    assert "to saved_models/mine/1" in said
    assert tune.main(["show", "small", "7"]) == 1
    assert tune.main(["table", "nowhere"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "expected a trial of [0, 1]. Received: 7" in said
    assert "nowhere: expected the folder of a search" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--units", "8:x"], "expected int values like A,B,C or LOW:HIGH, received '8:x'"),
        (["--units", "8:4"], "received '8:4'"),
        (["--max-trials", "0"], "expected a whole number of at least 1, received '0'"),
        (["--tuner", "guess"], "invalid choice: 'guess'"),
        (["--seed", "-1"], "expected a whole number of at least 0"),
    ],
)
def test_bad_options_are_explained(arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        tune.main(["--prices", "p.csv", *arguments])
    assert stop.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lookbacks", "5"], "lookbacks must lie in [10, 252]"),
        (["--cells", "mgu"], "cells must be among"),
        (["--column", "Open"], "no column 'Open'"),
        (["--name", "../x"], "a name is letters"),
        (["--cells", "nowhere:Cell"], "ModuleNotFoundError"),
    ],
)
def test_bad_values_are_one_line_and_exit_status_1(arguments, words, csv, capsys):
    assert tune.main(["--prices", str(csv), *arguments]) == 1
    assert words in " ".join(capsys.readouterr().err.split())


def test_ranges_double():
    options = tune.parser().parse_args(["--prices", "p", "--units", "8:100", "--learning-rates", "1e-2,1e-3"])
    assert options.units == (8, 16, 32, 64, 100)
    assert options.learning_rates == (1e-3, 1e-2)


def test_ctrl_c_ends_with_130_and_says_where_the_trials_are(csv, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from tuning.display.display import LineDisplay

    def stop_after_one(self, row):
        raise KeyboardInterrupt

    monkeypatch.setattr(LineDisplay, "trial_ended", stop_after_one)
    command = ["--prices", str(csv), *SMALL, "--max-trials", "3", "--epochs", "1", "--name", "small"]
    assert tune.main(command) == 130
    said = capsys.readouterr().out
    assert ".tuning/small/trials.csv" in said
    assert "The same command goes on from there" in said
    assert len(pd.read_csv(tmp_path / ".tuning/small/trials.csv")) == 1
    assert not (tmp_path / "saved_models").exists()


def test_a_search_for_volatility_from_bars_to_a_served_variance(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_bars(1200).to_csv("bars.csv")
    command = ["--task", "volatility", "--prices", "bars.csv", "--max-trials", "1", "--epochs", "2"]
    assert tune.main([*command, "--cells", "gru", "--units", "2", "--lookbacks", "10"]) == 0
    said = capsys.readouterr().out
    for words in ("1200 closes", "Test: variance over 1 day, all origins", "GARCH-t", "volatility"):
        assert words in said
    assert "Exported to saved_models/volatility/1" in said
    card = json.loads((tmp_path / "saved_models/volatility/1/card.json").read_text())
    assert card["input"] == {name: ["batch", "at least 136"] for name in ("high", "low", "close")}
    assert card["horizons"] == [1, 5]
    served = ServedModel("saved_models/volatility").volatility(random_bars(1200))
    assert served["days"].tolist() == [1, 5]
    np.testing.assert_allclose(
        served["volatility"] ** 2 * served["days"] / 252, served["variance"], rtol=1e-5
    )
