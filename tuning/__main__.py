"""``python -m tuning``: ``seqmem tune``; and ``python -m tuning table`` is ``seqmem table``, ..."""

import sys
from collections.abc import Sequence

from seqmem.cli import main as seqmem
from tuning.cli import CHIEF, TUNE, WORKER
from tuning.commands import EXPORT, RERUN, SHOW, TABLE

COMMANDS = {each.name: each for each in (TUNE, TABLE, SHOW, RERUN, EXPORT, CHIEF, WORKER)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``seqmem tune``, or another command of the search where it is named; return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in COMMANDS:
        words.insert(0, TUNE.name)
    return seqmem(words, COMMANDS.values())


if __name__ == "__main__":
    sys.exit(main())
