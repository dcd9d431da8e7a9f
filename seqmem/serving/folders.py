"""The folders of exported models, ``ROOT/NAME/VERSION``: names, versions, room. Imports nothing slow."""

import re
import shutil
import tempfile
from pathlib import Path

GRAPH = "saved_model.pb"
LONGEST = 128  # letters of a name: a draft and a version stand below it, and file systems take 255 bytes
ROOM = 2**24  # bytes that an export may need; ours need some hundred thousand


def newest(path: str | Path) -> Path:
    """The folder of the version itself, or of the newest version in the folder of a model.

    Raises:
        FileNotFoundError: no model there.
    """
    folder = Path(path)
    if (folder / GRAPH).is_file():
        return folder
    versions = versions_in(folder)
    if not versions:
        raise FileNotFoundError(f"{folder}: no SavedModel there, nor in a numbered folder in it")
    return folder / str(versions[-1])


def versions_in(home: Path) -> list[int]:
    """The versions in the folder of one model, oldest first: numbers as TensorFlow Serving writes them."""
    names = [file.parent.name for file in home.glob(f"*/{GRAPH}")]
    return sorted(int(name) for name in names if is_version(name))


def is_version(name: str) -> bool:
    """Whether a folder of this name is a version: ASCII digits, none in front that is 0, at most 18."""
    return re.fullmatch(r"0|[1-9][0-9]{0,17}", name) is not None


def check_name(name: str) -> None:
    """Refuse what is no name of a model.

    Raises:
        ValueError: anything but letters, digits, ``_``, ``-`` and ``.``, the first no sign; too long.
    """
    if not re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST - 1}}}", name):
        raise ValueError(
            f"export: a name is up to {LONGEST} letters, digits, '_', '-' and '.'. "
            f"Received: {name[: LONGEST + 20]!r}"
        )


def check_destination(root: str | Path, name: str, *, room: int = ROOM) -> None:
    """Refuse where `export` could not write: to be known before an hour of work, not after.

    Args:
        root: the folder of all models.
        name: of the model.
        room: bytes that must be free.

    Raises:
        ValueError: no name of a model.
        OSError: a folder that cannot be made or written, or without room.
    """
    check_name(name)
    check_room(Path(root) / name, room=room)


def check_room(home: Path, *, room: int = ROOM) -> None:
    """Refuse a folder that cannot be made or written, or where there is no room.

    Raises:
        OSError: which folder, and why.
    """
    try:
        there = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
        with tempfile.TemporaryDirectory(prefix=".try-", dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        raise OSError(f"{str(home)[:300]} cannot be written: {error.strerror}") from error
    if free < room:
        raise OSError(f"{home} needs {room / 1e6:.0f} MB, and {free / 1e6:.1f} MB are free")
