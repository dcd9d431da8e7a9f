"""The loading of one version: looked at first, in a thread of its own, and again after a failure."""

import json
import threading
import time
from pathlib import Path
from typing import Any

from seqmem.serving.provenance import check_files
from seqmem.serving.safe_files import CARD, files_in, read_bytes
from seqmem.serving.server.version import Version

MOST_CARD = 2**22  # bytes
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds
Snapshot = tuple[Any, ...]


class Loading:
    """A version that is being loaded; a disk that hangs holds this thread and no other.

    Args:
        folder: of the version.
        name: of the model.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder: Path = folder
        self.name: str = name
        self.version: Version | None = None
        self.error: Exception | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="seqmem-load", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, well or not, by then."""
        return self._ended.wait(seconds)

    def _run(self) -> None:
        try:
            check(self.folder)
            self.version = Version(self.folder, self.name)
        except Exception as error:  # a foreign folder may raise anything, and must not stop the others
            self.error = error
        finally:
            self._ended.set()


class Failures:
    """Which versions could not be loaded, as they were then, and when each is tried again.

    A folder that has changed is tried at once: somebody copies it. One that has not, after a pause that
    doubles: what was missing may have been memory.
    """

    def __init__(self) -> None:
        self._failed: dict[Path, tuple[Snapshot, float, float]] = {}

    def add(self, folder: Path, seen: Snapshot) -> None:
        """It has failed, as it was."""
        before, _, pause = self._failed.get(folder, (None, 0.0, 0.0))
        pause = min(2 * pause, LONGEST_PAUSE) if before == seen else FIRST_PAUSE
        self._failed[folder] = seen, time.monotonic() + pause, pause

    def due(self, folder: Path, seen: Snapshot) -> bool:
        """Whether to try it."""
        before, when, _ = self._failed.get(folder, (None, 0.0, 0.0))
        return before != seen or time.monotonic() >= when

    def forget(self, folder: Path) -> None:
        """It was loaded, or is gone."""
        self._failed.pop(folder, None)


def check(folder: Path) -> None:
    """Refuse what would hold us, and a version of ours that is not whole yet; nothing is loaded.

    Raises:
        DamagedModel: a pipe, a device, a link out of the folder; files that are not those of the card.
    """
    if CARD in files_in(folder):
        about = json.loads(read_bytes(folder / CARD, MOST_CARD))
        if isinstance(about, dict) and isinstance(about.get("files"), dict):
            check_files(folder, about)


def snapshot(folder: Path) -> Snapshot:
    """All files of a folder, as a copy would change them; what cannot be looked at, by its error."""
    try:
        found = {name: path.stat() for name, path in files_in(folder).items()}
    except (OSError, ValueError) as error:
        return (str(error),)
    return tuple((name, status.st_size, status.st_mtime_ns) for name, status in found.items())
