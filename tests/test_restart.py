"""A search repeated with new rows begins with its old winner, and puts the old search aside."""

import json

import keras_tuner
import pytest
from quick_search import TINY, quick
from samples import random_walk

from seqmem import cli
from seqmem.serving.card_schema import read_card
from tuning import BestMean, ProjectError, search
from tuning.__main__ import COMMANDS
from tuning.journal.project import Project, read_first, read_project
from tuning.selection.restart import restart_with_new_rows
from tuning.stopping import StopClearlyWorst

LONG = random_walk(450)
TUNER = keras_tuner.RandomSearch


def _again(folder, hypermodel):
    stopping = repr(StopClearlyWorst())
    return restart_with_new_rows(Project(folder), hypermodel, TUNER, 0, BestMean(), stopping=stopping)


@pytest.fixture
def searched(tmp_path):
    found = search(quick(data=LONG[:400]), TUNER, max_trials=4, directory=tmp_path)
    return tmp_path, found


def test_new_rows_begin_with_the_old_winner(searched):
    folder, before = searched
    hypermodel = quick(data=LONG)
    said = _again(folder, hypermodel)
    best = before.table.iloc[0]
    assert hypermodel.first["units"] == best["units"]
    assert hypermodel.first["lookback"] == best["lookback"]
    assert said.startswith(f"New rows since {LONG.index[399].date()}: the search begins again, first with")
    aside = folder / "before" / str(LONG.index[399].date())
    assert len(read_project(aside)[1]) == 4
    assert not (folder / "search.log").exists()
    assert read_first(folder) == hypermodel.first
    after = search(hypermodel, TUNER, max_trials=2, directory=folder)
    first = after.table.set_index("trial").loc["0"]
    assert (first["units"], first["lookback"]) == (best["units"], best["lookback"])
    later = quick(data=LONG)  # the same command again goes on
    later.first = read_first(folder)
    assert _again(folder, later) == ""
    assert search(later, TUNER, max_trials=2, directory=folder).kept == 2


def test_nothing_begins_again_where_more_has_changed_than_that_rows_were_added(searched):
    folder, _ = searched
    other = quick(data=random_walk(450, seed=9))
    for changed in (quick(data=LONG[:400]), quick(data=LONG[:390]), other, quick(data=LONG, seeds=2)):
        assert _again(folder, changed) == ""
        assert (folder / "search.log").is_file()
    with pytest.raises(ProjectError, match="is another search: data: rows was 400, now 450"):
        search(other, TUNER, max_trials=4, directory=folder)
    assert quick(TINY).starts_with_default


def test_a_first_that_cannot_be_read_is_an_error(tmp_path):
    for text in ("{", "[1]"):
        (tmp_path / "first.json").write_text(text)
        with pytest.raises(
            ProjectError, match=r"first.json: expected what is tried first.*--fresh starts over"
        ):
            read_first(tmp_path)


@pytest.mark.slow
def test_tune_exports_what_knows_all_rows_and_begins_again_with_more(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [
        "tune",
        "--prices",
        "p.csv",
        "--name",
        "m",
        "--max-trials",
        "2",
        "--epochs",
        "1",
        "--horizon",
        "2",
    ]
    words += ["--units", "2,3", "--lookbacks", "10,20", "--cells", "rnn", "--dropouts", "0"]
    for rows, final in ((400, True), (450, True), (450, False)):
        LONG[:rows].to_csv("p.csv")
        assert cli.main([*words, *([] if final else ["--no-final"])], COMMANDS.values()) == 0
        card = read_card(sorted((tmp_path / "saved_models/m").iterdir())[-1])
        last = str(LONG.index[rows - 1].date())
        assert card["dates"]["data"] == card["dates"]["scored"][1] == last
        assert (card["dates"]["trained"] == last) is final is card["final"]
        assert card["dates"]["trained"] < card["dates"]["scored"][0] or final
        assert card["training"]["epochs"] == 1
    assert "the search begins again, first with its winner" in capsys.readouterr().out
    again = ["tune", "--config", "saved_models/m/3/run.toml", "--out", "again"]
    assert cli.main(again, COMMANDS.values()) == 0
    assert read_card(tmp_path / "again/m/1")["weights"] == card["weights"]
    assert json.loads((tmp_path / ".tuning/m/first.json").read_text())["cell"] == "rnn"
    assert sorted(one.name for one in (tmp_path / "saved_models/m").iterdir()) == ["1", "2", "3"]
