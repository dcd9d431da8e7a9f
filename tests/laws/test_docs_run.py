"""Law: what the docs show runs as it stands."""

import argparse
import re
from pathlib import Path

import pytest

import seqmem.cli
from tuning.__main__ import COMMANDS as SEARCH

COMMANDS = seqmem.cli.known_commands() | SEARCH
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SHELL = "\n".join(text for language, text in BLOCKS if not language)


def test_the_python_of_the_readme_runs_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "readme"}
    for block in PYTHON:
        exec(compile(block, "README.md", "exec"), names)
    said = capsys.readouterr().out
    assert "No edge found" in said or "beats last close" in said
    assert (tmp_path / "saved_models/sp500_lstm/1/saved_model.pb").is_file()


def test_the_first_example_has_fifteen_lines():
    assert len([line for line in PYTHON[0].splitlines() if line.strip()]) <= 15


def test_the_cell_of_the_readme_is_the_example():
    example = (ROOT / "examples/minimal_gated_unit.py").read_text()
    (shown,) = (block for block in PYTHON if "class MinimalGatedUnitCell" in block)
    assert shown[shown.index("class ") :] in example
    for name in ("minimal_gated_unit", "peephole_lstm"):
        code = (ROOT / f"examples/{name}.py").read_text()
        body = code[code.index("class ") :]
        assert len([line for line in body.splitlines() if line.strip()]) <= 18


def test_every_command_of_the_readme_parses():
    commands = [line.partition("#")[0].split() for line in SHELL.splitlines()]
    parsers = {"seqmem": seqmem.cli.parser(COMMANDS.values())}
    found = [words for words in commands if words and words[0] in parsers]
    assert len(found) >= 3
    for program, *arguments in found:
        assert isinstance(parsers[program].parse_args(arguments), argparse.Namespace)


def test_make_run_is_the_main_job():
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    command = re.search(r"seqmem (tune .*)", makefile)
    assert command
    options = seqmem.cli.parser(COMMANDS.values()).parse_args(command[1].split())
    assert (options.prices, options.name, options.out) == ("bundled:sp500", "sp500_path", "saved_models")


@pytest.mark.parametrize(
    "name", ["CHANGELOG.md", "CONTRIBUTING.md", "docs/serving.md", "examples/peephole_lstm.py"]
)
def test_links_lead_somewhere(name):
    assert f"({name})" in README
    assert (ROOT / name).is_file()


def test_the_readme_says_how_many_faults_there_are():
    import faults

    assert f"plants {len(faults.FAULTS)} faults" in README


def test_every_test_has_its_place_on_the_map():
    """docs/tests.md: a new file of tests needs a row there."""
    named = set(re.findall(r"`((?:laws/)?(?:test_)?\w+\.py)`", (ROOT / "docs/tests.md").read_text()))
    tests = ROOT / "tests"
    there = {
        str(path.relative_to(tests)) for path in (*tests.glob("test_*.py"), *tests.glob("laws/test_*.py"))
    }
    assert there - named == set(), "no row in docs/tests.md"
    assert {name for name in named if not (tests / name).is_file()} == set(), "gone, but in docs/tests.md"


PAGES = ("README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page):
    named = re.findall(
        r"`((?:seqmem|tuning|tests|benchmarks|research|examples|docs|saved_models)/[\w./]+)`",
        (ROOT / page).read_text(),
    )
    placeholders = ("saved_models/sp500_path", "saved_models/NAME/VERSION/")
    assert [name for name in named if not (ROOT / name).exists() and name not in placeholders] == []
