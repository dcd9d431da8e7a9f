"""``seqmem tune``, ``chief`` and ``worker``: search, score, export and forecast. Imports nothing slow."""

import argparse
import platform
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from seqmem.cli.command import Command, Stopped
from seqmem.cli.config_file import add_config
from seqmem.cli.data import add_prices, check_prices, read_prices
from seqmem.cli.options import (
    add_export,
    add_files,
    add_threads,
    check_cells,
    check_export,
    check_extra,
    check_files,
    choices,
    is_there,
    whole,
)
from seqmem.serving.folders import check_room
from tuning.space import TUNERS, SearchSpace

if TYPE_CHECKING:
    from rich.console import Console

    from seqmem.data.dataset import Dataset

TASKS = ("path", "volatility")  # `tuning.tasks.TASKS` has the classes, and imports Keras


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add what to forecast, what to search over, how trials are validated, and what comes of it."""
    add_config(parse)
    about = "what to forecast: the next closes (path), variances (volatility), or module:Class of your own"
    parse.add_argument("--task", default="path", metavar="NAME", help=about)
    about = "options of the task, such as every=22 of volatility"
    parse.add_argument("--task-options", nargs="+", default=[], metavar="NAME=VALUE", help=about)
    add_prices(parse, "--prices", required=True)
    space = parse.add_argument_group("search space")
    for one in fields(SearchSpace):
        kind = type(one.default[0])  # type: ignore[index]
        ranges = ", or LOW:HIGH for doublings" if kind is int else ""
        space.add_argument(
            f"--{one.name.replace('_', '-')}",
            type=choices(kind),
            default=None,
            metavar="A,B,...",
            help=f"{one.metadata['about']}{ranges} ({','.join(map(str, one.default))})",  # type: ignore[arg-type]
        )
    _add_search(parse.add_argument_group("search"))
    _add_selection(parse.add_argument_group("selection and export"))
    _add_running(parse)


def _add_search(search: argparse._ArgumentGroup) -> None:
    add = search.add_argument
    add("--horizon", type=whole(1), default=5, metavar="N", help="days ahead (5)")
    add("--tuner", choices=TUNERS, default="bayesian", help="KerasTuner's tuner (bayesian)")
    add("--max-trials", type=whole(1), default=20, metavar="N", help="configurations to try (20)")
    add("--epochs", type=whole(1), metavar="N", help="epochs of each, at most (path 20, volatility 60)")
    about = "epochs without a better loss that end a training (path 4, volatility 20)"
    add("--patience", type=whole(1), metavar="N", help=about)
    about = "labels to an example: 1, a window; more, a chunk (path 1, volatility 63)"
    add("--chunk-length", type=whole(1), metavar="N", help=about)
    about = "folds of the walk-forward validation of each trial (2)"
    add("--folds", type=whole(1), default=2, metavar="N", help=about)
    add("--rolling", action="store_true", help="folds train on as many rows each, not on all before them")
    add("--seeds", type=whole(1), default=1, metavar="N", help="trainings on each fold (1)")
    add(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="the seed of all that is drawn at random (0)",
    )


def _add_selection(selection: argparse._ArgumentGroup) -> None:
    add = selection.add_argument
    add("--best-mean", action="store_true", help="take the lowest loss, not the simplest within its error")
    about = "trainings of the winner, served as their mean (1)"
    add("--refit-seeds", type=whole(1), default=1, metavar="N", help=about)
    about = "export the winner trained on all rows, or on those before the test part (--final)"
    add("--final", action=argparse.BooleanOptionalAction, default=True, help=about)
    add_export(selection, "--name", help="the name of the exported model (that of the task)")


def _add_running(parse: argparse.ArgumentParser) -> None:
    running = parse.add_argument_group("running")
    add = running.add_argument
    add(
        "--directory",
        metavar="DIR",
        help="the project: journal, tables, weights (.tuning/NAME)",
    )
    add("--fresh", action="store_true", help="forget what an earlier run of this search has done")
    about = "failed trials in a row that end the search (5)"
    add("--most-failures", type=whole(1), default=5, metavar="N", help=about)
    add("--workers", type=whole(1), default=1, metavar="N", help="processes that train trials here (1)")
    add_threads(running)
    add("--quiet", action="store_true", help="say nothing while it searches")
    add("--json", action="store_true", help="print a JSON object a line, and nothing else")
    add_files(running, report=True)
    add("--tensorboard", metavar="DIR", help="losses and hyperparameters for TensorBoard (HParams)")
    about = "write runs, losses and the export to MLflow: http://host:5000, or sqlite:///runs.db"
    add("--mlflow", metavar="URI", help=about)


def check(options: argparse.Namespace) -> None:
    """Refuse a space, prices, names or folders that will not do; name the model."""
    check_task(options.task)
    options.name = options.name or options.task.rpartition(":")[2].lower()
    space = {one.name: getattr(options, one.name) for one in fields(SearchSpace)}
    SearchSpace(**{name: value for name, value in space.items() if value is not None})
    check_cells(options.cells or ())
    check_prices(options)
    check_export(options.name, options)
    check_files(options)
    check_room(_project(options))
    if options.mlflow:
        check_extra("mlflow", "mlflow")


def read(options: argparse.Namespace) -> "Dataset | None":
    """The data, where the task is one of ours: a user's own may read by itself."""
    return read_prices(options) if options.task in TASKS else None


def _project(options: argparse.Namespace) -> Path:
    return Path(options.directory or Path(".tuning") / options.name)


def check_task(name: str) -> None:
    """Refuse what names no task.

    Raises:
        ValueError: neither one of seqmem's tasks nor the module of another.
    """
    module, _, attribute = name.partition(":")
    if name not in TASKS and not (attribute and is_there(module)):
        why = f" (no module {module!r} here)" if attribute else ""
        raise ValueError(f"task must be one of {', '.join(TASKS)}, or module:Class. Received: {name!r}{why}")


def run(options: argparse.Namespace, console: "Console") -> int:
    """Search, score the winner once, export it, and forecast with what was exported."""
    words = vars(options).pop("arguments")
    from rich.console import Console

    from tuning import config
    from tuning.pipeline import run

    parse = argparse.ArgumentParser(add_help=False)
    add_options(parse)
    text = config.run_file(options, parse)
    try:
        run(options, Console(stderr=True) if options.json else console, words, run_file=text)
    except KeyboardInterrupt as stop:
        raise Stopped(_what_is_left(options)) from stop
    return 0


def _what_is_left(options: argparse.Namespace) -> str:
    trials = _project(options) / "trials.csv"
    kept = f"The finished trials are in {trials}" if trials.is_file() else "No trial had finished"
    return f"Stopped. {kept}; nothing was exported. The same command goes on from there; --fresh starts over."


def _add_meeting(parse: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the options of the search, and how long to wait for each other."""
    add_options(parse)
    meeting = parse.add_argument_group("several machines")
    about = "seconds without an answer after which to give up (600)"
    meeting.add_argument("--wait", type=whole(1), default=600, metavar="N", help=about)
    meeting.add_argument("--exit-with-parent", action="store_true", help=argparse.SUPPRESS)
    return meeting


def _add_chief_options(parse: argparse.ArgumentParser) -> None:
    add = _add_meeting(parse).add_argument
    about = "where to listen (127.0.0.1:8765)"
    add("--bind", default="127.0.0.1:8765", metavar="HOST:PORT", help=about)
    about = "seconds of silence after which a worker's trial is given to another (30)"
    add("--lease", type=whole(1), default=30, metavar="N", help=about)


def _add_worker_options(parse: argparse.ArgumentParser) -> None:
    add = _add_meeting(parse).add_argument
    add("--chief", required=True, metavar="HOST:PORT", help="where the chief listens")
    about = "its name: unique, and the same after a restart (the host's)"
    add("--id", default=platform.node(), metavar="NAME", help=about)


def _run_as(role: str, options: argparse.Namespace, console: "Console") -> int:
    """Take part in a search of several processes."""
    del options.arguments
    if options.exit_with_parent:
        from tuning.distributed.launcher import exit_with_parent

        exit_with_parent()
    import_module(f"tuning.distributed.{role}").run(options, console)
    return 0


TUNE = Command(
    name="tune",
    group="Prices and models",
    summary="search for the best network for these prices, and export it",
    description="Search over cells, units and lookbacks for the best forecaster of the next closes, score it "
    "once on untouched later data beside naive baselines, and export it for TensorFlow Serving. A search "
    "that was stopped or killed goes on when the same command is given again.",
    add_options=add_options,
    check=check,
    run=run,
    read=read,
    trains=True,
)
CHIEF = Command(
    name="chief",
    group="On several machines",
    summary="propose the trials of a search to workers",
    description="Propose trials to workers on this and other machines, and write down what they found.",
    add_options=_add_chief_options,
    check=check,
    run=lambda options, console: _run_as("chief", options, console),
    read=read,
    trains=True,
)
WORKER = Command(
    name="worker",
    group="On several machines",
    summary="train the trials that a chief proposes",
    description="Train the trials that a chief proposes. All other options must be those of the chief, and "
    "the project's folder the same one.",
    add_options=_add_worker_options,
    check=check,
    run=lambda options, console: _run_as("worker", options, console),
    read=read,
    trains=True,
)
