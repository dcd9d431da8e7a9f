"""``seqmem monitor``: what a model forecast since its export, beside what came."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seqmem.cli.command import WORSE, Command
from seqmem.cli.data import add_prices, check_prices, read_for_model
from seqmem.cli.options import add_files, add_model, check_files, check_model
from seqmem.files import check_file

if TYPE_CHECKING:
    from rich.console import Console


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add a model, prices, a log, and where to write."""
    add_model(parse)
    add_prices(parse, column="the one that the model learnt from")
    add = parse.add_argument
    about = "judge what a server forecast (seqmem serve --log); else forecasts are made again"
    add("--log", type=Path, metavar="DIR", help=about)
    about = "the first date that is judged (the first that the model does not know)"
    add("--since", metavar="DATE", help=about)
    add("--page", type=Path, metavar="FILE", help="write it as a page of HTML, too")
    add_files(parse, csv="write the months as CSV, too")


def check(options: argparse.Namespace) -> None:
    """Refuse a model, prices, a log or files that are not there."""
    check_model(options)
    check_prices(options)
    check_files(options)
    if options.page:
        check_file(options.page)
    if options.log is not None and not options.log.is_dir():
        raise FileNotFoundError(f"--log: expected a folder. Received: {options.log}")


def run(options: argparse.Namespace, console: "Console") -> int:
    """Judge it; 3 where something is wrong."""
    from seqmem.files import written_whole
    from seqmem.lifecycle import monitor
    from seqmem.report.monitoring import print_monitoring, write_monitoring

    found = monitor(options.model, options.data, log=options.log, since=options.since)
    print_monitoring(found, console)
    if options.page:
        write_monitoring(found, options.page)
    if options.csv:
        with written_whole(options.csv) as draft:
            found.months.to_csv(draft, index=False)
    return 0 if found.is_fine else WORSE


COMMAND = Command(
    name="monitor",
    group="Exported models",
    summary="is a model still as good as it was? for cron",
    description="Hold what a model forecast since its export against what came: scores beside a naive "
    "forecast and the test part, calibration by month, and whether prices move as they did where it was "
    "trained. Exit status 0: fine; 3: significantly worse than the naive forecast, off in its calibration, "
    "or inputs that have drifted; 1: an error; 2: an option that was refused.",
    add_options=add_options,
    check=check,
    run=run,
    read=read_for_model,
)
