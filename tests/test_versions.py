"""Versions come and go: nothing that is asked is taken away, and what cannot be loaded replaces nothing."""

import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import served_models as made

from seqmem.serving.server import loading
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
def manager(root):
    manager = VersionManager(root)
    manager.poll()
    yield manager
    manager.close()


def _first(manager, *which):
    with manager.version(*which) as version:
        return float(version.run("", CLOSES)["forecast"][0, 0])


def test_a_newer_version_replaces_the_one_before(root, manager):
    assert _first(manager, "a") == 8
    made.put(root, "a", 2, factor=3.0)
    manager.poll()
    assert _first(manager, "a") == 12
    assert [(one["version"], one["state"]) for one in manager.status("a")] == [
        ("2", "AVAILABLE"),
        ("1", "END"),
    ]
    with pytest.raises(RequestError, match=r"Specific\(a, 1\)"):
        _first(manager, "a", 1)
    shutil.rmtree(root / "a/2")  # rollback by taking it away
    manager.poll()
    assert _first(manager, "a") == 8


def test_what_is_asked_stays_until_it_has_answered(root, manager):
    made.put(root, "a", 2, factor=3.0)
    with manager.version("a") as old:
        manager.poll()
        assert _first(manager, "a") == 12
        assert old.run("", CLOSES)["forecast"][0, 0] == 8
    with pytest.raises(RuntimeError, match="closed"):
        old.run("", CLOSES)


def test_swaps_under_load_lose_no_request(root, manager):
    found, failed, stop = set(), [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                found.add(_first(manager, "a"))
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for version in (2, 3, 4):
        made.put(root, "a", version, factor=float(version))
        manager.poll()
    made.until(lambda: 16 in found)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert found <= {8, 12, 16}


@pytest.mark.parametrize("damage", ["empty", "garbage", "no weights", "foreign warmup"])
def test_a_version_that_cannot_be_loaded_replaces_nothing(damage, root, manager):
    draft = made.put(root, "draft", 1, factor=3.0)
    if damage == "no weights":
        shutil.rmtree(draft / "variables")
    elif damage == "foreign warmup":
        (draft / "assets.extra/tf_serving_warmup_requests").write_bytes(b"x" * 50)
    else:
        (draft / "saved_model.pb").write_bytes(b"" if damage == "empty" else b"x" * 50)
    draft.rename(root / "a/2")
    manager.poll()
    manager.poll()
    assert _first(manager, "a") == 8
    (state,) = manager.status("a", 2)
    assert state["state"] == "END"
    assert state["status"]["error_code"] == "UNKNOWN"
    assert state["status"]["error_message"]


def test_a_version_that_is_copied_is_loaded_when_it_is_whole(root, manager):
    """Not renamed into its place: the graph first, its weights later, as rsync has it."""
    source = made.put(root, "source", 1, factor=3.0)
    (root / "a/2").mkdir()
    shutil.copy2(source / "saved_model.pb", root / "a/2")
    manager.poll()
    assert manager.status("a", 2)[0]["state"] == "END"
    assert _first(manager, "a") == 8
    shutil.copytree(source / "variables", root / "a/2/variables")
    manager.poll()
    assert _first(manager, "a") == 12


def test_an_older_version_is_served_where_the_newest_cannot_be_loaded(root):
    for number in (2, 3, 4):
        made.put(root, "a", number, factor=float(number))
    for number in (3, 4):
        (root / f"a/{number}/saved_model.pb").write_bytes(b"garbage")
    manager = VersionManager(root)
    manager.poll()
    assert _first(manager, "a") == 8
    assert manager.counts() == {"a": 1}
    made.put(root, "a", 5, factor=5.0)
    manager.poll()
    assert _first(manager, "a") == 20
    assert manager.counts() == {"a": 1}
    manager.close()


def test_a_failure_is_tried_again_after_pauses_that_grow(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(loading.time, "monotonic", lambda: now[0])
    failures, tries = loading.Failures(), []
    for now[0] in range(1000):
        if failures.due(Path("a"), ("seen",)):
            tries.append(now[0])
            failures.add(Path("a"), ("seen",))
    assert tries == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811]
    assert failures.due(Path("a"), ("changed",))


def _pipe(folder):
    (folder / "saved_model.pb").unlink()
    os.mkfifo(folder / "saved_model.pb")


def _device(folder):
    (folder / "variables/variables.index").unlink()
    (folder / "variables/variables.index").symlink_to("/dev/zero")


def _elsewhere(folder):
    (folder / "saved_model.pb").unlink()
    (folder / "saved_model.pb").symlink_to(folder.parents[1] / "a/1/saved_model.pb")


@pytest.mark.parametrize("spoil", [_pipe, _device, _elsewhere], ids=lambda f: f.__name__)
def test_what_would_hold_the_watcher_is_not_opened(spoil, root, manager):
    spoil(made.put(root, "a", 2, factor=3.0))
    manager.poll()
    assert manager.status("a", 2)[0]["status"]["error_message"].startswith("DamagedModel")
    made.put(root, "a", 3, factor=5.0)
    manager.poll()
    assert _first(manager, "a") == 20


def test_a_disk_that_hangs_holds_one_version_alone(root, monkeypatch):
    let_go, real = threading.Event(), loading.Version

    def slow(folder, name):
        if folder.name == "2":
            let_go.wait(30)
        return real(folder, name)

    monkeypatch.setattr(loading, "Version", slow)
    made.put(root, "a", 2, factor=3.0)
    made.put(root, "b", 1)
    manager = VersionManager(root, load_timeout=0.3)
    made.until(lambda: manager.poll() or manager.counts() == {"a": 1, "b": 1})
    assert _first(manager, "a") == 8
    assert manager.status("a", 2)[0]["state"] == "LOADING"
    let_go.set()
    made.until(lambda: manager.poll() or _first(manager, "a") == 12)
    manager.close()


def test_the_size_of_an_answer_is_known_before(root):
    version = Version(root / "a/1", "a")
    asked = []
    run = version.run
    version.run = lambda name, inputs: asked.append(len(inputs["close"])) or run(name, inputs)
    for rows in (1000, 2000):
        assert version.answer_size("wide", {"close": np.ones(rows, "float32")}) == made.WIDE * rows
    assert asked == [1]  # one row, once
    version.retire()


def test_labels_and_versions_are_those_of_models_config(root, manager):
    made.put(root, "a", 2, factor=3.0)
    made.put(root, "a", 3, factor=5.0)
    (root / MODELS).write_text(models_config(root, stable={"a": 1}))
    manager.poll()
    assert (_first(manager, "a", None, "stable"), _first(manager, "a", None, "canary")) == (8, 20)
    assert _first(manager, "a", 1) == 8
    with pytest.raises(RequestError, match="Specific"):
        _first(manager, "a", 2)
    (root / MODELS).write_text("nonsense {")  # kept as it was until the file can be read
    manager.poll()
    assert _first(manager, "a", None, "stable") == 8
    (root / MODELS).unlink()
    manager.poll()
    with pytest.raises(RequestError, match="Unrecognized servable version label: stable"):
        _first(manager, "a", None, "stable")
    assert manager.counts() == {"a": 1}


def test_a_model_may_be_served_alone_and_others_may_come(root, manager):
    made.put(root, "b", 1, factor=3.0)
    manager.poll()
    assert _first(manager, "b") == 12
    shutil.rmtree(root / "b")
    manager.poll()
    assert manager.counts() == {"a": 1}
    made.put(root, "b", 1)
    alone = VersionManager(root / "a")
    alone.poll()
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
def test_a_lot_of_versions_do_not_pile_up(root, manager, monkeypatch):
    class Light:
        def __init__(self, folder, name):
            self.name, self.number = name, int(folder.name)

        def retire(self):
            pass

    monkeypatch.setattr("seqmem.serving.server.loading.Version", Light)
    for number in range(2, 22):
        shutil.copytree(root / "a/1", root / f"a/{number}")
        manager.poll()
    assert manager.counts() == {"a": 1}
    assert len(manager.status("a")) == 17
    assert Path(root / "a/21").is_dir()
