"""Files that appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a draft beside `path` to write to; it takes the place of `path` if all went well.

    Raises:
        ValueError: no such folder, or `path` is a folder itself.
    """
    path = Path(path)
    check_folder(path)
    draft = path.with_name(f".{path.name}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def check_folder(path: Path) -> None:
    """Refuse what cannot be written: to be known before an hour of work, not after.

    Raises:
        ValueError: no such folder, or `path` is a folder itself.
    """
    if not path.parent.is_dir() or path.is_dir():
        why = "is a folder" if path.is_dir() else f"no folder {str(path.parent)!r}"
        raise ValueError(f"{path}: cannot be written: {why}")
