"""Law: what the docs show runs as it stands."""

import argparse
import re
from pathlib import Path

import pytest

import seqmem.cli
from tuning.__main__ import COMMANDS as SEARCH

COMMANDS = seqmem.cli.known_commands() | SEARCH
ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
)
README = (ROOT / "README.md").read_text()


def blocks(page, language=""):
    """The code blocks of a page in one language; "" are commands and their output."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / page).read_text(), flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


# of docs/serving.md tests/test_client.py runs, beside a server
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python") and "serving" not in page])
def test_the_python_of_a_page_runs_top_to_bottom(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "page"}
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), names)
    if page == "README.md":
        printed = capsys.readouterr().out
        assert "No edge found: lstm" in printed or "lstm beats" in printed
        assert (tmp_path / "saved_models/sp500_lstm/1/saved_model.pb").is_file()


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150
    (example,) = blocks("README.md", "python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 15


def test_the_cell_of_the_docs_is_the_example():
    example = (ROOT / "examples/minimal_gated_unit.py").read_text()
    (shown,) = (block for block in blocks("docs/cells.md", "python") if "class MinimalGatedUnitCell" in block)
    assert shown[shown.index("class ") :] in example
    body = example[example.index("class ") :]
    assert len([line for line in body.splitlines() if line.strip()]) <= 18


@pytest.mark.parametrize("page", [page for page in PAGES if "seqmem " in "".join(blocks(page))])
def test_every_command_of_a_page_parses(page):
    lines = "\n".join(blocks(page)).replace("\\\n", " ").splitlines()
    commands = [line.removeprefix("$ ").partition("#")[0].split() for line in lines]
    found = [words[1:] for words in commands if words[:1] == ["seqmem"]]
    assert found or page == "CONTRIBUTING.md"
    for arguments in found:
        given = [*arguments, "--prices", "p"] if "--config" in arguments else arguments  # a file names them
        options = seqmem.cli.parser(COMMANDS.values()).parse_args(given)
        assert isinstance(options, argparse.Namespace)


def test_make_run_is_the_main_job():
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    command = re.search(r"seqmem (tune .*)", makefile)
    assert command
    options = seqmem.cli.parser(COMMANDS.values()).parse_args(command[1].split())
    assert (options.prices, options.name, options.out) == ("bundled:sp500", "sp500_path", "saved_models")


def test_every_test_has_its_place_on_the_map():
    """docs/tests.md: a new file of tests needs a row there."""
    named = set(re.findall(r"`((?:laws/|proofs/)?\w+\.py)`", (ROOT / "docs/tests.md").read_text()))
    tests = ROOT / "tests"
    there = {str(path.relative_to(tests)) for path in tests.rglob("test_*.py")}
    assert there - named == set(), "no row in docs/tests.md"
    assert {name for name in named if not (tests / name).is_file()} == set(), "gone, but in docs/tests.md"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page):
    named = re.findall(
        r"`((?:seqmem|tuning|tests|benchmarks|research|examples|docs|saved_models)/[\w./]+)`",
        (ROOT / page).read_text(),
    )
    placeholders = ("saved_models/sp500_path", "saved_models/NAME/VERSION/")
    assert [name for name in named if not (ROOT / name).exists() and name not in placeholders] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []
