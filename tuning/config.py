"""From the options of the command line to a hypermodel, a tuner class and the data."""

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
from tuning.space import SearchSpace
from tuning.tasks import PathTask, Task, VolatilityTask
from tuning.tuners import TUNERS

OURS = (
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


def remembered(options: argparse.Namespace) -> dict[str, Any]:
    """The options that a later `export` or `rerun` needs; a file by a path that holds anywhere."""
    kept = {name: value for name, value in vars(options).items() if name not in OURS}
    if not str(options.prices).startswith("bundled:"):
        kept["prices"] = str(Path(options.prices).absolute())
    return kept


def recalled(command: Mapping[str, Any]) -> argparse.Namespace:
    """The options again."""
    return argparse.Namespace(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in command.items()}
    )


def without(words: Sequence[str], *valued: str, flags: Sequence[str] = ()) -> list[str]:
    """A command line without some options.

    >>> without(["--workers", "2", "--seed=1", "--fresh"], "--workers", flags=["--fresh"])
    ['--seed=1']
    """
    kept, skip = [], False
    for word in words:
        name = word.partition("=")[0]
        if not skip and name not in valued and name not in flags:
            kept.append(word)
        skip = not skip and name in valued and "=" not in word
    return kept


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
