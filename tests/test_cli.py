"""The command lines, as a person meets them."""

import configparser
import json
import os
import re
import shutil
import signal
import sys
import time
from contextlib import nullcontext
from importlib.metadata import EntryPoint
from pathlib import Path

import fresh
import numpy as np
import pandas as pd
import pytest
from samples import random_bars

from seqmem import cli
from seqmem.cells import CELLS
from seqmem.cli import options as shared
from seqmem.cli.data import read_prices
from seqmem.data.faults import PriceError
from seqmem.serving import ServedModel
from tuning import __main__ as tuning
from tuning.cli import TASKS, TUNE
from tuning.display.display import LineDisplay
from tuning.tasks import TASKS as TASK_CLASSES

COMMANDS = cli.known_commands() | tuning.COMMANDS
SMALL = [
    "--horizon",
    "2",
    "--units",
    "2,3",
    "--lookbacks",
    "10,20",
    "--cells",
    "mingru, rnn",
    "--dropouts",
    "0",
]


@pytest.fixture
def csv(tmp_path, prices):
    prices.to_csv(tmp_path / "prices.csv")
    return tmp_path / "prices.csv"


def _says(capsys):
    said = capsys.readouterr()
    return " ".join(said.out.split()), " ".join(said.err.split())


# Help, and how a command starts and ends


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_help_fits_80_columns(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stop:
        cli.main([*([name] if name else []), "--help"], COMMANDS.values())
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert max(map(len, text.splitlines())) <= 80
    for command in COMMANDS.values() if name is None else ():
        assert f"  {command.name} " in text
        assert command.summary in text


def test_every_command_is_in_a_group_and_every_own_cell_is_known():
    assert {command.group for command in COMMANDS.values()} == set(cli.GROUPS)
    assert shared.cell_names() == list(CELLS)
    assert list(TASK_CLASSES) == list(TASKS)


def test_the_commands_of_the_search_join_by_entry_points():
    config = configparser.ConfigParser()
    config.read(Path(__file__).parents[1] / "setup.cfg")
    lines = config["options.entry_points"]["seqmem.commands"].strip().splitlines()
    points = dict(re.split(r"\s*=\s*", line) for line in lines)
    found = {name: EntryPoint(name, value, "seqmem.commands").load() for name, value in points.items()}
    assert found == tuning.COMMANDS


def test_python_m_tuning_is_seqmem_tune(monkeypatch):
    seen = []
    monkeypatch.setattr(tuning, "seqmem", lambda words, commands: seen.append(words) or 0)
    for words in (["--prices", "p"], ["tune", "--prices", "p"], ["table", "x"]):
        assert tuning.main(words) == 0
    assert seen == [["tune", "--prices", "p"], ["tune", "--prices", "p"], ["table", "x"]]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ValueError("no such thing"), 1, "seqmem odd: no such thing"),
        (ArithmeticError("it diverged"), 1, "seqmem odd: it diverged"),
        (KeyboardInterrupt(), 130, "Stopped; nothing was written."),
        (cli.Stopped("Stopped; half is there."), 130, "Stopped; half is there."),
    ],
)
def test_how_work_ends_is_the_exit_status(error, status, words, capsys):
    def fail(*_):
        raise error

    for check, run, expected in ((lambda _: None, fail, status), (fail, None, 2 if status == 1 else status)):
        odd = cli.Command("odd", cli.GROUPS[0], "s", "d", lambda parse: None, check, run)
        assert cli.main(["odd"], [odd]) == expected
        said = capsys.readouterr()
        assert words in (said.err if status == 1 else said.out)
        assert "Traceback" not in said.err


def test_sigterm_is_ctrl_c(capsys):
    before = signal.getsignal(signal.SIGTERM)

    def run(options, console):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)  # the signal comes at once
        return 0

    odd = cli.Command("odd", cli.GROUPS[0], "s", "d", lambda parse: None, lambda options: None, run)
    assert cli.main(["odd"], [odd]) == 130
    assert "nothing was written" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) is before


# What is refused, before any work


def test_what_is_refused_is_refused_before_any_work(tmp_path, csv, prices, exported):
    """Exit status 2, or 1 of bad data, and neither TensorFlow nor Keras is imported."""
    exported = Path(shutil.copytree(exported, tmp_path / "models/whole/1"))
    prices[:5].to_csv(tmp_path / "short.csv")
    (tmp_path / "prices.txt").touch()
    (tmp_path / "file").touch()
    (tmp_path / "models/a/1").mkdir(parents=True)
    (tmp_path / "models/a/1/saved_model.pb").touch()
    model, volatility = exported, ["volatility", csv]
    refused = {
        ("check", "none.csv"): "none.csv: no such file",
        ("check", "."): ".: is a folder",
        ("check", "prices.txt"): "prices.txt: the file is empty",
        ("check", csv, "--calendar", "NOWHERE"): "NOWHERE",
        ("check", csv, "--allow", "splits"): "expected names among calendar, future",
        ("check", "sp500"): "(is it bundled:sp500?)",
        ("check", "bundled:dax"): "no bundled series 'dax'",
        ("forecast", "nowhere", csv): "nowhere: no SavedModel there",
        ("forecast", "models/a", csv): "not a model that seqmem exported",
        ("forecast", model, "none.csv"): "no such file",
        ("forecast", model, csv, "--csv", "nowhere/f.csv"): "no folder 'nowhere'",
        ("forecast", model, csv, "--plot", "f.docx"): "expected a name that ends in .png",
        ("diagnose", "nowhere", csv): "no SavedModel there",
        ("diagnose", model, csv, "--windows", "0"): "whole number of at least 1, received '0'",
        ("verify", "nowhere"): "no SavedModel there",
        ("serve", "nowhere"): "no such folder",
        ("serve", "models", "--port", "70000"): "whole number from 0 to 65535",
        ("serve-config", "nowhere"): "no such folder",
        ("serve-config", "models", "--stable", "a=7"): "a: 7 is not among its versions: 1",
        ("study", "nothing"): "invalid choice: 'nothing'",
        ("study", "adding", "--cell", "nowhere:Cell"): "no module 'nowhere' here",
        (*volatility, "--cells", "mgu"): "cells must be among",
        (*volatility, "--export", "../x"): "a name is up to 128 letters",
        (*volatility, "--export", "x", "--out", "file"): "file/x cannot be written",
        (*volatility, "--panel", "--plot", "x.png"): "not with --panel",
        ("tune", "--prices", csv, "--units", "8:x"): "expected int values like A,B,C or LOW:HIGH",
        ("tune", "--prices", csv, "--units", "8:4"): "received '8:4'",
        ("tune", "--prices", csv, "--seed", "-1"): "whole number of at least 0",
        ("tune", "--prices", csv, "--tuner", "guess"): "invalid choice: 'guess'",
        ("tune", "--prices", csv, "--lookbacks", "5"): "lookbacks must lie in [10, 252]",
        ("tune", "--prices", csv, "--cells", "nowhere:Cell"): "no module 'nowhere' here",
        ("tune", "--prices", csv, "--name", "../x"): "a name is up to 128 letters",
        ("tune", "--prices", csv, "--directory", "file"): "file cannot be written",
        ("tune", "--prices", csv, "--task", "nonsense"): "task must be one of path, volatility",
        ("table", "nowhere"): "expected the folder of a search",
        ("export", "nowhere", "0", "--name", "x"): "expected the folder of a search",
        (): "the following arguments are required: COMMAND",
    }
    (tmp_path / "bad.csv").write_text("Date,Close\n2024-01-02,1\n2024-01-03,-4\n")
    bad = {
        ("check", "bad.csv"): "expected a price above 0. Received: -4",
        ("check", csv, "--column", "Open"): "no column 'Open'",
        ("forecast", exported, "bad.csv"): "expected a price above 0",
        ("forecast", exported, "short.csv"): "expected at least",
        ("diagnose", exported, csv, "--column", "Open"): "no column 'Open'",
        ("volatility", "bad.csv"): "expected a price above 0",
        ("tune", "--prices", "bad.csv"): "expected a price above 0",
    }
    quick = [["--help"], ["tune", "--help"], ["check", csv], ["study", "--help"]]
    ended = fresh.run([*refused, *bad, *quick], preload=["pandas"], cwd=tmp_path)
    for (words, expected), end in zip(refused.items(), ended, strict=False):
        assert (end.status, end.imported, end.out) == (2, [], ""), (words, end)
        assert expected in end.err, (words, end.err)
        assert "Traceback" not in end.err
    for (words, expected), end in zip(bad.items(), ended[len(refused) :], strict=False):
        assert (end.status, end.imported, end.out) == (1, [], ""), (words, end)
        assert expected in end.err, (words, end.err)
    for words, end in zip(quick, ended[len(refused) + len(bad) :], strict=True):
        assert (end.status, end.imported, end.err) == (0, [], ""), (words, end)
    assert not (tmp_path / "saved_models").exists()
    assert not (tmp_path / ".tuning").exists()


def test_a_full_disk_is_known_before_the_work(tmp_path, monkeypatch, capsys):
    usage = shutil._ntuple_diskusage(9, 8, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert cli.main(["volatility", "bundled:sp500", "--export", "x", "--out", str(tmp_path)]) == 2
    assert "0.0 MB are free" in _says(capsys)[1]


def test_ranges_double():
    words = ["tune", "--prices", "p", "--units", "8:100", "--learning-rates", "1e-2,1e-3"]
    options = cli.parser([TUNE]).parse_args(words)
    assert options.units == (8, 16, 32, 64, 100)
    assert options.learning_rates == (1e-3, 1e-2)


# check


def test_check_says_what_a_series_is_fit_for(csv, capsys):
    assert cli.main(["check", str(csv)]) == 0
    said, _ = _says(capsys)
    assert "400 rows, 2010-01-04 to 2011-07-15" in said
    assert "log returns: stationary" in said
    assert "Fit for training on returns; raw values will be refused." in said
    picture = csv.with_suffix(".png")
    assert cli.main(["check", str(csv), "--json", "--plot", str(picture)]) == 0
    assert json.loads(capsys.readouterr().out)["fit"]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("damage", "words", "cure"),
    [
        (lambda p: p.where(p.index < p.index[200], p / 2), "[split]", "--anyway"),
        (lambda p: p.where((p.index < p.index[50]) | (p.index > p.index[390]), 100.0), "[unchanged]", ""),
        (lambda p: np.exp((p / 10).cumsum() / 100), "log returns are not stationary", ""),
        (
            lambda p: p.set_axis(pd.date_range("2000-01-01", periods=400, freq="W", name="Date")),
            "7 days apart",
            "--period week",
        ),
    ],
)
def test_check_ends_with_1_on_prices_that_must_not_be_trained_on(
    damage, words, cure, prices, tmp_path, capsys
):
    damage(prices).rename("Close").to_csv(tmp_path / "bad.csv")
    assert cli.main(["check", str(tmp_path / "bad.csv")]) == 1
    said, _ = _says(capsys)
    assert words in said
    assert cure in said
    assert "Do not train on these prices" in said
    for sets_aside in (["--anyway"], ["--allow", "split,tick,unchanged,spacing"]):
        status = cli.main(["check", str(tmp_path / "bad.csv"), *sets_aside])
        assert status == (words.startswith("log returns"))
    with (
        pytest.raises(PriceError, match=re.escape(words)) if words[:3] != "log" else nullcontext()
    ):  # all read by one door
        read_prices(cli.parser().parse_args(["check", str(tmp_path / "bad.csv")]))


def test_check_shows_gaps_and_large_moves_that_are_no_splits(prices, tmp_path, capsys):
    crash = prices.where(prices.index < prices.index[200], prices * 0.55).drop(prices.index[100:110])
    crash.to_csv(tmp_path / "crash.csv")
    assert cli.main(["check", str(tmp_path / "crash.csv")]) == 0
    said, _ = _says(capsys)
    assert "Gaps of more than 5 days: 1" in said
    assert "Moves of more than 40% in a day: 1" in said
    assert f"{prices.index[200]:%Y-%m-%d}" in said


# Exported models


def test_forecast_prints_writes_and_draws(fitted, exported, prices, csv, tmp_path, capsys):
    files = [tmp_path / "f.csv", tmp_path / "f.png"]
    command = ["forecast", str(exported.parent), str(csv), "--csv", str(files[0]), "--plot", str(files[1])]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    (expected,) = fitted.forecast(prices).mean
    written = pd.read_csv(files[0], parse_dates=["ds", "cutoff"])
    np.testing.assert_allclose(written["mean"], expected, rtol=1e-6)
    assert list(written["ds"]) == list(pd.bdate_range("2011-07-18", periods=3))
    assert set(written["cutoff"]) == {prices.index[-1]}
    assert all(f"{close:.2f}" in said for close in expected)
    assert files[1].read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob(".f.*"))


# The search


def _interrupted(self, row):
    raise KeyboardInterrupt


def test_the_main_job_from_a_csv_to_a_served_forecast(csv, tmp_path, capsys, monkeypatch):
    """The search is stopped after a trial, and the command given again."""
    monkeypatch.chdir(tmp_path)
    command = [
        "--prices",
        str(csv),
        *SMALL,
        "--max-trials",
        "2",
        "--epochs",
        "1",
        "--name",
        "small",
        "--folds",
        "1",
    ]
    with monkeypatch.context() as patch:
        patch.setattr(LineDisplay, "trial_ended", _interrupted)
        assert tuning.main([*command, "--seed", "0"]) == 130
    said = capsys.readouterr().out
    assert ".tuning/small/trials.csv" in said
    assert "The same command goes on from there" in said
    assert len(pd.read_csv(tmp_path / ".tuning/small/trials.csv")) == 1
    assert not (tmp_path / "saved_models").exists()
    assert tuning.main([*command, "--seed", "0"]) == 0
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
    assert card["hyperparameters"]["cell"] in ("mingru", "rnn")
    assert card["seed"] == 0
    trials = pd.read_csv(tmp_path / ".tuning/small/trials.csv")
    assert len(trials) == 2
    assert tuning.main([*command, "--seed", "0", "--json"]) == 0  # all there: only the winner is trained
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines] == [
        "search_began",
        "trial_kept",
        "trial_kept",
        "search_ended",
        "selected",
    ]
    assert tuning.main([*command, "--seed", "1"]) == 1
    assert "seed was 0, now 1" in _says(capsys)[1]
    assert tuning.main(["table", "small", "--csv", "t.csv"]) == 0
    assert len(pd.read_csv("t.csv")) == 2
    assert tuning.main(["show", ".tuning/small", "0"]) == 0
    assert "fold 1, seed 1: " in capsys.readouterr().out
    assert tuning.main(["rerun", "small", "0"]) == 0
    assert tuning.main(["export", "small", "0", "--name", "mine"]) == 0
    said, _ = _says(capsys)
    assert ": the same" in said
    assert "to saved_models/mine/1" in said
    assert tuning.main(["show", "small", "7"]) == 2
    assert "expected a trial of [0, 1]. Received: 7" in _says(capsys)[1]


def test_a_search_for_volatility_from_bars_to_a_served_variance(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_bars(900).to_csv("bars.csv")
    command = ["--task", "volatility", "--prices", "bars.csv", "--max-trials", "1", "--epochs", "1"]
    assert (
        tuning.main([*command, "--cells", "mingru", "--units", "2", "--lookbacks", "10", "--folds", "1"]) == 0
    )
    said = capsys.readouterr().out
    for words in ("900 closes", "Test: Variance over 1 day, all days", "GARCH-t", "volatility"):
        assert words in said
    assert "Exported to saved_models/volatility/1" in said
    card = json.loads((tmp_path / "saved_models/volatility/1/card.json").read_text())
    assert card["input"] == {name: ["batch", "at least 136"] for name in ("high", "low", "close")}
    assert card["horizons"] == [1, 5]
    served = ServedModel("saved_models/volatility").forecast(random_bars(900)).to_frame()
    assert served["h"].tolist() == [1, 5]
    np.testing.assert_allclose(served["volatility"] ** 2 * served["h"] / 252, served["mean"], rtol=1e-5)


def test_a_module_of_ones_own_is_imported_before_a_model_is_loaded(exported, tmp_path, monkeypatch, capsys):
    (tmp_path / "cell_of_mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert cli.main(["verify", str(exported), "--import", "cell_of_mine"]) == 0
    assert sys.modules.pop("cell_of_mine")
    assert cli.main(["verify", str(exported), "--import", "cell_of_nobody"]) == 2
    assert "--import cell_of_nobody: No module named" in capsys.readouterr().err
