"""Models compared: the same later origins, none of which any has seen."""

import shutil

import fresh
import pandas as pd
import pytest
from samples import random_bars, random_walk

from seqmem import cli
from seqmem.data.reading import as_dataset
from seqmem.evaluation import SquaredLogError, evaluate
from seqmem.lifecycle import compare_models
from seqmem.lifecycle.dates import first_to_score, last_known, union
from seqmem.models.classics import LastClose
from seqmem.serving import load
from seqmem.serving.card_schema import read_card
from seqmem.serving.loading.exported import ExportedModel

LONG = random_walk(700)  # its first 400 are what the model of `exported` was made from


def test_the_card_has_the_last_dates_of_training_and_of_the_data(exported, prices, fitted):
    card = read_card(exported)
    assert card["dates"] == {"trained": fitted.fitted_until, "data": str(prices.index[-1].date())}
    assert card["training"]["epochs"] == fitted.fitted_by.epochs <= 2
    assert card["dates"]["trained"] < card["dates"]["data"] == last_known(card)
    assert last_known({"data": {"last": "2014-11-24 00:00:00"}}) == "2014-11-24"
    assert last_known({"dates": {"trained": "99", "data": "400"}}) == "400"


def test_models_are_scored_on_rows_that_none_has_seen_and_as_evaluate_scores_them(exported, prices):
    found = compare_models([exported, "classic:last close"], LONG)
    assert found.since == str(LONG.index[400].date())
    assert found.evaluation.outcome.cutoff.min() == LONG.index[399]  # its future is all new
    forecaster, split = load(exported), found.evaluation
    last = LastClose(horizon=3)
    from seqmem import Split

    again = evaluate({"a": forecaster, "b": last}, LONG, Split(None, LONG.index[400]), [SquaredLogError()])
    for mine, name in (("a", str(exported)), ("b", "last close")):
        assert again.value(SquaredLogError(), mine, "path") == pytest.approx(
            split.value(split.scores[0], name, "path"), rel=1e-5
        )
    table = found.table
    assert set(table["model"]) == {str(exported), "last close"}
    assert set(table["h"]) == {1, 2, 3, "path"}
    assert "In the model confidence set of 90% by RMSE" in found.verdict


def test_equal_models_do_not_differ(exported, tmp_path):
    copy = shutil.copytree(exported, tmp_path / "m" / "1")
    found = compare_models([exported, copy], LONG)
    assert "(no difference)" in found.verdict
    assert "No edge found" in found.verdict


def test_what_cannot_be_compared_is_refused(exported, prices, monkeypatch):
    loaded = ExportedModel(exported)
    monkeypatch.setattr("seqmem.lifecycle.comparing.ExportedModel", lambda folder: loaded)
    for models, data, since, words in (
        ([exported, exported], LONG, None, "models that differ"),
        (["classic:drift", "classic:last close"], LONG, None, "at least one exported"),
        ([exported, "classic:GJR-t"], LONG, None, "expected a classic of a price: last close, drift"),
        ([exported, "classic:drift"], prices, None, "expected rows after the last that the models know"),
        ([exported, "classic:drift"], LONG, prices.index[100], "was trained on rows up to"),
        ([exported, "classic:drift"], LONG.to_numpy(), None, "has row numbers"),
    ):
        with pytest.raises(ValueError, match=words):
            compare_models(models, data, since=since)
    with pytest.raises(ValueError, match="is fitted already"):
        loaded.fit(LONG, None)


def test_rows_that_were_scored_are_said_to_be(exported, prices):
    card = read_card(exported)
    start = prices.index[prices.index > pd.Timestamp(card["dates"]["trained"])][20]
    found = compare_models([exported, "classic:drift"], LONG, since=start.date())
    assert found.since == str(start.date())
    assert "was exported" in found.notes[0]


def test_the_command_shows_a_table_and_a_verdict(exported, tmp_path, capsys):
    LONG.to_csv(tmp_path / "long.csv")
    words = ["compare", str(exported), "classic:last close", str(tmp_path / "long.csv")]
    assert cli.main([*words, "--csv", str(tmp_path / "t.csv")]) == 0
    said = capsys.readouterr().out
    assert "scored from" in said
    assert "beat" in said
    assert len(pd.read_csv(tmp_path / "t.csv")) == 16


@pytest.mark.slow
def test_refusals_import_no_tensorflow(exported, tmp_path):
    random_bars(50).to_csv(tmp_path / "few.csv")
    few = str(tmp_path / "few.csv")
    ended = fresh.run(
        [["compare", "classic:drift", few], ["compare", exported, "nowhere", few]], preload=("pandas",)
    )
    assert [(end.status, end.imported) for end in ended] == [(2, []), (2, [])]


@pytest.mark.parametrize(("rows", "later", "first"), [(900, 0, 450), (2000, 0, 504), (2000, 1500, 1500)])
def test_a_series_that_begins_after_all_that_a_model_knows_leaves_rows_to_fit_on(rows, later, first):
    data = as_dataset(random_walk(rows))
    dates = union(data)
    assert first_to_score(data, dates[later:]) == dates[first]
