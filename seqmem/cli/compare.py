"""``seqmem compare``: exported models, versions and classics on the same later rows."""

import argparse
from typing import TYPE_CHECKING

from seqmem.cli.command import Command
from seqmem.cli.data import add_prices, check_prices, read_prices
from seqmem.cli.options import add_files, check_files
from seqmem.serving.folders import newest

if TYPE_CHECKING:
    from rich.console import Console

    from seqmem.data.dataset import Dataset

CLASSIC = "classic:"
NOTE = """ratio, dm and p: of the model to the first one, by Diebold-Mariano; above 1 and 0 it is worse.
mcs: p-value in the model confidence set of 90%; below .10 the model is not the best."""


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add models, prices, and where to write."""
    about = "saved_models/NAME, NAME/VERSION, or classic:NAME (GJR-t, ...); the first is judged by the rest"
    parse.add_argument("models", metavar="MODEL", nargs="+", help=about)
    add_prices(parse, column="the one that the first model learnt from")
    about = "the first date that is scored (the first that no model has seen)"
    parse.add_argument("--since", metavar="DATE", help=about)
    add_files(parse, csv="write the table as CSV too")


def check(options: argparse.Namespace) -> None:
    """Refuse models, prices or files that are not there."""
    from seqmem.serving.card_schema import read_card

    folders = [one for one in options.models if not one.startswith(CLASSIC)]
    if len(options.models) < 2 or not folders:
        received = ", ".join(options.models)
        raise ValueError(f"expected at least two models, one of them exported. Received: {received}")
    for folder in folders:
        read_card(newest(folder))
    check_prices(options)
    check_files(options)


def read(options: argparse.Namespace) -> "Dataset":
    """The prices, as the first exported model reads them."""
    from seqmem.serving.card_schema import read_card

    first = next(one for one in options.models if not one.startswith(CLASSIC))
    return read_prices(options, card=read_card(newest(first)))


def run(options: argparse.Namespace, console: "Console") -> int:
    """Score all, and say which is better."""
    from seqmem.files import written_whole
    from seqmem.lifecycle import compare_models
    from seqmem.report import heading, table

    found = compare_models(options.models, options.data, since=options.since)
    outcome = found.evaluation.outcome
    console.print(
        f"{options.data.about}; scored from {found.since} on, {len(outcome.origins)} origins",
        highlight=False,
        soft_wrap=True,
    )
    for note in found.notes:
        console.print(note, style="yellow", highlight=False, soft_wrap=True)
    rows = found.table
    for score in found.evaluation.scores:
        heading(f"{score.name}: {score.title}", console)
        own = rows[rows["score"] == score.name].drop(columns="score")
        formats = {"value": score.format, "ratio": ".4f", "dm": "+.2f", "p": ".3f", "mcs": ".3f"}
        console.print(table(own, formats=formats))
    console.print(NOTE, style="dim", highlight=False)
    console.print(f"\n{found.verdict}", style="bold", highlight=False, markup=False, soft_wrap=True)
    if options.csv:
        with written_whole(options.csv) as draft:
            rows.to_csv(draft, index=False)
    return 0


COMMAND = Command(
    name="compare",
    group="Exported models",
    summary="which model is better on the same later rows?",
    description="Score exported models, their versions and classics on rows that none of them has seen, all "
    "from the same origins, with tests of significance and a verdict in words. The rows are those after "
    "the last date that any of the models was trained or scored on; --since takes earlier ones, as long as "
    "no model was trained on them.",
    add_options=add_options,
    check=check,
    run=run,
    read=read,
)
