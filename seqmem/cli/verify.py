"""``seqmem verify``: whether an exported model is still what was exported."""

import argparse
from typing import TYPE_CHECKING

from seqmem.cli.command import Command
from seqmem.cli.options import add_import, add_model
from seqmem.serving.folders import newest

if TYPE_CHECKING:
    from rich.console import Console


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add a model, and what it needs."""
    add_model(parse)
    add_import(parse)


def check(options: argparse.Namespace) -> None:
    """Refuse a folder without a model; whether it is damaged is for the body to say."""
    newest(options.model)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Say what is in order; what is not is an error."""
    from seqmem.serving.loading.verify import verify

    console.print(str(newest(options.model)), highlight=False)
    for what, found in verify(options.model):
        console.print(f"{what}: {found}", highlight=False, markup=False)
    console.print("As it was exported.", style="bold")
    return 0


COMMAND = Command(
    name="verify",
    group="Exported models",
    summary="is an exported model still what was exported?",
    description="Compare the files of an exported model with the hashes in its card, before any is loaded; "
    "then its weights; then the forecast of the example in the card, by Python and by a server. "
    "It finds damage, not malice: who can write the folder can write the card. Exit status 1 where anything "
    "differs.",
    add_options=add_options,
    check=check,
    run=run,
)
