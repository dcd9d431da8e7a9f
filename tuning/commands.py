"""After a search: python -m tuning table, show, export, rerun."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tuning.journal.log import ProjectError


def parser() -> argparse.ArgumentParser:
    """The command line of what comes after."""
    parse = argparse.ArgumentParser(prog="seqmem-tune", description=__doc__)
    commands = parse.add_subparsers(dest="command", required=True)
    for name, about in (
        ("table", "the trials of a search, the best first"),
        ("show", "one trial: its settings, and every training of it"),
        ("export", "train one trial again on all before the test part, and export it"),
        ("rerun", "run one trial again by itself, and compare"),
    ):
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("project", help="the folder of the search, or its name in .tuning")
        if name == "table":
            command.add_argument("--csv", metavar="FILE", help="write it there too")
            command.add_argument("--fits", action="store_true", help="a row for each fold and seed")
        else:
            command.add_argument("trial", type=int)
        if name == "export":
            command.add_argument("--name", required=True, help="of the exported model")
            command.add_argument("--out", default="saved_models", help="the folder of all models")
            command.add_argument("--refit-seeds", type=int, default=1, help="trainings, served as their mean")
    return parse


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 if all went well, 1 if there is no such project or trial."""
    options = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    from rich.console import Console

    console = Console()
    try:
        return _COMMANDS[options.command](options, console)
    except (ValueError, OSError, RuntimeError, ArithmeticError) as error:
        Console(stderr=True).print(
            f"seqmem-tune {options.command}: {error}",
            style="red",
            markup=False,
            emoji=False,
            highlight=False,
            soft_wrap=True,
        )
        return 1


def _read(options: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from tuning.journal.project import begun, find

    return begun(find(options.project))


def _one(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    first, done = _read(options)
    for outcome in done:
        if int(outcome["trial"]) == options.trial:
            return first, outcome
    known = sorted(int(outcome["trial"]) for outcome in done)
    raise ProjectError(f"{options.project}: expected a trial of {known}. Received: {options.trial}")


def _table(options: argparse.Namespace, console: Any) -> int:
    from statistics import fmean

    from seqmem.report import heading, table
    from tuning.display.tables import fit_table, trial_table

    first, done = _read(options)
    naive = fmean(first["naive"])
    shown = fit_table(done) if options.fits else trial_table(done, naive)
    if options.csv:
        shown.to_csv(options.csv, index=False)
    heading(f"{len(done)} trials; no change: {naive:.5f}", console)
    formats = dict.fromkeys(("loss", "ratio", "of_default", "naive"), ".4f") | {"learning_rate": "g"}
    console.print(table(shown, formats=formats, most=200))
    return 0


def _show(options: argparse.Namespace, console: Any) -> int:
    from seqmem.report import heading, table
    from tuning.display.tables import fit_table

    _, outcome = _one(options)
    heading(f"Trial {outcome['trial']}: {outcome['status']} {outcome['cause']}".rstrip(), console)
    for name, value in outcome["choice"].items():
        console.print(f"{name:14} {value}", highlight=False)
    if outcome["fits"]:
        shown = fit_table([outcome]).drop(columns=["trial", *outcome["choice"]])
        console.print(table(shown, formats=dict.fromkeys(("loss", "ratio", "naive"), ".5f")))
    for fit in outcome["fits"]:
        losses = " ".join(f"{loss:.5f}" for loss in fit["losses"])
        console.print(f"fold {fit['fold'] + 1}, seed {fit['seed'] + 1}: {losses}", highlight=False)
    return 0


def _again(options: argparse.Namespace) -> tuple[Any, Any, dict[str, Any]]:
    """The options of the search, what it searched over, and the trial; if all is as it was."""
    from seqmem.process import configure_cpu
    from tuning import config

    first, outcome = _one(options)
    if not first["command"]:
        raise ProjectError(
            f"{options.project}: it was not searched from the command line: use tuning.refit, tuning.rerun"
        )
    with suppress(RuntimeError):  # called from a program that has run TensorFlow
        configure_cpu()
    sys.path.insert(0, str(Path.cwd()))
    asked = config.recalled(first["command"])
    hypermodel = config.hypermodel(asked)
    from tuning.journal.fingerprint import fingerprint, require_same

    now = fingerprint(hypermodel, config.tuner(asked), asked.seed)
    was = first["fingerprint"] | {"tuner": now["tuner"]}
    require_same(was, now, options.project)
    return asked, hypermodel, outcome


def _export(options: argparse.Namespace, console: Any) -> int:
    from seqmem.serving import check_name, export
    from tuning import config
    from tuning.selection.select import refit
    from tuning.space import label
    from tuning.trials import COMPLETED, trial_row

    check_name(options.name)
    asked, hypermodel, outcome = _again(options)
    if outcome["status"] != COMPLETED:
        raise ProjectError(f"trial {options.trial} {outcome['status']}: {outcome['cause']}")
    row = trial_row(outcome, hypermodel.naive_loss(), float("nan"))
    forecaster = refit(hypermodel, row, search_seed=asked.seed, seeds=options.refit_seeds)
    folder = export(
        forecaster,
        options.out,
        name=options.name,
        prices=config.closes(hypermodel.prices),
        hyperparameters=row,
        project=str(options.project),
        note="chosen by hand: the test part has not been looked at",
    )
    console.print(
        f"Exported trial {options.trial}, {label(row)}, to {folder}", highlight=False, soft_wrap=True
    )
    return 0


def _rerun(options: argparse.Namespace, console: Any) -> int:
    from tuning import config
    from tuning.journal.project import find
    from tuning.rerun import rerun
    from tuning.trials import loss

    asked, hypermodel, before = _again(options)
    now = rerun(find(options.project), options.trial, hypermodel, config.tuner(asked))
    was, now_loss = loss(before["fits"]), loss(now["fits"])
    same = was == now_loss or (was != was and now_loss != now_loss)
    console.print(
        f"Trial {options.trial}: {now['status']}, loss {now_loss!r}; "
        f"in the search {before['status']}, {was!r}: "
        f"{'the same' if same else 'not the same'}",
        highlight=False,
        soft_wrap=True,
    )
    return 0 if same else 1


_COMMANDS: dict[str, Callable[[argparse.Namespace, Any], int]] = {
    "table": _table,
    "show": _show,
    "export": _export,
    "rerun": _rerun,
}
