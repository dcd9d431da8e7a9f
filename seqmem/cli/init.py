"""``seqmem init``: a file of options, to be filled in."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seqmem.cli.command import Command
from seqmem.files import check_file

if TYPE_CHECKING:
    from rich.console import Console

ABOUT = """The options of `seqmem tune`, for: seqmem tune --config {file}
What is commented out is the default. Options of the command line come before these."""


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add the file."""
    about = "the file to write (run.toml); it must not be there"
    parse.add_argument("file", nargs="?", type=Path, default=Path("run.toml"), metavar="FILE", help=about)


def check(options: argparse.Namespace) -> None:
    """Refuse a file that is there, or that cannot be written."""
    check_file(options.file)
    if options.file.exists():
        raise FileExistsError(f"{options.file} is there already: it is not overwritten")


def run(options: argparse.Namespace, console: "Console") -> int:
    """Write it, from the options that the command has now."""
    from seqmem.cli.config_file import template
    from seqmem.cli.start import known_commands
    from seqmem.files import written_whole

    commands = known_commands()
    if "tune" not in commands:
        raise ValueError("seqmem tune is not installed here: the package tuning has it")
    parse = argparse.ArgumentParser(add_help=False)
    commands["tune"].add_options(parse)
    with written_whole(options.file) as draft:
        draft.write_text(template(parse, ABOUT.format(file=options.file)), encoding="utf-8")
    say = f"Wrote {options.file}: name your prices in it, then seqmem tune --config {options.file}"
    console.print(say, highlight=False, markup=False, soft_wrap=True)
    return 0


COMMAND = Command(
    name="init",
    group="Prices and models",
    summary="write a file of options for tune, commented",
    description="Write a TOML file with every option of seqmem tune: what it means, and its default. Fill in "
    "your prices, and give it to seqmem tune --config.",
    add_options=add_options,
    check=check,
    run=run,
)
