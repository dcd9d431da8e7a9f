"""After a search: ``seqmem table``, ``show``, ``export`` and ``rerun``."""

import argparse
from typing import Any

from seqmem.cli.command import Command
from seqmem.cli.options import add_export, add_files, add_threads, check_export, check_files, whole
from tuning.journal.events import ProjectError
from tuning.journal.user_code import require_trusted


def _add_project(parse: argparse.ArgumentParser) -> None:
    parse.add_argument("project", metavar="PROJECT", help="the folder of the search, or its name in .tuning")


def _add_trial(parse: argparse.ArgumentParser) -> None:
    _add_project(parse)
    parse.add_argument("trial", type=whole(0), metavar="TRIAL", help="its number in the table")


def _add_table_options(parse: argparse.ArgumentParser) -> None:
    _add_project(parse)
    parse.add_argument("--fits", action="store_true", help="a row for each fold and seed")
    add_files(parse, csv="write it there too")


def _add_rerun_options(parse: argparse.ArgumentParser) -> None:
    _add_trial(parse)
    about = "run the code that the project names as module:Class"
    parse.add_argument("--trust", action="store_true", help=about)
    add_threads(parse)


def _add_export_options(parse: argparse.ArgumentParser) -> None:
    _add_rerun_options(parse)
    add_export(parse, "--name", required=True, help="the name of the exported model")
    about = "train it on all rows, or on those before the test part (--final)"
    parse.add_argument("--final", action=argparse.BooleanOptionalAction, default=True, help=about)
    about = "trainings, served as their mean (1)"
    parse.add_argument("--refit-seeds", type=whole(1), default=1, metavar="N", help=about)


def _check_table(options: argparse.Namespace) -> None:
    _read(options)
    check_files(options)


def _check_trial(options: argparse.Namespace) -> None:
    _one(options)


def _check_rerun(options: argparse.Namespace) -> None:
    first, _ = _one(options)
    require_trusted(first, str(options.project), trust=options.trust)


def _check_export(options: argparse.Namespace) -> None:
    from tuning.trials import COMPLETED

    _check_rerun(options)
    _, outcome = _one(options)
    if outcome["status"] != COMPLETED:
        raise ProjectError(f"trial {options.trial} {outcome['status']}: {outcome['cause']}")
    check_export(options.name, options)


def _read(options: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from tuning.journal.project import find, read_project

    return read_project(find(options.project))


def _one(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    first, done = _read(options)
    for outcome in done:
        if int(outcome["trial"]) == options.trial:
            return first, outcome
    known = sorted(int(outcome["trial"]) for outcome in done)
    raise ProjectError(f"{options.project}: expected a trial of {known}. Received: {options.trial}")


def _table(options: argparse.Namespace, console: Any) -> int:
    from statistics import fmean

    from seqmem.files import written_whole
    from seqmem.report import heading, table
    from tuning.trials import fit_table, trial_table

    first, done = _read(options)
    naive = fmean(first["naive"])
    shown = fit_table(done) if options.fits else trial_table(done, naive)
    if options.csv:
        with written_whole(options.csv) as draft:
            shown.to_csv(draft, index=False)
    heading(f"{len(done)} trials; no change: {naive:.5f}", console)
    formats = dict.fromkeys(("loss", "ratio", "of_default", "naive"), ".4f") | {"learning_rate": "g"}
    console.print(table(shown, formats=formats, most=200))
    return 0


def _show(options: argparse.Namespace, console: Any) -> int:
    from seqmem.report import heading, table
    from tuning.trials import fit_table

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


def _recalled(options: argparse.Namespace) -> tuple[Any, Any, dict[str, Any]]:
    """The options of the search, what it searched over, and the trial; if all is as it was."""
    from tuning import config

    first, outcome = _one(options)
    asked = config.from_record(first, str(options.project))
    hypermodel = config.hypermodel(asked)
    hypermodel.first = first["fingerprint"].get("first") or hypermodel.first
    from tuning.journal.fingerprint import fingerprint, require_same

    now = fingerprint(hypermodel, config.tuner(asked), asked.seed)
    was = first["fingerprint"] | {"tuner": now["tuner"]}
    require_same(was, now, options.project)
    return asked, hypermodel, outcome


def _export(options: argparse.Namespace, console: Any) -> int:
    from seqmem.lifecycle.dates import trained_until
    from seqmem.serving import export
    from tuning.selection.select import refit
    from tuning.space import label
    from tuning.trials import trial_row

    asked, hypermodel, outcome = _recalled(options)
    row, data = trial_row(outcome, hypermodel.naive_loss(), float("nan")), hypermodel.data
    split = hypermodel.split.final(data) if options.final else hypermodel.refit_split
    forecaster = refit(hypermodel, row, search_seed=asked.seed, seeds=options.refit_seeds, split=split)
    folder = export(
        forecaster,
        options.out,
        name=options.name,
        prices=data,
        dates={"trained": trained_until(data, split)},
        final=options.final,
        hyperparameters=row,
        project=str(options.project),
        note="chosen by hand: it was not scored on the test part",
    )
    console.print(
        f"Exported trial {options.trial}, {label(row)}, to {folder}", highlight=False, soft_wrap=True
    )
    return 0


def _rerun(options: argparse.Namespace, console: Any) -> int:
    from tuning import config
    from tuning.journal.project import find
    from tuning.reproduce import rerun
    from tuning.trials import mean_loss

    asked, hypermodel, before = _recalled(options)
    now = rerun(find(options.project), options.trial, hypermodel, config.tuner(asked))
    was, now_loss = mean_loss(before["fits"]), mean_loss(now["fits"])
    same = was == now_loss or (was != was and now_loss != now_loss)
    console.print(
        f"Trial {options.trial}: {now['status']}, loss {now_loss!r}; "
        f"in the search {before['status']}, {was!r}: "
        f"{'the same' if same else 'not the same'}",
        highlight=False,
        soft_wrap=True,
    )
    return 0 if same else 1


def _command(name: str, summary: str, run: Any, *, trains: bool = False, **parts: Any) -> Command:
    about = f"{summary[0].upper()}{summary[1:]}."
    return Command(name, "After a search", summary, about, run=run, trains=trains, **parts)


TABLE = _command(
    "table",
    "list the trials of a search, the best first",
    _table,
    add_options=_add_table_options,
    check=_check_table,
)
SHOW = _command(
    "show",
    "show one trial: its settings, and every training of it",
    _show,
    add_options=_add_trial,
    check=_check_trial,
)
RERUN = _command(
    "rerun",
    "run one trial again by itself, and compare",
    _rerun,
    trains=True,
    add_options=_add_rerun_options,
    check=_check_rerun,
)
EXPORT = _command(
    "export",
    "train one trial again, and export it",
    _export,
    trains=True,
    add_options=_add_export_options,
    check=_check_export,
)
