"""An export trained on new rows: scored before they are trained on, the next version unless it is worse."""

import shutil

import numpy as np
import pandas as pd
import pytest
from samples import random_walk

from seqmem import cli
from seqmem.lifecycle import Retraining, compare_models, update
from seqmem.serving import load
from seqmem.serving.card_schema import read_card
from seqmem.serving.folders import versions_in

LONG = random_walk(700)  # its first 400 are what the model of `exported` was made from


@pytest.fixture
def home(exported, tmp_path):
    """A copy of the exported model."""
    shutil.copytree(exported, tmp_path / "small" / "1")
    return tmp_path / "small"


@pytest.fixture(scope="module")
def updated(exported, tmp_path_factory):
    home = tmp_path_factory.mktemp("updated") / "small"
    shutil.copytree(exported, home / "1")
    with pytest.MonkeyPatch.context() as patch:
        _shifted(patch, by=1e-4)
        return update(home, LONG[:500], epochs=1)


def test_an_update_is_the_next_version_and_its_card_tells_what_it_knows(updated, exported):
    card, index = read_card(updated.folder), LONG.index
    assert updated.folder.name == "2"
    days = [str(index[row].date()) for row in (499, 450)]
    assert card["dates"] == {"trained": days[0], "scored": [days[1], days[0]], "data": days[0]}
    assert card["final"] is True
    before = read_card(exported)
    assert card["update"]["version"] == 1
    assert card["update"]["weights"] == before["weights"] != card["weights"]
    assert _scale(card) == _scale(before)  # a warm start keeps its scale
    assert {row["model"] for row in card["update"]["comparison"]} == {"update", "version 1"}
    assert card["scores"] == before["scores"]  # those of the test part are carried over
    assert "on rows that neither had seen" in (updated.folder / "CARD.md").read_text()


def test_both_were_scored_on_rows_that_neither_had_seen(updated):
    outcome = updated.evaluation.outcome
    assert outcome.cutoff.min() == LONG.index[449]
    known = [read_card(updated.before)["dates"]["data"], str(LONG.index[449].date())]
    assert all(date < outcome.span[0] for date in known)
    found = compare_models([updated.before, updated.folder], LONG)  # and now on later ones
    assert found.since == str(LONG.index[500].date())


def _scale(card):
    return list(card["transform"].values())


def _shifted(monkeypatch, by=0.7):
    """Training that makes a model another, or a worse one, and costs nothing."""

    def train(self, folder, data, split):
        forecaster = load(folder)
        for weight in forecaster.trainable_weights:
            weight.assign(weight + by)
        return forecaster

    monkeypatch.setattr(Retraining, "train", train)


def test_what_is_worse_is_not_exported(home, monkeypatch, tmp_path, capsys):
    _shifted(monkeypatch)
    LONG.to_csv(tmp_path / "long.csv")
    assert cli.main(["update", str(home), str(tmp_path / "long.csv")]) == 3
    said = capsys.readouterr().out
    assert "significantly worse" in said
    assert "Nothing was exported" in said
    assert versions_in(home) == [1]


@pytest.mark.slow
def test_what_is_worse_is_exported_where_that_is_wanted(home, monkeypatch):
    _shifted(monkeypatch)
    found = update(home, LONG, even_if_worse=True)
    assert found.is_worse
    assert versions_in(home) == [1, 2]
    assert "significantly worse" in read_card(found.folder)["verdict"]


def test_rows_that_will_not_do_are_refused(home, prices):
    for data, options, words in (
        (prices, {}, "expected rows after .* the last that the model knows"),
        (LONG[:405], {}, "5 rows after .* expected at least 12"),
        (LONG[:500], {"scored_rows": 101}, "as many as are to be scored"),
        (LONG[:500], {"scored_rows": 5}, "expected at least 12"),
    ):
        with pytest.raises(ValueError, match=words):
            update(home, data, **options)
    assert versions_in(home) == [1]


@pytest.mark.slow
def test_fresh_and_kept_are_what_they_say(home):
    known = read_card(home / "1")
    for fresh, keep in ((True, None), (True, True), (False, False)):
        found = update(home / "1", LONG, fresh=fresh, keep_transform=keep, epochs=1, final=False)
        card = read_card(found.folder)
        assert (_scale(card) == _scale(known)) is (keep is True)
        assert card["dates"]["trained"] == str(LONG.index[549].date())
        assert card["final"] is False
    few = update(home / "1", LONG[:405], even_if_worse=True)
    assert read_card(few.folder)["verdict"] == "Not compared: too few new rows."
    other = update(home / "1", pd.Series(2 * LONG), epochs=1)
    assert "are not those that the model was made from" in other.notes[0]
    assert np.isfinite(load(few.folder).forecast(LONG).mean).all()
