"""``seqmem verify``: whether an exported model is still what was exported."""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def add_to(commands: Any) -> None:
    """Add the command to the subparsers of `seqmem`."""
    parse = commands.add_parser(
        "verify",
        help="is an exported model still what was exported?",
        description="Compare the files of an exported model with the hashes in its card, before any is "
        "loaded; then its weights; then the forecast of the example in the card, as Python makes it and as a "
        "server does. It finds damage, not malice: who can write the folder can write the card. Exit status "
        "1 where anything differs.",
    )
    parse.add_argument(
        "model", metavar="MODEL_DIR", help="saved_models/NAME (newest version) or NAME/VERSION"
    )
    parse.set_defaults(command=run)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Say what is in order; what is not is an error."""
    from seqmem.serving.folders import newest
    from seqmem.serving.loading.verify import verify

    console.print(str(newest(options.model)), highlight=False)
    for what, found in verify(options.model):
        console.print(f"{what}: {found}", highlight=False, markup=False)
    console.print("As it was exported.", style="bold")
    return 0
