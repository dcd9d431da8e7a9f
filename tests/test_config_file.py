"""Options from a file: the same as on the command line, checked, and an error names the line."""

import argparse
import tomllib

import pytest

from seqmem import cli
from seqmem.cli.config_file import template, to_toml, with_config
from tuning import config
from tuning.__main__ import COMMANDS

WORDS = ["--prices", "p.csv", "--cells", "gru,rnn", "--units", "8:32", "--task", "volatility", "--seed", "3"]
WORDS += ["--task-options", "every=22", "ensemble_size=2", "--rolling", "--no-final", "--allow", "split"]


def _tune():
    parse = argparse.ArgumentParser(add_help=False)
    COMMANDS["tune"].add_options(parse)
    return parse


def _parsed(words):
    parse = cli.parser(COMMANDS.values())
    found = vars(parse.parse_args(with_config(["tune", *words], parse)))
    return {name: value for name, value in found.items() if name not in ("command", "config")}


@pytest.mark.parametrize(
    "words", [WORDS, ["--prices=bundled:sp500", "--separator=;", "--learning-rates=1e-4"]]
)
def test_what_is_written_is_read_back(words, tmp_path):
    options = _parsed(words)
    (tmp_path / "run.toml").write_text(to_toml(options, _tune()))
    assert _parsed(["--config", str(tmp_path / "run.toml")]) == options


def test_the_command_line_comes_first_and_tables_are_headings(tmp_path):
    (tmp_path / "run.toml").write_text(
        'prices = "p.csv"\n[search]\nseed = 3\nmax_trials = 7\nrolling = false\n'
    )
    for words in (["--seed", "5"], ["--seed=5"]):
        found = _parsed([*words, f"--config={tmp_path / 'run.toml'}"])
        assert (found["seed"], found["max_trials"], found["rolling"]) == (5, 7, False)


def test_the_template_has_every_option_and_its_defaults(tmp_path):
    text = template(_tune(), "about\nthis")
    assert tomllib.loads(text) == {"prices": "FILE|bundled:NAME"}
    for action in _tune()._actions:
        if action.dest not in ("config", "fresh", "quiet", "json"):
            assert f"{action.option_strings[0][2:]} = " in text
    lines = [
        line.removeprefix("# ") for line in text.splitlines() if line.startswith(("# units =", "# seed ="))
    ]
    assert lines == ["units = [8, 16, 32, 64, 128]", "seed = 0"]
    (tmp_path / "run.toml").write_text(text)
    assert _parsed(["--config", str(tmp_path / "run.toml")]) == _parsed(["--prices", "FILE|bundled:NAME"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = 1\n\nmax-trial = 3", "line 3: max-trial: no option of this name: did you mean max-trials?"),
        ("seed = -1", "line 1: seed: expected a whole number of at least 0, received '-1'"),
        ("[search]\ntuner = 'best'", "line 2: tuner: expected one of bayesian, random"),
        ("rolling = 1", "line 1: rolling: expected true or false"),
        ("seed = true", "line 1: seed: expected text or a number"),
        ("units = [8, [3]]", "line 1: units: expected text or a number"),
        ("units = ['x']", "line 1: units: expected int values"),
        ("seed = 1\n[a]\nseed = 2", "line 3: seed: stands there twice"),
        ("[a.b]\nseed = 1", "line 1: b: expected a value, not a table"),
        ("seed = \n", "no TOML: Invalid value (at line 1"),
        ("help = true", "line 1: help: no option of this name"),
    ],
)
def test_an_error_names_the_file_and_the_line(text, words, tmp_path, capsys):
    (tmp_path / "run.toml").write_text(text)
    assert cli.main(["tune", "--config", str(tmp_path / "run.toml")], COMMANDS.values()) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith(f"seqmem tune: {tmp_path / 'run.toml'}")
    assert words in said


def test_a_file_that_is_not_there_is_refused(tmp_path, capsys):
    assert cli.main(["tune", "--config", str(tmp_path / "none.toml")], COMMANDS.values()) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err


def test_init_writes_the_template_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init"]) == 0
    assert "seqmem tune --config run.toml" in (tmp_path / "run.toml").read_text()
    assert cli.main(["init"]) == 2
    assert "is not overwritten" in capsys.readouterr().err


def test_what_a_run_writes_makes_it_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = argparse.Namespace(
        **_parsed([*WORDS, "--name", "m", "--workers", "2", "--threads", "1", "--fresh"])
    )
    text = config.run_file(options, _tune())
    (tmp_path / "run.toml").write_text(text)
    again = _parsed(["--config", "run.toml"])
    same = {"name", "task", "task_options", "cells", "units", "seed", "rolling", "final", "allow", "out"}
    assert {one: again[one] for one in same} == {one: vars(options)[one] for one in same}
    assert again["prices"] == str(tmp_path / "p.csv")
    assert (again["workers"], again["threads"], again["fresh"]) == (1, None, False)
