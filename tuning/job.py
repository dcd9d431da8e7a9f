"""The main job: search, score the winner, export it, and forecast with what was exported."""

import argparse
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import keras_tuner
import pandas as pd
from rich.console import Console

from seqmem.bars import read_bars
from seqmem.league import REFERENCES
from seqmem.report import (
    DATES_NOTE,
    FORECAST_FORMATS,
    LEAGUE_NOTE,
    forecast_table,
    heading,
    inspect_prices,
    league_tables,
    table,
)
from seqmem.series import day, read_prices
from seqmem.serving import Served, check_name, export
from tuning.display import display
from tuning.hypermodel import ForecastHyperModel
from tuning.searcher import search
from tuning.selection import Selected, select
from tuning.space import SearchSpace
from tuning.tasks import PathTask, Task, VolatilityTask
from tuning.tuners import TUNERS


def run(options: argparse.Namespace, console: Console) -> Path:
    """Do all that `seqmem-tune` promises; return the folder of the exported version."""
    check_name(options.name)  # now, not after the search
    task = (
        PathTask(options.horizon) if options.task == "path" else VolatilityTask(sorted({1, options.horizon}))
    )
    space = _space(options, task)
    prices = _read(options, task, max(space.lookbacks))
    problems = inspect_prices(_closes(prices)).problems
    if problems:
        raise ValueError(f"{options.prices}: {problems[0]} (`seqmem check` says more)")
    hypermodel = ForecastHyperModel(
        space,
        prices,
        task=task,
        epochs=options.epochs,
        patience=options.patience,
        labels=options.labels,
    )
    _say_data(options.prices, prices, hypermodel, console)
    result = search(
        hypermodel,
        getattr(keras_tuner, TUNERS[options.tuner]),
        max_trials=options.max_trials,
        seed=options.seed,
        directory=options.directory or Path(".tuning") / options.name,
        observer=display(console),
    )
    _say_trials(result.table, space, result.naive_loss, console)
    selected = select(result, hypermodel)
    _SAY[options.task](selected, console)
    folder = export(
        selected.forecaster,
        options.out,
        name=options.name,
        prices=_closes(prices),
        hyperparameters=selected.trial,
        space=asdict(space),
        scores=selected.scores.reset_index().to_dict(orient="records"),
        verdict=selected.verdict,
        trials=len(result.table),
        tuner=options.tuner,
        seed=options.seed,
    )
    _say_forecast(folder, prices, console)
    return folder


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


def _closes(prices: Any) -> pd.Series:
    return prices["Close"] if isinstance(prices, pd.DataFrame) else prices


def _say_data(source: str, prices: Any, hypermodel: ForecastHyperModel, console: Console) -> None:
    parts = hypermodel.split
    console.print(
        f"{source}: {len(prices)} closes, {day(prices.index[0])} to {day(prices.index[-1])}\n"
        f"origins: {len(parts.train)} train, {len(parts.validation)} validation, {len(parts.test)} test "
        f"(forecasts from {day(prices.index[parts.test[0] + 1])} on, untouched until the winner is chosen)\n"
        f"space: {hypermodel.space.size} configurations",
        highlight=False,
        soft_wrap=True,
    )


def _say_trials(trials: pd.DataFrame, space: SearchSpace, naive_loss: float, console: Console) -> None:
    fixed = [one.metadata["name"] for one in fields(space) if len(getattr(space, one.name)) == 1]
    failed = trials[trials["status"] != "completed"]
    heading(f"Trials: validation loss, and its ratio to that of no change ({naive_loss:.5f})", console)
    shown = trials.drop(columns=[*fixed, "epochs", "cause", *([] if len(failed) else ["status"])])
    shown = shown.rename(columns={"learning_rate": "rate"})
    console.print(table(shown, formats={"loss": ".4f", "ratio": ".4f", "rate": "g"}, most=20))
    for row in failed.itertuples():
        console.print(
            f"trial {row.trial} {row.status}: {row.cause}", markup=False, emoji=False, soft_wrap=True
        )


def _say_scores(selected: Selected, console: Console) -> None:
    by_day = selected.scores.unstack("h").loc[selected.scores.index.unique("model")]
    for measure, more in (("rmse", ("dm", "p")), ("mae", ("mase",))):
        shown = by_day[measure].add_prefix("h=").rename(columns={"h=path": "path"})
        for extra in more:
            shown[extra] = by_day[extra, "path"]
        words = {"rmse": "root mean squared", "mae": "mean absolute"}[measure]
        heading(f"Test: {words} error of the cumulative log return, %", console)
        formats = dict.fromkeys(shown.columns, ".4f") | {"dm": ".2f", "p": ".3f", "mase": ".3f"}
        console.print(table(shown.reset_index(), formats=formats))
    console.print(selected.verdict, style="bold", highlight=False, soft_wrap=True)


def _say_variances(selected: Selected, console: Console) -> None:
    for title, rows in league_tables(selected.scores, REFERENCES).items():
        heading(f"Test: {title[0].lower()}{title[1:]}", console)
        console.print(table(rows))
    console.print(LEAGUE_NOTE, style="dim", highlight=False)
    console.print(selected.verdict, style="bold", highlight=False, soft_wrap=True)


_SAY = {"path": _say_scores, "volatility": _say_variances}


def _say_forecast(folder: Path, prices: Any, console: Console) -> None:
    """What the folder itself answers, loaded as a server would load it."""
    served = Served(folder)
    if isinstance(prices, pd.DataFrame):
        heading(f"Exported to {folder}; its forecast from {day(prices.index[-1])}", console)
        console.print(table(served.volatility(prices), formats={"variance": ".3e", "volatility": ".2%"}))
        return
    forecast = served.forecast(prices)
    heading(
        f"Exported to {folder}; its forecast from {day(prices.index[-1])} ({prices.iloc[-1]:.2f})", console
    )
    console.print(table(forecast_table(forecast, prices), formats=FORECAST_FORMATS))
    console.print(DATES_NOTE, style="dim")
