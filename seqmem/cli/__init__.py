"""The command line: a file for each command, its options and its body. Imports nothing slow."""

from seqmem.cli.command import GROUPS, Command, Stopped
from seqmem.cli.start import known_commands, main, parser

__all__ = ["GROUPS", "Command", "Stopped", "known_commands", "main", "parser"]
