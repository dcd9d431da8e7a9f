"""Start a command: the one place that knows of threads, quiet libraries, errors in red and exit statuses."""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import entry_points, version
from pathlib import Path
from pkgutil import iter_modules

from seqmem._shown import by_itself
from seqmem.cli.command import FAILED, GROUPS, REFUSED, STOPPED, Command, Stopped
from seqmem.cli.config_file import with_config

ERRORS = (ValueError, OSError, RuntimeError, ArithmeticError)


def known_commands() -> dict[str, Command]:
    """The commands by name: of each file here with a ``COMMAND``, and of other packages' entry points."""
    files = (import_module(f"seqmem.cli.{each.name}") for each in iter_modules([str(Path(__file__).parent)]))
    own: list[Command] = [vars(file)["COMMAND"] for file in files if "COMMAND" in vars(file)]
    others = (each.load() for each in entry_points(group="seqmem.commands"))
    return {command.name: command for command in sorted((*own, *others), key=lambda command: command.name)}


def parser(commands: Iterable[Command] | None = None) -> argparse.ArgumentParser:
    """The whole command line.

    Args:
        commands: those of seqmem and of what is installed, by default.
    """
    commands = list(known_commands().values() if commands is None else commands)
    parse = argparse.ArgumentParser(
        prog="seqmem",
        usage="%(prog)s [-h] [--version] COMMAND ...",
        description="Sequence memory for financial data: train recurrent networks on daily prices,\n"
        "score them honestly beside simple models, and serve them.",
        epilog=_listed(commands),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parse.add_argument("--version", action="version", version=f"seqmem {version('seqmem')}")
    adding = parse.add_subparsers(prog="seqmem", required=True, metavar="COMMAND", help=argparse.SUPPRESS)
    for command in commands:
        own = adding.add_parser(command.name, description=command.description, allow_abbrev=False)
        command.add_options(own)
        own.usage = _usage(command.name, own)
        own.set_defaults(command=command)
    return parse


def _usage(name: str, parse: argparse.ArgumentParser) -> str:
    """A line of what must be given: argparse would list every option."""
    needed = []
    for action in parse._actions:
        metavar = str(action.metavar or action.dest.upper())
        if not action.option_strings:
            needed.append(f"[{metavar}]" if action.nargs == "?" else metavar)
        elif action.required:
            needed.append(f"{action.option_strings[0]} {metavar}")
    return " ".join(["seqmem", name, "[options]", *needed])


def _listed(commands: Sequence[Command]) -> str:
    """The commands by group, a line each: what argparse cannot do."""
    width = max(len(command.name) for command in commands)
    lines = []
    for group in GROUPS:
        own = [command for command in commands if command.group == group]
        lines += [f"{group}:", *(f"  {each.name:{width}}  {each.summary}" for each in own), ""] if own else []
    return "\n".join([*lines, "seqmem COMMAND --help says more of each."])


def _import(modules: Sequence[str]) -> None:
    """Import modules of the user, from where the command is given or wherever Python finds them."""
    for name in modules:
        try:
            import_module(name)
        except ImportError as error:
            raise ValueError(f"--import {name}: {error}") from error


def main(arguments: Sequence[str] | None = None, more: Iterable[Command] = ()) -> int:
    """Run a command.

    Args:
        arguments: of the command line, without the program's name.
        more: commands that are known even where their package is not installed.

    Returns:
        0 where all went well; 1 on data that must not be used, or work that failed; 2 on an option, a path or
        a name that was refused before any work; 130 after Ctrl-C or SIGTERM.

    Raises:
        SystemExit: after ``--help`` or ``--version``, and on options that do not parse (2).
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    commands = known_commands() | {command.name: command for command in more}
    parse = parser(commands.values())
    try:
        arguments = with_config(arguments, parse)
    except (ValueError, OSError) as error:
        return _complain(arguments[0], error, REFUSED)
    options = parse.parse_args(arguments)
    options.arguments = arguments[1:]
    command: Command = vars(options).pop("command")
    _quiet()
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100)
    shown = by_itself.set(False)  # a command shows its own progress
    try:
        try:
            command.check(options)
            _import(vars(options).get("imports") or ())
        except ERRORS as error:
            return _complain(command.name, error, REFUSED)
        if command.read is not None:
            options.data = command.read(options)
        if command.trains:
            _ready_to_train(options.threads)
        with _sigterm_is_ctrl_c():
            return command.run(options, console)
    except KeyboardInterrupt as stop:
        words = str(stop) if isinstance(stop, Stopped) else "Stopped; nothing was written."
        console.print(words, style="yellow", soft_wrap=True)
        return STOPPED
    except ERRORS as error:
        return _complain(command.name, error, FAILED)
    finally:
        by_itself.reset(shown)


@contextmanager
def _sigterm_is_ctrl_c() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C: who preempts a machine and who sits before it want the same.

    Outside the main thread nothing is changed.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _quiet() -> None:
    """Silence TensorFlow, which reads these when it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # many networks in turn: retracing is no news


def _ready_to_train(threads: int | None) -> None:
    from seqmem.process import configure_cpu

    sys.path.append(str(Path.cwd()))  # where the user's cells stand; last, so that it shadows no library
    with suppress(RuntimeError):  # called from a program that has run TensorFlow: it has chosen its threads
        configure_cpu(threads)


def _complain(name: str, error: BaseException, status: int) -> int:
    from rich.console import Console

    Console(stderr=True).print(
        f"seqmem {name}: {error}",
        style="red",
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=True,
    )
    return status
