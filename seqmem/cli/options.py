"""Options that several commands share: how they are read, and what is checked of them before any work."""

import argparse
import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from seqmem.files import check_file, check_page, check_plot
from seqmem.serving.folders import check_destination, newest

Options: TypeAlias = argparse._ActionsContainer
"""A parser, or a group of its options."""


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A parser of whole numbers of at least `least`, and at most `most`."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            raise argparse.ArgumentTypeError(f"expected a whole number {bounds}, received {text!r}")
        return int(text)

    return parse


def seconds(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, received {text!r}")
    return value


def choices(kind: type) -> Callable[[str], tuple[Any, ...]]:
    """A parser of ``a,b,c`` or, for whole numbers, ``low:high``: low, 2 low, 4 low, ... and high.

    >>> choices(int)("8:50"), choices(float)("0.2, 0"), choices(str)("gru, rnn")
    ((8, 16, 32, 50), (0.0, 0.2), ('gru', 'rnn'))
    """

    def parse(text: str) -> tuple[Any, ...]:
        try:
            if kind is int and ":" in text:
                low, high = map(int, text.split(":"))
                if not 1 <= low <= high:
                    raise ValueError
                doublings = [low << n for n in range(high.bit_length()) if low << n < high]
                return (*doublings, high)
            parts = [part.strip() for part in text.split(",")]
            return tuple(parts if kind is str else sorted(kind(part) for part in parts))
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"expected {kind.__name__} values like A,B,C{' or LOW:HIGH' if kind is int else ''}, "
                f"received {text!r}"
            ) from None

    return parse


def add_model(parse: argparse.ArgumentParser) -> None:
    """Add the exported model."""
    parse.add_argument(
        "model", metavar="MODEL_DIR", help="saved_models/NAME (its newest version), or NAME/VERSION"
    )


def add_import(parse: argparse.ArgumentParser) -> None:
    """Add the modules that a model's own classes stand in; `main` imports them."""
    parse.add_argument(
        "--import",
        dest="imports",
        action="append",
        metavar="MODULE",
        help="import a module of yours first, such as that of the model's cell",
    )


def check_model(options: argparse.Namespace) -> None:
    """Refuse a folder without a model that seqmem exported.

    Raises:
        FileNotFoundError: no model there.
        ValueError: another's, or a card that is damaged.
    """
    check_folder(options.model)


def check_folder(model: str) -> None:
    """Refuse a folder without a model that seqmem exported; see `check_model`."""
    from seqmem.serving.card_schema import read_card

    read_card(newest(model))


def add_files(parse: Options, *, csv: str = "", plot: str = "", report: bool = False) -> None:
    """Add ``--csv`` and ``--plot``, each with what is written there, and ``--report``."""
    for name, about, more in (("csv", csv, ""), ("plot", plot, ": .png, .svg or .pdf")):
        if about:
            parse.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"{about}{more}")
    if report:
        about = "write all that was found as one page of HTML, which opens without a network"
        parse.add_argument("--report", type=Path, metavar="FILE", help=about)


def check_files(options: argparse.Namespace) -> None:
    """Refuse files that cannot be written.

    Raises:
        ValueError: no such folder, a plot of another kind than .png, .svg and .pdf, or a report that is no
            .html.
    """
    if getattr(options, "csv", None):
        check_file(options.csv)
    if getattr(options, "plot", None):
        check_plot(options.plot)
    if getattr(options, "report", None):
        check_page(options.report)


def add_export(parse: Options, *name: str, **more: Any) -> None:
    """Add the name of the exported model, and the folder of all models."""
    parse.add_argument(*name, metavar="NAME", **more)
    parse.add_argument(
        "--out", default="saved_models", metavar="DIR", help="the folder of all models (saved_models)"
    )


def check_export(name: str | None, options: argparse.Namespace) -> None:
    """Refuse to export where a model cannot be written.

    Raises:
        ValueError: what is no name of a model.
        OSError: a folder that cannot be written, or a disk that is full.
    """
    if name is not None:
        check_destination(options.out, name)


def cell_names() -> list[str]:
    """The names of seqmem's cells: read from their table, whose import would bring Keras with it."""
    table = (Path(__file__).parents[1] / "cells/__init__.py").read_text()
    return re.findall(r'"(\w+)": \w+,', table.partition("\nCELLS: ")[2].partition("}")[0])


def check_cells(names: Sequence[str]) -> None:
    """Refuse what names no cell.

    Raises:
        ValueError: neither one of seqmem's cells nor the module of another.
    """
    known = cell_names()
    for name in names:
        module, _, attribute = name.partition(":")
        if name in known or (attribute and is_there(module)):
            continue
        why = f" (no module {module!r} here)" if attribute else ""
        raise ValueError(f"cells must be among {', '.join(known)} or module:Class. Received: {name!r}{why}")


def is_there(module: str) -> bool:
    """Whether a module stands in the working directory or is installed; it is not imported."""
    if (Path.cwd() / module.replace(".", "/")).with_suffix(".py").is_file():
        return True
    try:
        return find_spec(module.partition(".")[0]) is not None
    except ValueError:
        return False


def check_extra(extra: str, *modules: str) -> None:
    """Refuse to begin where an extra is not installed.

    Raises:
        ValueError: it is not.
    """
    for module in modules:
        if find_spec(module) is None:
            raise ValueError(f"needs {module}, which is not installed: pip install 'seqmem[{extra}]'")


LEAGUE = (
    ("members", 5, "seeds of each network"),
    ("every", 63, "days from refit to refit of GARCH and its family"),
    ("epochs", 60, "epochs of the networks, at most"),
)


def add_league(parse: Options, *, panel: str) -> None:
    """Add ``--panel``, and how networks and classics are fitted: of commands that compare many models.

    Args:
        parse: the parser.
        panel: what a panel is here.
    """
    parse.add_argument("--panel", action="store_true", help=panel)
    for name, default, about in LEAGUE:
        about = f"{about} ({default})"
        parse.add_argument(f"--{name}", type=whole(1), default=default, metavar="N", help=about)
    parse.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="the seed of weights and shuffles (0)"
    )


def add_threads(parse: Options) -> None:
    """Add ``--threads`` of a command that trains."""
    parse.add_argument("--threads", type=whole(1), metavar="N", help="processor cores to use (all)")
