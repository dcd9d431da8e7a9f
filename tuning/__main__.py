"""``python -m tuning``: search, score, export and forecast. Imports nothing slow until it must."""

import argparse
import logging
import os
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tuning.space import SearchSpace
from tuning.tuners import TUNERS

SPREAD = ("chief", "worker")
AFTER = ("table", "show", "export", "rerun")
BUNDLED = "bundled:sp500, bundled:nasdaq, bundled:wti"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parse = argparse.ArgumentParser(
        prog="seqmem-tune",
        description="Search over cells, units and lookbacks for the best forecaster of the next closes, "
        "score it once on untouched later data beside naive baselines, and export it for TensorFlow Serving. "
        "A search that was stopped or killed goes on when the same command is given again.",
        epilog="After it: seqmem-tune table PROJECT | show PROJECT TRIAL | rerun PROJECT TRIAL | "
        "export PROJECT TRIAL --name NAME; on several machines: seqmem-tune chief ..., "
        "seqmem-tune worker ...; each has --help.",
    )
    add = parse.add_argument
    add("--version", action="version", version=f"seqmem {version('seqmem')}")
    add(
        "--task",
        choices=("path", "volatility"),
        default="path",
        help="what to forecast: closes (path) or variances",
    )
    add("--prices", required=True, metavar="FILE|bundled:NAME", help=f"CSV or Parquet, or {BUNDLED}")
    add("--column", default="Close", help="the column of prices (Close)")
    add("--high", default="High", help="the column of highs, for volatility (High)")
    add("--low", default="Low", help="the column of lows, for volatility (Low)")
    add("--date-format", metavar="FORMAT", help="where dates are not ISO, as in strptime: %%d.%%m.%%Y")
    add("--horizon", type=_whole(1), default=5, help="days ahead (5)")
    for one in fields(SearchSpace):
        kind = type(one.default[0])  # type: ignore[index]
        ranges = ", or LOW:HIGH for doublings" if kind is int else ""
        add(
            f"--{one.name.replace('_', '-')}",
            type=_choices(kind),
            default=None,
            metavar="A,B,...",
            help=f"{one.metadata['about']}{ranges} ({','.join(map(str, one.default))})",  # type: ignore[arg-type]
        )
    add("--tuner", choices=TUNERS, default="bayesian", help="KerasTuner's tuner (bayesian)")
    add("--max-trials", type=_whole(1), default=20, help="configurations to try (20)")
    add("--epochs", type=_whole(1), help="epochs for each, at most (path 20, volatility 60)")
    add(
        "--patience",
        type=_whole(1),
        help="epochs without a better loss before a trial ends (4, 15)",
    )
    add("--labels", type=_whole(1), help="origins to an example: 1 window, or a chunk of more (1, 63)")
    add("--folds", type=_whole(1), default=2, help="folds of the walk-forward validation of a trial (2)")
    add("--rolling", action="store_true", help="folds train on as many rows each, not on all before them")
    add("--seeds", type=_whole(1), default=1, help="trainings on each fold (1)")
    add("--best-mean", action="store_true", help="take the lowest loss, not the simplest within its error")
    add("--refit-seeds", type=_whole(1), default=1, help="trainings of the winner, served as their mean (1)")
    add("--fresh", action="store_true", help="forget what an earlier run of this search has done")
    add("--most-failures", type=_whole(1), default=5, help="failed trials in a row that end the search (5)")
    add("--quiet", action="store_true", help="say nothing while it searches")
    add("--json", action="store_true", help="a JSON object a line, and nothing else, on standard output")
    add("--tensorboard", metavar="DIR", help="losses and hyperparameters for TensorBoard (HParams)")
    add("--workers", type=_whole(1), default=1, help="processes that train trials here (1)")
    add("--threads", type=_whole(1), default=None, help="processor cores to use (all)")
    add("--seed", type=_whole(0), default=0, help="of configurations, weights and shuffles (0)")
    add("--name", help="of the exported model (that of the task)")
    add("--out", default="saved_models", help="the folder of all models (saved_models)")
    add("--directory", default=None, help="the project: log, tables, weights (.tuning/NAME)")
    return parse


def spread_parser(role: str) -> argparse.ArgumentParser:
    """The command line of a chief, or of a worker: that of the search, and where they meet."""
    parse = parser()
    parse.prog = f"seqmem-tune {role}"
    parse.description = {
        "chief": "Propose trials to workers on this and other machines, and write down what they found.",
        "worker": "Train the trials that a chief proposes. All other options must be those of the chief, "
        "and the project's folder the same one.",
    }[role]
    add = parse.add_argument
    if role == "chief":
        add("--bind", default="127.0.0.1:8765", metavar="HOST:PORT", help="where to listen (127.0.0.1:8765)")
        lease = "seconds of silence after which a worker's trial is given to another (30)"
        add("--lease", type=_whole(1), default=30, help=lease)
    else:
        add("--chief", required=True, metavar="HOST:PORT", help="where the chief listens")
        add("--id", default=platform.node(), help="unique, and the same after a restart (the host's name)")
    add("--wait", type=_whole(1), default=600, help="seconds without an answer after which to give up (600)")
    add("--leash", action="store_true", help=argparse.SUPPRESS)
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if all went well, 1 on bad input or a failed search, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0] in AFTER:
        from tuning.commands import main as after

        return after(arguments)
    role = arguments.pop(0) if arguments and arguments[0] in SPREAD else ""
    options = (spread_parser(role) if role else parser()).parse_args(arguments)
    options.name = options.name or options.task
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is imported, or it is not quiet
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    from rich.console import Console

    console = Console(stderr=options.json)
    if getattr(options, "leash", False):
        from tuning.distributed.launcher import leash

        leash()
    try:
        from seqmem.process import configure_cpu  # TensorFlow comes with it

        with suppress(RuntimeError):  # called from a program that has run TensorFlow: its threads are its own
            configure_cpu(options.threads)

        logging.getLogger("tensorflow").setLevel("ERROR")  # each trial is a new model: retracing is no news
        sys.path.insert(0, str(Path.cwd()))  # where a cell of one's own may stand, for the console script too

        if role:
            import_module(f"tuning.{role}").run(options, console)
        else:
            from tuning.pipeline import run

            run(options, console, arguments)
    except KeyboardInterrupt:
        project = Path(options.directory or f".tuning/{options.name}")
        kept = (
            f"The finished trials are in {project / 'trials.csv'}"
            if (project / "trials.csv").is_file()
            else ""
        )
        console.print(
            f"Stopped. {kept or 'No trial had finished'}; nothing was exported. The same command goes on "
            "from there; --fresh starts over.",
            style="yellow",
            soft_wrap=True,
        )
        return 130
    except (ValueError, OSError, RuntimeError, ArithmeticError) as error:
        Console(stderr=True).print(
            f"seqmem-tune: {error}", style="red", markup=False, emoji=False, highlight=False, soft_wrap=True
        )
        return 1
    return 0


def _whole(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"expected a whole number of at least {least}, received {text!r}"
            )
        return int(text)

    return whole


def _choices(kind: type) -> Callable[[str], tuple[Any, ...]]:
    """Parse ``a,b,c`` or, for whole numbers, ``low:high``: low, 2 low, 4 low, ... and high."""

    def choices(text: str) -> tuple[Any, ...]:
        try:
            if kind is int and ":" in text:
                low, high = map(int, text.split(":"))
                if not 1 <= low <= high:
                    raise ValueError
                doublings = [low << n for n in range(high.bit_length()) if low << n < high]
                return (*doublings, high)
            parts = [part.strip() for part in text.split(",")]
            return tuple(parts if kind is str else sorted(kind(part) for part in parts))
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"expected {kind.__name__} values like A,B,C{' or LOW:HIGH' if kind is int else ''}, "
                f"received {text!r}"
            ) from None

    return choices


if __name__ == "__main__":
    sys.exit(main())
