"""From the options of the command line to a hypermodel, a tuner class and the data; and back."""

import argparse
from ast import literal_eval
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import Any

import keras_tuner

from seqmem.cli.config_file import to_toml
from seqmem.data.splits import ExpandingWindow, RollingWindow
from seqmem.data.stationarity import NonStationary
from seqmem.recipe import Recipe
from tuning.hypermodel import ForecastHyperModel
from tuning.journal.events import ProjectError
from tuning.journal.project import read_first
from tuning.journal.user_code import allow_imports_from_here
from tuning.space import TUNERS, SearchSpace
from tuning.tasks import Task, task_class

RUN = "run.toml"
NOT_RECORDED = (
    "out",
    "quiet",
    "json",
    "fresh",
    "tensorboard",
    "report",
    "mlflow",
    "threads",
    "workers",
    "directory",
    "name",
    "best_mean",
    "final",
    "config",
    "data",
)
"""Options that the results of a search do not depend on."""


def hypermodel(options: argparse.Namespace) -> ForecastHyperModel:
    """What is searched over.

    Raises:
        ValueError: data that cannot be trained on, or a task that does not take its options.
    """
    allow_imports_from_here()
    task = _task(options)
    known = vars(options).get("data")  # the command line has read it, where the task is one of ours
    data = task.read(options) if known is None else known
    made = ForecastHyperModel(
        _space(options, task),
        data,
        task=task,
        recipe=_recipe(options, task),
        folds=(RollingWindow if options.rolling else ExpandingWindow)(options.folds),
        seeds=options.seeds,
    )
    if not vars(options).get("fresh", True):  # a search that goes on, or begins with an earlier winner
        made.first = read_first(folder(options)) or made.first
    try:
        made.check_data()
    except NonStationary as error:
        raise ValueError(f"{options.prices}: {error} (`seqmem check` says more)") from error
    return made


def tuner(options: argparse.Namespace) -> Any:
    """KerasTuner's class."""
    return getattr(keras_tuner, TUNERS[options.tuner])


def folder(options: argparse.Namespace) -> Path:
    """Of the project."""
    return Path(options.directory or Path(".tuning") / options.name)


def to_record(options: argparse.Namespace) -> dict[str, Any]:
    """The options that a later `export` or `rerun` needs; a file by a path that holds anywhere."""
    record = {name: value for name, value in vars(options).items() if name not in NOT_RECORDED}
    if not str(options.prices).startswith("bundled:"):
        record["prices"] = str(Path(options.prices).absolute())
    return record


def run_file(options: argparse.Namespace, parse: argparse.ArgumentParser) -> str:
    """The options of a search as TOML: `seqmem tune --config` makes the same export of it again."""
    given = vars(options) | to_record(options) | {"out": str(options.out), "directory": None, "workers": None}
    about = f"seqmem {version('seqmem')}: seqmem tune --config {RUN} makes it again"
    of_one_run = ("threads", "report", "tensorboard", "mlflow")
    return to_toml({name: value for name, value in given.items() if name not in of_one_run}, parse, about)


def from_record(header: Mapping[str, Any], project: str) -> argparse.Namespace:
    """The options of a project again. What they name is imported: see `require_trusted`.

    Args:
        header: the first event of its journal.
        project: for errors.

    Raises:
        ProjectError: options that are none of a search.
    """
    record = header["command"]
    missing = [name for name in ("task", "prices", "tuner", "seed", "folds", "seeds") if name not in record]
    if missing or record["tuner"] not in TUNERS:
        raise ProjectError(f"{project}: expected the options of a search. Received: {str(record)[:200]}")
    return argparse.Namespace(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
    )


def drop_options(words: Sequence[str], *valued: str, flags: Sequence[str] = ()) -> list[str]:
    """A command line without some options.

    >>> drop_options(["--workers", "2", "--seed=1", "--fresh"], "--workers", flags=["--fresh"])
    ['--seed=1']
    """
    left, skip = [], False
    for word in words:
        name = word.partition("=")[0]
        if not skip and name not in valued and name not in flags:
            left.append(word)
        skip = not skip and name in valued and "=" not in word
    return left


def task_options(words: Sequence[str]) -> dict[str, Any]:
    """The options of a task by name, each value as Python would read it, or as text.

    >>> task_options(["every=22", "horizons=(1, 22)", "proxy=range"])
    {'every': 22, 'horizons': (1, 22), 'proxy': 'range'}
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not (equals and name.isidentifier()):
            raise ValueError(f"--task-options: expected NAME=VALUE. Received: {word!r}")
        try:
            found[name] = literal_eval(text)
        except (ValueError, SyntaxError):
            found[name] = text
    return found


def _task(options: argparse.Namespace) -> Task:
    kind, own = task_class(options.task), task_options(options.task_options)
    try:
        return kind.from_horizon(options.horizon, **own)
    except TypeError as error:
        names = [name for name in signature(kind).parameters if name != "horizon"]
        raise ValueError(
            f"--task {options.task} has the options {', '.join(names) or 'none'}. Received: {own} ({error})"
        ) from error


def _space(options: argparse.Namespace, task: Task) -> SearchSpace:
    """The task's own space, but for the dimensions that the command line gives."""
    given = {one.name: getattr(options, one.name) for one in fields(SearchSpace)}
    return replace(task.space, **{name: choices for name, choices in given.items() if choices is not None})


def _recipe(options: argparse.Namespace, task: Task) -> Recipe:
    """The task's own recipe, but for what the command line gives; a batch keeps as many labels."""
    recipe = task.recipe
    chunk_length = options.chunk_length or recipe.chunk_length
    return replace(
        recipe,
        epochs=options.epochs or recipe.epochs,
        patience=options.patience or recipe.patience,
        chunk_length=chunk_length,
        batch_size=max(1, recipe.batch_size * recipe.chunk_length // chunk_length),
    )
