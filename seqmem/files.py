"""Files that appear whole or not at all, and what can be known of them before the work that fills them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLOTS = (".png", ".svg", ".pdf")


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a draft beside `path` to write to; it takes the place of `path` if all went well.

    Raises:
        ValueError: no such folder, or `path` is a folder itself.
    """
    path = Path(path)
    check_file(path)
    draft = path.with_name(f".{path.name}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def check_file(path: str | Path) -> None:
    """Refuse a file that cannot be written.

    Raises:
        ValueError: no such folder, or `path` is a folder itself.
    """
    path = Path(path)
    if not path.parent.is_dir() or path.is_dir():
        why = "is a folder" if path.is_dir() else f"no folder {str(path.parent)!r}"
        raise ValueError(f"{path}: cannot be written: {why}")


def check_plot(path: str | Path) -> None:
    """Refuse a plot that cannot be written.

    Raises:
        ValueError: a suffix other than .png, .svg and .pdf, no such folder, or `path` is a folder itself.
    """
    path = Path(path)
    if path.suffix.lower() not in PLOTS:
        raise ValueError(f"plot: expected a name that ends in {', '.join(PLOTS)}. Received: {path.name!r}")
    check_file(path)


def check_folder(path: str | Path, *, free: int = 2**24) -> None:
    """Refuse a folder that cannot be made, or in which there is no room.

    Args:
        path: of a folder that is there, or that can be made.
        free: bytes that must be free.

    Raises:
        ValueError: a file stands in the way, or the disk is full.
    """
    path = Path(path)
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise ValueError(f"{path}: cannot be a folder: {there} is a file")
    left = shutil.disk_usage(there).free
    if left < free:
        raise ValueError(f"{path}: expected {free} bytes of free disk. Received: {left}")
