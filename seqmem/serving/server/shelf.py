"""The versions of the models that are served: found on disk, loaded, swapped, retired."""

import gc
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqmem.serving.configs import MODELS, read_models, versions_in
from seqmem.serving.server.errors import RequestError, invalid, missing
from seqmem.serving.server.version import Version

LOG = logging.getLogger(__name__)
_REMEMBERED = 16  # versions that ended, whose state is still told


class Shelf:
    """All models of a folder, or one model.

    A version that is wanted is loaded before the one that it replaces is let go, and one that cannot be
    loaded replaces nothing. Which are wanted: what the models.config of the folder says, and else the newest.

    Args:
        path: ``saved_models/NAME``, or ``saved_models``.

    Raises:
        FileNotFoundError: no folder, or no model in it.
    """

    def __init__(self, path: Path) -> None:
        path = path.resolve()
        if not path.is_dir():
            raise FileNotFoundError(f"{path}: no such folder")
        self._only: str | None = path.name if versions_in(path) else None
        self._root = path.parent if self._only else path
        self._lock = threading.Lock()
        self._loaded: dict[str, dict[int, Version]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._states: dict[str, dict[int, tuple[str, str]]] = {}
        self._failed: dict[Path, int] = {}  # when the file that could not be loaded was written
        self._config_error = ""
        if not self._wanted():
            raise FileNotFoundError(f"{path}: no SavedModel there, nor in numbered folders below it")

    def look(self) -> None:
        """Load what is new, retire what is no longer wanted."""
        retired = False
        for name, (versions, labels) in self._wanted().items():
            for number in versions:
                self._load(name, number)
            loaded = self._loaded.get(name, {})
            ready = [number for number in versions if number in loaded]
            with self._lock:
                self._labels[name] = {label: number for label, number in labels.items() if number in loaded}
            for number in sorted(set(loaded) - set(versions)):
                gone = not (self._root / name / str(number)).is_dir()
                if ready or gone:
                    self._retire(name, number)
                    retired = True
        if retired:
            gc.collect()  # graphs are full of cycles: left alone, each one retired costs a megabyte for long

    @contextmanager
    def version(self, name: str, number: int | None = None, label: str | None = None) -> Iterator[Version]:
        """A version to ask; held until the block ends, whatever appears meanwhile. The newest by default.

        Raises:
            RequestError: none of this name, number or label.
        """
        with self._lock:  # a version is taken from the shelf under this lock before it is retired
            lease = self._find(name, number, label).lease()
            found = lease.__enter__()
        try:
            yield found
        finally:
            lease.__exit__(None, None, None)

    def status(self, name: str, number: int | None = None, label: str | None = None) -> list[dict[str, Any]]:
        """The states of the versions, newest first, as TensorFlow Serving's JSON has them.

        Raises:
            RequestError: none of this name, number or label.
        """
        with self._lock:
            if label is not None:
                number = self._labelled(name, label)
            states = dict(self._states.get(name, {}))
        if number is not None:
            states = {number: states[number]} if number in states else {}
        if not states:
            which = f"version {number}" if number is not None else "any versions"
            raise missing(f"Could not find {which} of model {name}")
        return [
            {
                "version": str(each),
                "state": state,
                "status": {"error_code": "UNKNOWN" if words else "OK", "error_message": words},
            }
            for each, (state, words) in sorted(states.items(), reverse=True)
        ]

    def counts(self) -> dict[str, int]:
        """How many versions of each model answer."""
        with self._lock:
            return {name: len(versions) for name, versions in self._loaded.items()}

    def close(self) -> None:
        """Retire all."""
        for name in list(self._loaded):
            for number in list(self._loaded[name]):
                self._retire(name, number)

    def _wanted(self) -> dict[str, tuple[list[int], dict[str, int]]]:
        """Versions and labels by model, as they are on disk now."""
        try:
            configured = read_models(self._root / MODELS)
        except (OSError, ValueError) as error:
            if str(error) != self._config_error:
                LOG.error("%s", error)
            self._config_error, configured = str(error), {}
            if self._loaded:  # keep what is served until the file can be read again
                return {}
        else:
            self._config_error = ""
        names = (
            [self._only]
            if self._only
            else sorted(each.name for each in self._root.iterdir() if each.is_dir())
        )
        found: dict[str, tuple[list[int], dict[str, int]]] = {}
        for name in names:
            there = versions_in(self._root / name)
            if not there:
                if name in self._loaded:
                    found[name] = ([], {})
                continue
            wanted, labels = there[-1:], {}
            if name in configured:
                wanted = _chosen(configured[name].model_version_policy, there)
                labels = dict(configured[name].version_labels)
            found[name] = (wanted, labels)
        for name in set(self._loaded) - set(found):
            found[name] = ([], {})
        return found

    def _load(self, name: str, number: int) -> None:
        folder = self._root / name / str(number)
        if number in self._loaded.get(name, {}):
            return
        try:
            written = (folder / "saved_model.pb").stat().st_mtime_ns
        except OSError:
            return
        if self._failed.get(folder) == written:
            return  # it has not changed since it failed
        self._say(name, number, "LOADING")
        try:
            version = Version(folder, name)
        except Exception as error:  # a foreign folder may raise anything, and must not stop the others
            self._failed[folder] = written
            self._say(name, number, "END", f"{type(error).__name__}: {error}"[:500])
            LOG.error("%s: cannot be loaded: %s", folder, error)
            return
        with self._lock:
            self._loaded.setdefault(name, {})[number] = version
        self._say(name, number, "AVAILABLE")
        LOG.info("%s %d is served", name, number)

    def _retire(self, name: str, number: int) -> None:
        self._say(name, number, "UNLOADING")
        with self._lock:
            version = self._loaded[name].pop(number)
            if not self._loaded[name]:
                del self._loaded[name]
        version.retire()
        self._say(name, number, "END")
        LOG.info("%s %d is retired", name, number)

    def _say(self, name: str, number: int, state: str, words: str = "") -> None:
        with self._lock:
            states = self._states.setdefault(name, {})
            states[number] = (state, words)
            ended = sorted(each for each, (now, _) in states.items() if now == "END")
            for each in ended[:-_REMEMBERED]:
                del states[each]

    def _find(self, name: str, number: int | None, label: str | None) -> Version:
        versions = self._loaded.get(name, {})
        if label is not None:
            number = self._labelled(name, label)
        elif number is None and versions:
            number = max(versions)
        if number in versions:
            return versions[number]
        if number is None and any(state == "LOADING" for state, _ in self._states.get(name, {}).values()):
            raise RequestError(503, f"{name} is being loaded", retry_after="1")
        which = "Latest" if number is None else "Specific"
        raise missing(
            f"Servable not found for request: {which}({name}{'' if number is None else f', {number}'})"
        )

    def _labelled(self, name: str, label: str) -> int:
        if label not in self._labels.get(name, {}):
            raise invalid(f"Unrecognized servable version label: {label}")
        return self._labels[name][label]


def _chosen(policy: Any, there: list[int]) -> list[int]:
    """The versions that a policy names, of those that are there; the newest where it names none."""
    if policy.HasField("specific"):
        return [number for number in there if number in policy.specific.versions]
    if policy.HasField("all"):
        return there
    return there[-max(1, policy.latest.num_versions) :]
