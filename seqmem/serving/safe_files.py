"""The files of an exported folder, read without trust: no link out of it, no pipe, no device, no end."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

CARD, KERAS_FILE = "card.json", "model.keras"
MOST_BYTES = 2**30  # of a whole folder: hashing so much takes seconds; ours have some hundred thousand
MOST_FILES = 1000
_PIECE = 2**20


class DamagedModel(ValueError):
    """A folder that is not as it was exported."""


def files_in(folder: Path) -> dict[str, Path]:
    """Every file below a folder, by its path in it; none is opened.

    Raises:
        DamagedModel: a link that leaves the folder, a pipe, a socket, a device, or more than a model has.
        OSError: the folder cannot be read.
    """
    root, found, size, pending = folder.resolve(), {}, 0, [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                path = Path(entry.path)
                name = path.relative_to(folder).as_posix()
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                else:
                    size += _size_of(path, root, f"{folder}: {name!r}")
                    found[name] = path
                if len(found) + len(pending) > MOST_FILES or size > MOST_BYTES:
                    raise DamagedModel(
                        f"{folder}: expected at most {MOST_FILES} files of {MOST_BYTES} bytes together. "
                        f"Received: more, up to {name!r}"
                    )
    return dict(sorted(found.items()))


def _size_of(path: Path, root: Path, who: str) -> int:
    try:
        inside, status = path.resolve().is_relative_to(root), path.stat()
    except (OSError, RuntimeError) as error:  # a loop of links, a link to nothing
        raise DamagedModel(f"{who}: cannot be followed: {error}") from error
    if not inside:
        raise DamagedModel(f"{who} is a link out of the folder")
    if not stat.S_ISREG(status.st_mode):
        raise DamagedModel(f"{who} is no file, but a {_KINDS.get(stat.S_IFMT(status.st_mode), 'device')}")
    return status.st_size


_KINDS = {stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFDIR: "link to a folder"}


@contextmanager
def opened(path: Path, most: int) -> Iterator[BinaryIO]:
    """Open a plain file of at most `most` bytes; a pipe without a writer does not hold us.

    Raises:
        DamagedModel: no plain file, or a longer one.
        OSError: it cannot be opened.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise DamagedModel(f"{path}: expected a plain file")
        if status.st_size > most:
            raise DamagedModel(f"{path}: expected at most {most} bytes. Received: {status.st_size}")
        yield file


def read_bytes(path: Path, most: int) -> bytes:
    """What stands in a plain file. Raises as `opened`."""
    with opened(path, most) as file:
        return file.read(most)


def sha256(path: Path) -> str:
    """The SHA-256 of a plain file, read in pieces. Raises as `opened`."""
    found = hashlib.sha256()
    with opened(path, MOST_BYTES) as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def file_hashes(folder: Path, *, leave_out: Iterable[str] = ()) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path in it. Raises as `files_in`."""
    return {name: sha256(path) for name, path in files_in(folder).items() if name not in set(leave_out)}
