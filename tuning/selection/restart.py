"""A search repeated with new rows: it begins with the winner of the search before, which is put aside."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset
from tuning.hypermodel import ForecastHyperModel
from tuning.journal.events import ProjectError, read
from tuning.journal.fingerprint import data_fingerprint, fingerprint
from tuning.journal.history import check_events
from tuning.journal.project import FIRST, FITS, TRIALS, Project, outcomes
from tuning.selection.noise import measure
from tuning.selection.rules import Rule
from tuning.space import label
from tuning.trials import COMPLETED, trial_table

BEFORE = "before"  # the folder of earlier searches, each by the last date of its data
NEW = ("data", "versions", "first")  # what may differ between a search and the one with more rows


def restart_with_new_rows(
    project: Project, hypermodel: ForecastHyperModel, tuner: type, seed: int, rule: Rule, **options: Any
) -> str:
    """Put a search aside that differs in its rows alone, and let the next one begin with its winner.

    Nothing is done where there is no search, where it is the same one, or where more has changed than that
    rows have been added: going on then says what changed.

    Args:
        project: of the search.
        hypermodel: of now; its first configuration becomes the winner.
        tuner: of now.
        seed: of now.
        rule: that takes the winner.
        **options: of the fingerprint.

    Returns:
        What was done, in a sentence; empty where nothing was.

    Raises:
        ProjectError: a journal that is damaged.
    """
    events = read(project.journal)
    if not events:
        return ""
    check_events(events, project.journal)
    was, now = events[0]["fingerprint"], fingerprint(hypermodel, tuner, seed, **options)
    differs = {name for name in {**was, **now} if was.get(name) != now.get(name)}
    if "data" not in differs or differs - {*NEW} or not _has_more_rows(was["data"], hypermodel):
        return ""
    done, last = outcomes(events), str(was["data"]["last"]).partition(" ")[0]
    table = trial_table(done, float(np.mean(events[0]["naive"])))
    first = ""
    if len(table) and (table["status"] == COMPLETED).any():
        taken, _ = rule.take(table, measure(done))
        choice = {name: taken[name] for name in hypermodel.space.nearest() if name in taken}
        hypermodel.first = hypermodel.space.nearest({**hypermodel.task.default, **choice})
        first = f", first with its winner, {label(hypermodel.first)}"
    with project.locked():
        aside = _put_aside(project, last)
        project.write_first(hypermodel.first)
    return f"New rows since {last}: the search begins again{first}. The one before is in {aside}."


def _has_more_rows(was: Mapping[str, Any], hypermodel: ForecastHyperModel) -> bool:
    """Whether the rows up to the last of an earlier search are those that it had."""
    data, last = hypermodel.data, was["last"]
    dated = isinstance(data.dates(data.ids[0]), pd.DatetimeIndex)
    try:
        end: Any = pd.Timestamp(last) if dated else int(last)
    except ValueError:
        return False
    frames = {name: frame[frame.index <= end] for name, frame in data.frames.items()}
    if not all(map(len, frames.values())):
        return False
    earlier: Dataset = replace(data, frames=frames)
    columns = hypermodel.task.target(data).columns
    return len(earlier) < len(data) and data_fingerprint(earlier, columns) == dict(was)


def _put_aside(project: Project, last: str) -> Any:
    """Move the journal, the tables and the weights; a name that is taken has a number added."""
    aside = project.folder / BEFORE / last
    for number in range(2, 1000):
        if not aside.exists():
            break
        aside = project.folder / BEFORE / f"{last}-{number}"
    else:
        raise ProjectError(f"{project.folder / BEFORE}: has too many searches up to {last}")
    aside.mkdir(parents=True)
    for name in (project.journal.name, TRIALS, FITS, "weights", FIRST):
        if (project.folder / name).exists():
            shutil.move(project.folder / name, aside / name)
    for name in ("results", "workers"):
        shutil.rmtree(project.folder / name, ignore_errors=True)
    (project.folder / "results").mkdir()
    return aside
