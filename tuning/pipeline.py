"""The main job: search, score the winner, export it, and forecast with what was exported."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from seqmem.data.dataset import PriceData
from seqmem.data.series import day
from seqmem.models.classics import REFERENCES
from seqmem.report import (
    LEAGUE_NOTE,
    heading,
    league_tables,
    origin_text,
    print_forecast,
    table,
)
from seqmem.serving import ServedModel, export
from tuning import config
from tuning.display.display import display
from tuning.display.reporters import Observer
from tuning.distributed.launcher import run_distributed
from tuning.hypermodel import ForecastHyperModel
from tuning.interrupt import sigterm_interrupts
from tuning.journal.project import Project
from tuning.searcher import SearchResult, search
from tuning.selection.rules import BestMean, OneStandardErrorRule
from tuning.selection.select import Selected, select
from tuning.space import SearchSpace


@sigterm_interrupts()
def run(options: argparse.Namespace, console: Console, words: Sequence[str] = ()) -> Path:
    """Do all that `seqmem-tune` promises; return the folder of the exported version.

    Args:
        options: of the command line.
        console: where to say what.
        words: the command line itself, for processes of its own.
    """
    hypermodel = config.hypermodel(options)
    said = Console(quiet=True) if options.json else console
    _say_data(options.prices, hypermodel, said)
    observer = display(console, quiet=options.quiet, as_json=options.json, tensorboard=options.tensorboard)
    if options.workers > 1:
        _search_distributed(options, hypermodel, words, observer)
        observer = Observer()  # it has seen it all
    result = search(
        hypermodel,
        config.tuner(options),
        max_trials=options.max_trials,
        seed=options.seed,
        directory=config.folder(options),
        observer=observer,
        fresh=options.fresh and options.workers == 1,
        most_failures=options.most_failures,
        command=config.to_record(options),
    )
    _say_trials(result, hypermodel, said, distributed=options.workers > 1)
    rule = BestMean() if options.best_mean else OneStandardErrorRule()
    selected = select(result, hypermodel, rule, options.refit_seeds)
    for sentence in selected.report:
        said.print(sentence, markup=False, emoji=False, highlight=False, soft_wrap=True)
    _SAY[options.task](selected, said)
    folder = export_selected(selected, hypermodel, result, options)
    _say_forecast(folder, hypermodel.prices, said)
    if options.json:
        sys.stdout.write(json.dumps(_summary(selected, folder)) + "\n")
    return folder


def _search_distributed(
    options: argparse.Namespace, hypermodel: ForecastHyperModel, words: Sequence[str], observer: Observer
) -> None:
    """Search with processes of their own; what is left to do here is to read what they wrote."""
    project = Project(config.folder(options))
    if options.fresh:
        with project.locked():
            project.clear()
    run_distributed(
        options.workers,
        config.drop_options(
            words, "--workers", "--threads", "--tensorboard", flags=("--fresh", "--json", "--quiet")
        ),
        project,
        threads=options.threads,
        trials=options.max_trials,
        epochs=hypermodel.epochs,
        naive_loss=hypermodel.naive_loss(),
        observer=observer,
    )


def export_selected(
    selected: Selected, hypermodel: ForecastHyperModel, result: SearchResult, options: argparse.Namespace
) -> Path:
    """Write what was selected where a server finds it, with a card that says where it comes from."""
    return export(
        selected.forecaster,
        options.out,
        name=options.name,
        prices=config.closes(hypermodel.prices),
        hyperparameters=selected.trial,
        space=asdict(hypermodel.space),
        scores=selected.scores.reset_index().to_dict(orient="records"),
        verdict=selected.verdict,
        report=selected.report,
        trials=len(result.table),
        tuner=options.tuner,
        seed=options.seed,
    )


def _summary(selected: Selected, folder: Path) -> dict[str, Any]:
    return {
        "event": "selected",
        "trial": selected.trial["trial"],
        "name": selected.name,
        "report": selected.report,
        "verdict": selected.verdict,
        "folder": str(folder),
    }


def _say_data(source: str, hypermodel: ForecastHyperModel, console: Console) -> None:
    prices, parts, walk = hypermodel.prices, hypermodel.split, hypermodel.walk
    folds = f" in the last of {walk.count} folds" if walk.count > 1 else ""
    console.print(
        f"{source}: {len(prices)} closes, {day(prices.index[0])} to {day(prices.index[-1])}\n"
        f"origins: {len(parts.train)} train, {len(parts.validation)} validation{folds}, "
        f"{len(parts.test)} test "
        f"(forecasts from {day(prices.index[parts.test[0] + 1])} on, untouched until the winner is chosen)\n"
        f"space: {hypermodel.space.size} configurations",
        highlight=False,
        soft_wrap=True,
    )


def _say_trials(
    result: SearchResult, hypermodel: ForecastHyperModel, console: Console, *, distributed: bool
) -> None:
    say_trials(result.table, result.naive_loss, hypermodel.space, console)
    if result.kept and not distributed:
        console.print(
            f"{result.kept} of these trials were found as an earlier run had left them.", style="dim"
        )


def say_trials(trials: pd.DataFrame, naive_loss: float, space: SearchSpace, console: Console) -> None:
    """The table of trials, and why some have no score."""
    fixed = [one.metadata["name"] for one in fields(space) if len(getattr(space, one.name)) == 1]
    failed = trials[trials["status"] != "completed"]
    heading(f"Trials: validation loss, and its ratio to that of no change ({naive_loss:.5f})", console)
    done = trials[trials["status"] == "completed"]
    shown = done.drop(columns=[*fixed, "status", "weights", "epochs", "cause"])
    shown = shown.rename(columns={"learning_rate": "rate", "of_default": "/default"})
    formats = {"loss": ".4f", "ratio": ".4f", "/default": ".4f", "rate": "g"}
    console.print(table(shown, formats=formats, most=20))
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


def _say_forecast(folder: Path, prices: PriceData, console: Console) -> None:
    """What the folder itself answers, loaded as a server would load it."""
    forecast = ServedModel(folder).forecast(prices)
    heading(f"Exported to {folder}; its forecast from {origin_text(forecast)}", console)
    print_forecast(forecast, console)
