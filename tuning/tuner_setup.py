"""A tuner made ready: seeded, journaled, and brought to where its project stood."""

import gc
import inspect
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras_tuner
import numpy as np

from tuning.display.reporters import Observer
from tuning.hypermodel import ForecastHyperModel
from tuning.instrumented import OBJECTIVE, instrumented
from tuning.journal.events import Journal
from tuning.journal.fingerprint import fingerprint, require_same
from tuning.journal.oracle import ReplayableOracle
from tuning.journal.project import Project, open_journal, outcomes
from tuning.stopping import Stopping
from tuning.trials import error_line


class SearchFailed(RuntimeError):
    """No trial of a search gave a score, or too many in a row gave none."""


def make_tuner(
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
    """A tuner whose oracle has not been asked yet; see `search` for the arguments.

    Raises:
        SearchFailed: the first configuration cannot be built.
    """
    accepted = inspect.signature(tuner.__init__).parameters
    # KerasTuner takes a seed of 0 for none.
    offered = {"seed": 1 + seed % 2**31, "max_trials": max_trials, "max_epochs": hypermodel.recipe.epochs}
    known = {name: value for name, value in offered.items() if name in accepted and value is not None}
    try:
        made = instrumented(tuner)(
            hypermodel,
            objective=keras_tuner.Objective(OBJECTIVE, direction="min"),
            directory=str(project.folder),
            project_name="weights",
            **{**known, **options},
        )
    except ValueError:
        raise
    except Exception as error:  # it builds one to learn the space
        raise SearchFailed(f"the first configuration cannot be built: {error_line(error)}") from error
    made.project, made.observer = project, observer
    made.stopping, made.base_seed = stopping, seed
    made.naive_losses = hypermodel.naive_losses()
    return made


def replay(
    tuner: Any,
    journal: Journal,
    hypermodel: ForecastHyperModel,
    *,
    max_trials: int | None,
    most_failures: int,
) -> ReplayableOracle:
    """Bring the tuner's oracle to where the journal ends, and journal its answers from now on."""
    oracle = tuner.oracle
    if max_trials is not None:  # Hyperband has no such argument
        oracle.max_trials = max_trials
    with_default_first(oracle, hypermodel.space.nearest(hypermodel.first))
    tuner.earlier_outcomes = lambda: outcomes(journal.events)
    return ReplayableOracle(oracle, journal, tuner.project, hypermodel.choice, most_failures)


def journal_of(
    project: Project,
    hypermodel: ForecastHyperModel,
    tuner: type[keras_tuner.Tuner],
    *,
    seed: int,
    stopping: Stopping,
    options: Mapping[str, Any],
    command: Mapping[str, Any] | None,
) -> Journal:
    """The journal of a project, started where there is none.

    Raises:
        ProjectError: it is that of another search, or damaged.
    """
    of = fingerprint(hypermodel, tuner, seed, **{**options, "stopping": repr(stopping)})
    naive = hypermodel.naive_losses()
    return open_journal(project, {"fingerprint": of, "naive": naive, "command": command}, require_same)


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Spare the garbage collector what is there already: KerasTuner collects twice a trial, .2 s each."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def with_default_first(oracle: Any, default: Mapping[str, Any]) -> None:
    """Wrap an oracle's proposals: the default configuration first, and no configuration twice.

    The first random draw is the default configuration (a grid begins at the defaults by itself). Bayesian
    optimisation on a small space proposes the same point again and again: a random new one takes its
    place. And its random numbers follow from the number of the trial, not from how often it was asked.
    """
    propose, draw = oracle.populate_space, oracle._random_values

    def random_values() -> Any:
        if not oracle.trials:
            declared = oracle.hyperparameters.space
            return {hp.name: default.get(hp.name, hp.default) for hp in declared}
        return draw()

    def populate_space(trial_id: str) -> dict[str, Any]:
        if hasattr(oracle, "_random_state"):
            oracle._random_state = np.random.RandomState((oracle.seed + 7919 * int(trial_id)) % 2**32)
        with warnings.catch_warnings():
            # scikit-learn's Gaussian process on a dozen points: its length scale sits on its bound
            warnings.filterwarnings("ignore", "The optimal value found for dimension")
            proposal: dict[str, Any] = propose(trial_id)
        if proposal["status"] == "RUNNING" and oracle._duplicate(proposal["values"]):
            values = random_values()
            return {"status": "RUNNING" if values else "STOPPED", "values": values}
        return proposal

    oracle._random_values, oracle.populate_space = random_values, populate_space
