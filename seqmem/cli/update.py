"""``seqmem update``: train an exported model on new rows, and export it as the next version."""

import argparse
from argparse import BooleanOptionalAction
from typing import TYPE_CHECKING

from seqmem.cli.command import WORSE, Command
from seqmem.cli.data import add_prices, check_prices, read_for_model
from seqmem.cli.options import add_import, add_model, add_threads, check_model, whole
from seqmem.serving.folders import check_destination, newest

if TYPE_CHECKING:
    from rich.console import Console


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add a model, prices, and how it is trained."""
    add_model(parse)
    add_import(parse)
    add_prices(parse, column="the one that the model learnt from")
    add = parse.add_argument_group("training").add_argument
    add("--fresh", action="store_true", help="from first weights (on from those of the version)")
    about = "keep the scale that the transform has learnt, or learn it again (kept unless --fresh)"
    add("--keep-transform", action=BooleanOptionalAction, default=None, help=about)
    about = "epochs (those of the card with --fresh, a quarter of them without)"
    add("--epochs", type=whole(1), metavar="N", help=about)
    about = "new rows that are scored before they are trained on (half of them)"
    add("--scored-rows", type=whole(1), metavar="N", help=about)
    about = "export what was trained on all rows, or what was scored (--final)"
    add("--final", action=BooleanOptionalAction, default=True, help=about)
    add("--even-if-worse", action="store_true", help="export it whatever the comparison says, or without one")
    add("--seed", type=whole(0), metavar="N", help="of weights and order (the card's)")
    add_threads(parse)


def check(options: argparse.Namespace) -> None:
    """Refuse a model or prices that are not there, and a folder that cannot be written."""
    check_model(options)
    check_prices(options)
    home = newest(options.model).absolute().parent
    check_destination(home.parent, home.name)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Compare, train, export; 3 where the update is worse, and was not exported."""
    import pandas as pd

    from seqmem.lifecycle import update
    from seqmem.report import heading, table

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    found = update(
        options.model,
        options.data,
        fresh=options.fresh,
        keep_transform=options.keep_transform,
        epochs=options.epochs,
        scored_rows=options.scored_rows,
        final=options.final,
        even_if_worse=options.even_if_worse,
        seed=options.seed,
        progress=say,
    )
    for note in found.notes:
        say(note, "yellow")
    if found.table:
        heading("Both on the new rows that were scored", console)
        shown = pd.DataFrame(found.table)
        console.print(table(shown, formats={"value": ".4f", "p": ".3f"}))
    say(f"\n{found.verdict}", "bold")
    if found.folder is None:
        say(f"Nothing was exported: {found.before} stays (--even-if-worse exports it all the same).")
        return WORSE
    say(f"Exported to {found.folder}.")
    return 0


COMMAND = Command(
    name="update",
    group="Exported models",
    summary="train a model on new rows, and export the next version",
    description="Train an exported model on the rows that have come since. A candidate is trained on all but "
    "the last of them, and scored on those beside the old version. Unless it is significantly worse, the "
    "same configuration is trained on all rows and exported as the next version, with the comparison on its "
    "card. Exit status 3 where it is worse, and nothing was exported.",
    add_options=add_options,
    check=check,
    run=run,
    read=read_for_model,
    trains=True,
)
