"""A tuner made ready: seeded, logged, and brought to where its project stood."""

import gc
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras_tuner

from tuning.display.observer import Observer
from tuning.hypermodel import ForecastHyperModel
from tuning.instrumented import OBJECTIVE, watched
from tuning.journal.fingerprint import fingerprint, require_same
from tuning.journal.log import Log
from tuning.journal.oracle import Ledger
from tuning.journal.project import Project, begin, outcomes
from tuning.journal.proposals import propose_well
from tuning.stopping import Stopping
from tuning.trials import cause


class SearchFailed(RuntimeError):
    """No trial of a search gave a score, or too many in a row gave none."""


def ready(
    hypermodel: ForecastHyperModel,
    tuner: type[keras_tuner.Tuner],
    project: Project,
    *,
    max_trials: int | None,
    seed: int,
    stopping: Stopping,
    observer: Observer,
    options: Mapping[str, Any],
) -> Any:
    """A tuner that has asked nothing yet; see `search` for the arguments.

    Raises:
        SearchFailed: the first configuration cannot be built.
    """
    accepted = inspect.signature(tuner.__init__).parameters
    # KerasTuner takes a seed of 0 for none.
    offered = {"seed": 1 + seed % 2**31, "max_trials": max_trials, "max_epochs": hypermodel.epochs}
    known = {name: value for name, value in offered.items() if name in accepted and value is not None}
    try:
        running = watched(tuner)(
            hypermodel,
            objective=keras_tuner.Objective(OBJECTIVE, direction="min"),
            directory=str(project.folder),
            project_name="weights",
            **{**known, **options},
        )
    except ValueError:
        raise
    except Exception as error:  # it builds one to learn the space
        raise SearchFailed(f"the first configuration cannot be built: {cause(error)}") from error
    running.project, running.observer = project, observer
    running.stopping, running.base_seed = stopping, seed
    running.naive_losses = hypermodel.naive_losses()
    running.check_interrupt = lambda: None
    return running


def remember(
    running: Any, log: Log, hypermodel: ForecastHyperModel, *, max_trials: int | None, most_failures: int
) -> Ledger:
    """Bring the tuner's oracle to where the log ends, and write down what it says from now on."""
    oracle = running.oracle
    if max_trials is not None:  # Hyperband has no such argument
        oracle.max_trials = max_trials
    propose_well(oracle, hypermodel.space.nearest(hypermodel.task.default))
    running.others = lambda: outcomes(log.events)
    handed_in: Callable[[str], dict[str, Any]] = running.project.handed_in
    return Ledger(oracle, log, handed_in, hypermodel.choice, most_failures)


def opened_log(
    project: Project,
    hypermodel: ForecastHyperModel,
    tuner: type[keras_tuner.Tuner],
    *,
    seed: int,
    stopping: Stopping,
    options: Mapping[str, Any],
    command: Mapping[str, Any] | None,
) -> Log:
    """The log of a project, begun where there is none.

    Raises:
        ProjectError: it is that of another search, or damaged.
    """
    of = fingerprint(hypermodel, tuner, seed, **{**options, "stopping": repr(stopping)})
    naive = hypermodel.naive_losses()
    return begin(project, {"fingerprint": of, "naive": naive, "command": command}, require_same)


@contextmanager
def settled() -> Iterator[None]:
    """Spare the garbage collector what is there already: KerasTuner collects twice a trial, .2 s each."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
