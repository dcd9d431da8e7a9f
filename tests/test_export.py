"""Export: versions complete or absent, never overwritten; errors from the graph; a card that is true."""

import importlib
import json

import numpy as np
import pytest
import tensorflow as tf
from samples import small_forecaster
from tensorflow.core.protobuf import saved_model_pb2

from seqmem.data.calendars import Calendar, Weekdays
from seqmem.data.reading import as_dataset
from seqmem.serving import ServedModel, check_destination, export, load


@pytest.fixture
def few_signatures(monkeypatch):
    """Graphs of what every model answers: to trace and write the rest takes most of an export."""
    module = importlib.import_module("seqmem.serving.exporting.export")
    every, few = module.endpoints, ("serving_default", "describe")
    monkeypatch.setattr(module, "endpoints", lambda *of: [one for one in every(*of) if one.name in few])


@pytest.mark.usefixtures("few_signatures")
def test_versions_count_up_are_never_overwritten_and_the_same_again_is_none(fitted, tmp_path):
    """The same again: a command that was killed after the rename, and is given once more."""
    folder = export(fitted, tmp_path, name="m", note="a")
    assert folder.name == "1"
    assert export(fitted, tmp_path, name="m", note="a") == folder
    assert export(fitted, tmp_path, name="m", version=7, note="b").name == "7"
    assert export(fitted, tmp_path, name="m", note="c").name == "8"
    before = sorted(file.stat().st_mtime_ns for file in (tmp_path / "m" / "7").rglob("*"))
    with pytest.raises(FileExistsError, match="never overwritten"):
        export(fitted, tmp_path, name="m", version=7)
    assert sorted(file.stat().st_mtime_ns for file in (tmp_path / "m" / "7").rglob("*")) == before
    assert ServedModel(tmp_path / "m").folder.name == "8"
    (tmp_path / "m/8/tensors.tsv").unlink()  # damaged: export it again
    assert export(fitted, tmp_path, name="m", note="c").name == "9"


def test_a_full_disk_is_one_line_and_leaves_nothing(fitted, tmp_path, monkeypatch):
    module = importlib.import_module("seqmem.serving.exporting.export")

    def full(*_):
        raise tf.errors.OutOfRangeError(None, None, "variables; No space left on device")

    monkeypatch.setattr(module, "_write_saved_model", full)
    with pytest.raises(OSError, match=r"^export: \S*m cannot be written: variables; No space left"):
        export(fitted, tmp_path, name="m")
    assert not list(tmp_path.glob("m/*"))


def test_where_it_cannot_write_is_known_before(fitted, tmp_path):
    (tmp_path / "file").write_text("")
    check_destination(tmp_path / "not/yet/there", "m")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    for root, name, words in (
        (tmp_path / "file", "m", "cannot be written"),
        (tmp_path / ("x" * 300), "m", "cannot be written"),
        ("/proc", "m", "cannot be written"),
        (tmp_path, "m" * 129, "up to 128 letters"),
    ):
        with pytest.raises((OSError, ValueError), match=words):
            check_destination(root, name)
    with pytest.raises(OSError, match=r"needs 10\d+ MB"):
        check_destination(tmp_path, "m", room=10**20)


def test_what_load_would_refuse_is_not_exported(fitted, tmp_path):
    weight = fitted.trainable_weights[0]
    before = weight.numpy()
    try:
        weight.assign(np.full_like(before, np.nan))
        with pytest.raises(ValueError, match="not finite"):
            export(fitted, tmp_path, name="m")
    finally:
        weight.assign(before)
    assert not list(tmp_path.glob("m/*"))


@pytest.mark.usefixtures("few_signatures")
@pytest.mark.parametrize("step", ["_write_saved_model", "card", "to_json", "check_keras_file", "_publish"])
def test_an_export_that_fails_leaves_nothing(step, fitted, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no space left")

    monkeypatch.setattr(importlib.import_module("seqmem.serving.exporting.export"), step, fail)
    with pytest.raises(RuntimeError, match="no space left"):
        export(fitted, tmp_path, name="m")
    assert not list(tmp_path.glob("m/*"))


@pytest.mark.usefixtures("few_signatures")
def test_a_draft_is_no_version(fitted, tmp_path, monkeypatch):
    """What a polling server could see while an export runs: no folder whose name is a number."""
    seen = []
    module = importlib.import_module("seqmem.serving.exporting.export")
    original = module._publish

    def publish(draft, home, version):
        seen.extend(folder.name for folder in home.iterdir())
        return original(draft, home, version)

    monkeypatch.setattr(module, "_publish", publish)
    folder = export(fitted, tmp_path, name="m")
    assert seen
    assert not any(name.isdecimal() for name in seen)
    assert [child.name for child in (tmp_path / "m").iterdir()] == [folder.name]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"name": "a/b"}, "'a/b'"), ({"name": ".."}, r"'\.\.'"), ({"name": "m", "version": 0}, "Received: 0")],
)
def test_bad_names_are_refused(options, words, fitted, tmp_path):
    with pytest.raises(ValueError, match=words):
        export(fitted, tmp_path, **options)
    with pytest.raises(ValueError, match="never fitted"):
        export(small_forecaster(), tmp_path, name="m")
    unfitted = small_forecaster()
    unfitted.build()
    with pytest.raises(ValueError, match="never fitted"):
        export(unfitted, tmp_path, name="m")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_the_graph_refuses_closes_that_are_no_prices(bad, exported, prices):
    closes = np.tile(prices.to_numpy("float32")[-12:], (3, 1))
    closes[2, 5] = bad
    with pytest.raises(ValueError, match=r"^ServedModel: close.*\[row, position\].*\[\[2 5\]\]$"):
        ServedModel(exported)(closes)


def test_the_graph_refuses_a_short_history(exported):
    with pytest.raises(ValueError, match=r"expected at least 9 a row. Received: \[8\]$"):
        ServedModel(exported)(np.ones((1, 8)))


def test_the_graph_is_plain(exported):
    """No XLA-only function, no fused GPU kernel, nothing that needs Python."""
    saved = saved_model_pb2.SavedModel.FromString((exported / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    assert not [node.op for node in nodes if "Cudnn" in node.op or "PyFunc" in node.op or "Xla" in node.op]
    assert not [f for f in graph.library.function if f.attr["_XlaMustCompile"].b]


def test_the_card_is_true(exported, fitted, prices):
    card = json.loads((exported / "card.json").read_text())
    assert (card["format"], card["lookback"], card["context_length"], card["seed"]) == (2, 8, 9, 3)
    assert (card["columns"], card["horizons"]) == (["close"], [1, 2, 3])
    assert card["quantity"] == {"name": "price"}
    assert Calendar.from_config(card["calendar"]) == Weekdays()
    first, last = str(prices.index[0]), str(prices.index[-1])
    assert card["data"] == {
        "column": "Close",
        "fingerprint": as_dataset(prices).fingerprint(),
        "rows": len(prices),
        "first": first,
        "last": last,
    }
    assert card["scores"] == [{"p": None}]
    assert card["parameters"] == sum(np.prod(weight.shape) for weight in fitted.trainable_weights)
    assert card["versions"]["tensorflow"] == tf.__version__
    assert list(card["transform"].values()) == [float(weight) for weight in fitted.target.weights]


def test_served_and_loaded_agree_to_the_date(exported, prices):
    """From one origin, from several, from the origins of a panel, and without dates."""
    served, loaded = ServedModel(exported), load(exported)
    panel = {"A": prices, "B": 3 * prices[:300]}
    for data, origins in (
        (prices, None),
        (prices, slice(-20, None)),
        (panel, {"A": [9, 399], "B": ["2010-12-01"]}),
        (prices.reset_index(drop=True), None),
    ):
        found, expected = served.forecast(data, origins), loaded.forecast(data, origins)
        np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6)
        for name in ("quantity", "horizons", "unique_id", "cutoff", "ds", "origins", "last"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert (served.forecast(prices).ds > prices.index[-1]).all()
    assert served.forecast(prices.reset_index(drop=True)).ds.tolist() == [[400, 401, 402]]
    with pytest.raises(ValueError, match=r"closes must be \[B, at least 9\]. Received: \(20,\)"):
        served(np.ones(20))
    with pytest.raises(ValueError, match="expected closes. Received: 2 arrays"):
        served(np.ones((1, 20)), np.ones((1, 20)))
    with pytest.raises(ValueError, match=r"at least 9 rows \(a window reads 9\). Received: 8"):
        served.forecast(prices[:8])


def test_a_foreign_folder_is_refused(exported, tmp_path):
    with pytest.raises(FileNotFoundError, match="no SavedModel there"):
        ServedModel(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ValueError, match="not a model that seqmem exported: card.json"):
        ServedModel(tmp_path)
