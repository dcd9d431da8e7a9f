"""Files that appear whole or not at all, and what can be known of them before the work that fills them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLOTS = (".png", ".svg", ".pdf")
PAGES = (".html", ".htm")


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


def check_page(path: str | Path) -> None:
    """Refuse a report that cannot be written.

    Raises:
        ValueError: a name that does not end in .html, no such folder, or `path` is a folder itself.
    """
    path = Path(path)
    if path.suffix.lower() not in PAGES:
        raise ValueError(f"report: expected a name that ends in .html. Received: {path.name!r}")
    check_file(path)
