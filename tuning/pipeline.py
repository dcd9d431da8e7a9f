"""The main job: search, score the winner, export it, and forecast with what was exported."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from seqmem.data.dataset import day
from seqmem.files import written_whole
from seqmem.lifecycle.dates import trained_until
from seqmem.report import heading, origin_text, print_forecast, table
from seqmem.serving import ServedModel, export
from tuning import config
from tuning.config import RUN
from tuning.display.display import display
from tuning.display.reporters import Observer
from tuning.display.tracking import scores_of_test_part, trackers
from tuning.distributed.launcher import run_distributed
from tuning.hypermodel import ForecastHyperModel
from tuning.journal.project import Project
from tuning.page import write_report
from tuning.searcher import SearchResult, search
from tuning.selection.restart import restart_with_new_rows
from tuning.selection.rules import BestMean, OneStandardErrorRule, Rule
from tuning.selection.select import Selected, refit, select
from tuning.space import SearchSpace
from tuning.stopping import StopClearlyWorst


def run(
    options: argparse.Namespace, console: Console, words: Sequence[str] = (), *, run_file: str = ""
) -> Path:
    """Do all that `seqmem tune` promises; return the folder of the exported version.

    Args:
        options: of the command line.
        console: where to say what.
        words: the command line itself, for processes of its own.
        run_file: the options as TOML: it is written beside what comes of them.
    """
    hypermodel = config.hypermodel(options)
    said = Console(quiet=True) if options.json else console
    _say_data(options.prices, hypermodel, said)
    rule = BestMean() if options.best_mean else OneStandardErrorRule()
    if not options.fresh and (again := _restart(options, hypermodel, rule)):
        said.print(again, style="yellow", highlight=False, soft_wrap=True)
    record = config.to_record(options)
    tracked = trackers(options.tensorboard, options.mlflow, options.name, record, _warn(console))
    observer = display(console, quiet=options.quiet, as_json=options.json, also=tracked)
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
        command=record,
    )
    with written_whole(config.folder(options) / RUN) as draft:
        draft.write_text(run_file)
    _say_trials(result, hypermodel, said, distributed=options.workers > 1)
    selected = select(result, hypermodel, rule, options.refit_seeds)
    for sentence in selected.report:
        said.print(sentence, markup=False, emoji=False, highlight=False, soft_wrap=True)
    _say_scores(selected, hypermodel, said)
    folder = export_selected(selected, hypermodel, result, options, {RUN: run_file})
    _say_forecast(folder, hypermodel, said)
    if options.report:
        write_report(options.report, folder, result, selected, hypermodel)
        said.print(f"All of it on a page: {options.report}", highlight=False, markup=False)
    about = {"selected": selected.name, "verdict": selected.summary, "folder": str(folder)}
    for one in tracked:
        one.exported(folder, scores_of_test_part(selected.evaluation, selected.name), about)
    if options.json:
        sys.stdout.write(json.dumps(_summary(selected, folder)) + "\n")
    return folder


def _warn(console: Console) -> Callable[[str], None]:
    return partial(console.print, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _restart(options: argparse.Namespace, hypermodel: ForecastHyperModel, rule: Rule) -> str:
    """Begin again with the winner of an earlier search of fewer rows; what was done, in a sentence."""
    stopping = repr(StopClearlyWorst())  # as in `search`
    project, tuner = Project(config.folder(options)), config.tuner(options)
    return restart_with_new_rows(project, hypermodel, tuner, options.seed, rule, stopping=stopping)


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
            words,
            "--workers",
            "--threads",
            "--tensorboard",
            "--report",
            "--mlflow",
            flags=("--fresh", "--json", "--quiet"),
        ),
        project,
        threads=options.threads,
        trials=options.max_trials,
        epochs=hypermodel.recipe.epochs,
        naive_loss=hypermodel.naive_loss(),
        observer=observer,
    )


def export_selected(
    selected: Selected,
    hypermodel: ForecastHyperModel,
    result: SearchResult,
    options: argparse.Namespace,
    files: Mapping[str, str],
) -> Path:
    """Write what was selected where a server finds it, with a card that says where it comes from.

    What is put to use knows all rows: unless `--no-final`, the winner is trained once more, on all of them.
    Its scores are those of the training that had not seen the test part.
    """
    data, split, forecaster = hypermodel.data, hypermodel.refit_split, selected.forecaster
    if options.final:
        split = split.final(data)
        seeds = {"search_seed": result.seed, "seeds": options.refit_seeds}
        forecaster = refit(hypermodel, selected.trial, split=split, **seeds)
    recipe = hypermodel.recipe_of(selected.trial, epochs=max(1, int(selected.trial["best_epoch"])))
    return export(
        forecaster,
        options.out,
        name=options.name,
        prices=data,
        dates={"trained": trained_until(data, split), "scored": selected.evaluation.outcome.span},
        training=asdict(replace(recipe, patience=None)),
        final=options.final,
        files=files,
        hyperparameters=selected.trial,
        space=asdict(hypermodel.space),
        scores=selected.evaluation.table.reset_index().to_dict(orient="records"),
        verdict=selected.summary,
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
        "summary": selected.summary,
        "folder": str(folder),
    }


def _say_data(source: str, hypermodel: ForecastHyperModel, console: Console) -> None:
    data, split, folds = hypermodel.data, hypermodel.split, hypermodel.folds
    dates = [date for name in data.ids for date in data.dates(name)[[0, -1]]]
    counts = [sum(map(len, part(data).values())) for part in (split.train, split.validation, split.test)]
    last = f" in the last of {folds.count} folds" if folds.count > 1 else ""
    many = f" of {len(data.ids)} series" if len(data.ids) > 1 else ""
    console.print(
        f"{source}: {len(data)} closes{many}, {day(min(dates))} to {day(max(dates))}\n"
        f"origins: {counts[0]} train, {counts[1]} validation{last}, {counts[2]} test "
        f"(forecasts from {day(split.test_start)} on, untouched until the winner is chosen)\n"
        f"space: {hypermodel.space.size} configurations",
        highlight=False,
        soft_wrap=True,
    )


def _say_trials(
    result: SearchResult, hypermodel: ForecastHyperModel, console: Console, *, distributed: bool
) -> None:
    say_trials(result.table, result.naive_loss, hypermodel.space, console, hypermodel.task.naive)
    if result.kept and not distributed:
        console.print(
            f"{result.kept} of these trials were found as an earlier run had left them.", style="dim"
        )


def say_trials(
    trials: pd.DataFrame, naive_loss: float, space: SearchSpace, console: Console, naive: str = "no change"
) -> None:
    """The table of trials, and why some have no score."""
    fixed = [one.metadata["name"] for one in fields(space) if len(getattr(space, one.name)) == 1]
    failed = trials[trials["status"] != "completed"]
    heading(f"Trials: validation loss, and its ratio to that of {naive} ({naive_loss:.5f})", console)
    done = trials[trials["status"] == "completed"]
    shown = done.drop(columns=[*fixed, "status", "weights", "epochs", "cause"])
    shown = shown.rename(columns={"learning_rate": "rate", "of_default": "/default"})
    formats = {"loss": ".4f", "ratio": ".4f", "/default": ".4f", "rate": "g"}
    console.print(table(shown, formats=formats, most=20))
    for row in failed.itertuples():
        console.print(
            f"trial {row.trial} {row.status}: {row.cause}", markup=False, emoji=False, soft_wrap=True
        )


def _say_scores(selected: Selected, hypermodel: ForecastHyperModel, console: Console) -> None:
    for title, rows in hypermodel.task.tables(selected.evaluation).items():
        heading(f"Test: {title}", console)
        formats = dict.fromkeys(rows.select_dtypes("number"), ".4f") | {"dm": ".2f", "p": ".3f"}
        console.print(table(rows, formats=formats))
    if hypermodel.task.note:
        console.print(hypermodel.task.note, style="dim", highlight=False)
    console.print(selected.summary, style="bold", highlight=False, soft_wrap=True)


def _say_forecast(folder: Path, hypermodel: ForecastHyperModel, console: Console) -> None:
    """The forecast of the folder itself, loaded as a server would load it."""
    forecast = ServedModel(folder).forecast(hypermodel.data)
    heading(f"Exported to {folder}; its forecast from {origin_text(forecast)}", console)
    print_forecast(forecast, console)
