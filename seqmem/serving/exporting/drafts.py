"""The folder that an export writes to before it gets its name; what killed exports left is removed."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".draft-"
STALE = 3600  # seconds after which a draft is nobody's where the file system knows no locks


@contextmanager
def draft_in(home: Path) -> Iterator[Path]:
    """A new folder in `home`, ours while we live: it is locked, and gone at the end unless it was renamed."""
    _sweep(home)
    while True:
        draft = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
        handle = os.open(draft, os.O_RDONLY | os.O_CLOEXEC)
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        if draft.exists():
            break
        os.close(handle)  # another export took it for a dead one's before it was locked
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(handle)


def _sweep(home: Path) -> None:
    """Remove the drafts of exports that were killed: the lock of a process ends with it."""
    for left in home.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another export is sweeping too
            handle = os.open(left, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if _is_dead(handle):
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)


def _is_dead(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return time.time() - os.fstat(handle).st_mtime > STALE
    return True
