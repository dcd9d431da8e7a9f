"""``seqmem check``: whether prices are fit to be trained on."""

import argparse
import json
from typing import TYPE_CHECKING

from seqmem.cli.command import FAILED, Command
from seqmem.cli.data import add_prices, allowed, check_prices, read_prices
from seqmem.cli.options import add_files, check_files

if TYPE_CHECKING:
    from rich.console import Console

    from seqmem.data.dataset import Dataset


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add prices, and how they are shown."""
    add_prices(parse)
    add_files(parse, plot="draw the closes with suspicious rows marked")
    parse.add_argument("--json", action="store_true", help="print JSON instead of tables")


def check(options: argparse.Namespace) -> None:
    """Refuse prices or files that are not there."""
    check_prices(options)
    check_files(options)


def read(options: argparse.Namespace) -> "Dataset":
    """The prices, with all doubts: they are what is shown."""
    from seqmem.data.faults import DOUBTS

    return read_prices(options, allow=DOUBTS)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Say what is odd about the prices; 1 where they must not be trained on."""
    from seqmem.data.inspection import inspect
    from seqmem.report import plot_inspection, print_inspection

    found = inspect(options.data, allow=allowed(options))
    if options.json:
        console.print_json(json.dumps(found.to_dict()))
    else:
        print_inspection(found, console, go_on=f"seqmem tune --prices {options.prices}")
    if options.plot:
        plot_inspection(found, options.plot)
    return 0 if found.fit else FAILED


COMMAND = Command(
    name="check",
    group="Prices and models",
    summary="are these prices fit to be trained on?",
    description="Look at daily prices before a model does: rows, dates, gaps, splits and other suspicious "
    "moves, and whether prices and returns are stationary (ADF and KPSS tests). Exit status 1 on prices that "
    "must not be trained on.",
    add_options=add_options,
    check=check,
    run=run,
    read=read,
)
