"""A command of the command line: its options, what is checked before any work, and its body."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

FAILED, REFUSED, WORSE, STOPPED = 1, 2, 3, 130
"""Exit statuses: bad data or failed work; an option or path refused before any work; a model that is worse
than it was, or whose inputs have drifted; Ctrl-C or SIGTERM."""

GROUPS = ("Prices and models", "After a search", "Exported models", "On several machines", "Experiments")


@dataclass(frozen=True)
class Command:
    """A command. Other packages add theirs through entry points of the group ``seqmem.commands``.

    Attributes:
        name: on the command line.
        group: one of `GROUPS`, under which the help lists it.
        summary: of a line, for that list.
        description: for the command's own help.
        add_options: adds its options to a parser.
        check: refuses what can be known to be wrong before any work, by a ValueError or an OSError: exit
            status 2. It imports neither Keras nor TensorFlow.
        run: does the work; returns the exit status.
        read: reads the data, which are `options.data` of `run`; before any Keras, too, so that bad data are
            refused at once: exit status 1.
        trains: whether it trains models: the process is then set up for that, and may import the user's own
            cells from the working directory.
    """

    name: str
    group: str
    summary: str
    description: str
    add_options: Callable[[argparse.ArgumentParser], None]
    check: Callable[[argparse.Namespace], None]
    run: Callable[[argparse.Namespace, "Console"], int]
    read: Callable[[argparse.Namespace], Any] | None = None
    trains: bool = False


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM, and what is left of the work: the text is for the user."""
