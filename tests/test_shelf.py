"""Versions come and go: nothing that is asked is taken away, and what cannot be loaded replaces nothing."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import served_models as made

from seqmem.serving.server.configs import MODELS, models_config
from seqmem.serving.server.errors import RequestError
from seqmem.serving.server.version import Version
from seqmem.serving.server.versions import VersionManager

CLOSES = {"closes": np.float32([[1, 2, 3, 4]])}


@pytest.fixture
def root(tmp_path):
    made.put(tmp_path, "a", 1)
    return tmp_path


@pytest.fixture
def shelf(root):
    shelf = VersionManager(root)
    shelf.look()
    yield shelf
    shelf.close()


def _first(shelf, *which):
    with shelf.version(*which) as version:
        return float(version.run("", CLOSES)["forecast"][0, 0])


def test_a_newer_version_replaces_the_one_before(root, shelf):
    assert _first(shelf, "a") == 8
    made.put(root, "a", 2, factor=3.0)
    shelf.look()
    assert _first(shelf, "a") == 12
    assert [(one["version"], one["state"]) for one in shelf.status("a")] == [("2", "AVAILABLE"), ("1", "END")]
    with pytest.raises(RequestError, match=r"Specific\(a, 1\)"):
        _first(shelf, "a", 1)
    shutil.rmtree(root / "a/2")  # rollback by taking it away
    shelf.look()
    assert _first(shelf, "a") == 8


def test_what_is_asked_stays_until_it_has_answered(root, shelf):
    made.put(root, "a", 2, factor=3.0)
    with shelf.version("a") as old:
        shelf.look()
        assert _first(shelf, "a") == 12
        assert old.run("", CLOSES)["forecast"][0, 0] == 8
    with pytest.raises(RuntimeError, match="closed"):
        old.run("", CLOSES)


def test_swaps_under_load_lose_no_request(root, shelf):
    found, failed, stop = set(), [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                found.add(_first(shelf, "a"))
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for version in (2, 3, 4):
        made.put(root, "a", version, factor=float(version))
        shelf.look()
    made.until(lambda: 16 in found)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert found <= {8, 12, 16}


@pytest.mark.parametrize("damage", ["empty", "garbage", "no weights", "foreign warmup"])
def test_a_version_that_cannot_be_loaded_replaces_nothing(damage, root, shelf):
    draft = made.put(root, "draft", 1, factor=3.0)
    if damage == "no weights":
        shutil.rmtree(draft / "variables")
    elif damage == "foreign warmup":
        (draft / "assets.extra/tf_serving_warmup_requests").write_bytes(b"x" * 50)
    else:
        (draft / "saved_model.pb").write_bytes(b"" if damage == "empty" else b"x" * 50)
    draft.rename(root / "a/2")
    shelf.look()
    shelf.look()
    assert _first(shelf, "a") == 8
    (state,) = shelf.status("a", 2)
    assert state["state"] == "END"
    assert state["status"]["error_code"] == "UNKNOWN"
    assert state["status"]["error_message"]


def test_labels_and_versions_are_those_of_models_config(root, shelf):
    made.put(root, "a", 2, factor=3.0)
    made.put(root, "a", 3, factor=5.0)
    (root / MODELS).write_text(models_config(root, stable={"a": 1}))
    shelf.look()
    assert (_first(shelf, "a", None, "stable"), _first(shelf, "a", None, "canary")) == (8, 20)
    assert _first(shelf, "a", 1) == 8
    with pytest.raises(RequestError, match="Specific"):
        _first(shelf, "a", 2)
    (root / MODELS).write_text("nonsense {")  # kept as it was until the file can be read
    shelf.look()
    assert _first(shelf, "a", None, "stable") == 8
    (root / MODELS).unlink()
    shelf.look()
    with pytest.raises(RequestError, match="Unrecognized servable version label: stable"):
        _first(shelf, "a", None, "stable")
    assert shelf.counts() == {"a": 1}


def test_a_model_may_be_served_alone_and_others_may_come(root, shelf):
    made.put(root, "b", 1, factor=3.0)
    shelf.look()
    assert _first(shelf, "b") == 12
    shutil.rmtree(root / "b")
    shelf.look()
    assert shelf.counts() == {"a": 1}
    made.put(root, "b", 1)
    alone = VersionManager(root / "a")
    alone.look()
    assert alone.counts() == {"a": 1}
    alone.close()


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        VersionManager(tmp_path / "x")
    with pytest.raises(FileNotFoundError, match="no SavedModel there"):
        VersionManager(tmp_path)


def test_a_version_says_what_shape_it_wants_and_only_what_went_wrong(root):
    version = Version(root / "a/1", "a")
    with pytest.raises(RequestError, match=r"closes: expected shape \[any, any\]. Received: \[4\]"):
        version.run("", {"closes": CLOSES["closes"][0]})
    with pytest.raises(RequestError, match=r"state: expected shape \[any, 2\]"):
        version.run("step", {"close": np.ones(1, "float32"), "state": np.ones((1, 3), "float32")})
    with pytest.raises(RequestError) as error:
        version.run("", {"closes": CLOSES["closes"][:, :2]})
    assert str(error.value) == "assertion failed: [closes: expected at least 4 a row. Received:] [2]"
    assert error.value.status == 400
    version.retire()


@pytest.mark.slow
def test_a_lot_of_versions_do_not_pile_up(root, shelf, monkeypatch):
    class Light:
        def __init__(self, folder, name):
            self.name, self.number = name, int(folder.name)

        def retire(self):
            pass

    monkeypatch.setattr("seqmem.serving.server.versions.Version", Light)
    for number in range(2, 22):
        shutil.copytree(root / "a/1", root / f"a/{number}")
        shelf.look()
    assert shelf.counts() == {"a": 1}
    assert len(shelf.status("a")) == 17
    assert Path(root / "a/21").is_dir()
