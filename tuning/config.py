"""From the options of the command line to a hypermodel, a tuner class and the data; and back."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import keras_tuner
import pandas as pd

from seqmem.data.bars import read_bars
from seqmem.data.folds import ExpandingWindow, RollingWindow
from seqmem.data.inspection import inspect_prices
from seqmem.data.series import read_prices
from tuning.hypermodel import ForecastHyperModel
from tuning.journal.events import ProjectError
from tuning.journal.user_code import allow_imports_from_here
from tuning.space import TUNERS, SearchSpace
from tuning.tasks import PathTask, Task, VolatilityTask

NOT_RECORDED = (
    "out",
    "quiet",
    "json",
    "fresh",
    "tensorboard",
    "threads",
    "workers",
    "directory",
    "name",
    "best_mean",
)
"""Options that the results of a search do not depend on."""


def hypermodel(options: argparse.Namespace) -> ForecastHyperModel:
    """What is searched over.

    Raises:
        ValueError: data that cannot be trained on.
    """
    allow_imports_from_here()
    task = (
        PathTask(options.horizon) if options.task == "path" else VolatilityTask(sorted({1, options.horizon}))
    )
    space = _space(options, task)
    prices = _read(options, task, max(space.lookbacks))
    problems = inspect_prices(closes(prices)).problems
    if problems:
        raise ValueError(f"{options.prices}: {problems[0]} (`seqmem check` says more)")
    return ForecastHyperModel(
        space,
        prices,
        task=task,
        epochs=options.epochs,
        patience=options.patience,
        labels=options.labels,
        walk=(RollingWindow if options.rolling else ExpandingWindow)(options.folds),
        seeds=options.seeds,
    )


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


def closes(prices: Any) -> pd.Series:
    """The closes of bars, or of closes."""
    return prices["Close"] if isinstance(prices, pd.DataFrame) else prices


def _space(options: argparse.Namespace, task: Task) -> SearchSpace:
    """The task's own space, but for the dimensions that the command line gives."""
    given = {one.name: getattr(options, one.name) for one in fields(SearchSpace)}
    return replace(task.space, **{name: choices for name, choices in given.items() if choices is not None})


def _read(options: argparse.Namespace, task: Task, lookback: int) -> Any:
    if options.task == "path":
        how = {"lookback": lookback, "horizon": task.horizon, "date_format": options.date_format}
        return read_prices(options.prices, options.column, **how)
    columns = {"close": options.column, "high": options.high, "low": options.low}
    return read_bars(options.prices, date_format=options.date_format, **columns)
