"""The versions of the models that are served: loaded, swapped, retired."""

import gc
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqmem.serving.server.aspired import AspiredVersions
from seqmem.serving.server.errors import RequestError, invalid, missing
from seqmem.serving.server.loading import Failures, Loading, Snapshot, snapshot
from seqmem.serving.server.states import States
from seqmem.serving.server.version import Version

LOG = logging.getLogger(__name__)
_MOST_HANGING = 4  # threads that wait for a disk


class VersionManager:
    """All models of a folder, or one model.

    A version that is wanted is loaded before the one that it replaces is let go, and one that cannot be
    loaded replaces nothing. One thread polls; any may ask.

    Args:
        path: ``saved_models/NAME``, or ``saved_models``.
        load_timeout: seconds for a version to load before the others are looked at.

    Raises:
        FileNotFoundError: no folder, or no model in it.
    """

    def __init__(self, path: Path, *, load_timeout: float = 60.0) -> None:
        self._aspired, self._states = AspiredVersions(path), States()
        self._lock = threading.Lock()
        self._loaded: dict[str, dict[int, Version]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._load_timeout, self._failures = load_timeout, Failures()
        self._loading: dict[Path, Loading] = {}  # longer than that
        self._seen: dict[Path, Snapshot] = {}

    def poll(self) -> None:
        """Load what is new, retire what is no longer wanted."""
        retired = False
        for name, (versions, labels, older) in self._aspired.now(list(self._loaded)).items():
            for number in versions:
                self._load(name, number)
            for number in older:
                if name in self._loaded:
                    break
                self._load(name, number)  # better than nothing, where the newest is damaged at the start
            loaded = self._loaded.get(name, {})
            ready = [number for number in versions if number in loaded]
            with self._lock:
                self._labels[name] = {label: number for label, number in labels.items() if number in loaded}
            for number in sorted(set(loaded) - set(versions)):
                gone = not (self._aspired.root / name / str(number)).is_dir()
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
        with self._lock:  # a version is taken out under this lock before it is retired
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
        if label is not None:
            with self._lock:
                number = self._labelled(name, label)
        return self._states.status(name, number)

    def counts(self) -> dict[str, int]:
        """How many versions of each model answer."""
        with self._lock:
            return {name: len(versions) for name, versions in self._loaded.items()}

    def close(self) -> None:
        """Retire all."""
        for name in list(self._loaded):
            for number in list(self._loaded[name]):
                self._retire(name, number)

    def _load(self, name: str, number: int) -> None:
        folder = self._aspired.root / name / str(number)
        if number in self._loaded.get(name, {}):
            return
        if (loading := self._loading.get(folder)) is None:
            seen = snapshot(folder)
            if not self._failures.due(folder, seen):
                return
            if len(self._loading) >= _MOST_HANGING:
                self._states.set(name, number, "END", f"not tried: {_MOST_HANGING} others hang as they load")
                return
            self._states.set(name, number, "LOADING")
            loading, self._seen[folder] = Loading(folder, name), seen
            if not loading.wait(self._load_timeout):
                LOG.error("%s: still loading after %g s: the others go on", folder, self._load_timeout)
                self._loading[folder] = loading
                return
        elif not loading.wait(0):
            return
        self._loading.pop(folder, None)
        self._ended(name, number, loading, self._seen.pop(folder))

    def _ended(self, name: str, number: int, loading: Loading, seen: Snapshot) -> None:
        if loading.version is None:
            self._failures.add(loading.folder, seen)
            error = loading.error
            self._states.set(name, number, "END", f"{type(error).__name__}: {error}"[:500])
            LOG.error("%s: cannot be loaded: %s", loading.folder, str(error)[:500])
            return
        self._failures.forget(loading.folder)
        with self._lock:
            self._loaded.setdefault(name, {})[number] = loading.version
        self._states.set(name, number, "AVAILABLE")
        LOG.info("%s %d is served", name, number)

    def _retire(self, name: str, number: int) -> None:
        self._states.set(name, number, "UNLOADING")
        with self._lock:
            version = self._loaded[name].pop(number)
            if not self._loaded[name]:
                del self._loaded[name]
        version.retire()
        self._states.set(name, number, "END")
        LOG.info("%s %d is retired", name, number)

    def _find(self, name: str, number: int | None, label: str | None) -> Version:
        versions = self._loaded.get(name, {})
        if label is not None:
            number = self._labelled(name, label)
        elif number is None and versions:
            number = max(versions)
        if number in versions:
            return versions[number]
        if number is None and self._states.loading(name):
            raise RequestError(503, f"{name} is being loaded", retry_after="1")
        which = f"Latest({name})" if number is None else f"Specific({name}, {number})"
        raise missing(f"Servable not found for request: {which}")

    def _labelled(self, name: str, label: str) -> int:
        if label not in self._labels.get(name, {}):
            raise invalid(f"Unrecognized servable version label: {label}")
        return self._labels[name][label]
