"""One trial run again, by itself."""

import tempfile
from pathlib import Path
from typing import Any

import keras_tuner

from tuning.display.reporters import Observer
from tuning.hypermodel import ForecastHyperModel
from tuning.journal.events import NAME, read
from tuning.journal.history import check_events
from tuning.journal.project import Project, outcomes
from tuning.stopping import Never, Stopping
from tuning.trials import STOPPED
from tuning.tuner_setup import make_tuner


def rerun(
    directory: str | Path,
    trial: str | int,
    hypermodel: ForecastHyperModel,
    tuner: type[keras_tuner.Tuner] = keras_tuner.BayesianOptimization,
    **options: Any,
) -> dict[str, Any]:
    """Run one trial of a search again, and nothing else: it scores what it scored.

    A trial of Hyperband's that went on from another's weights runs that one first.

    Args:
        directory: the project; it is only read.
        trial: which.
        hypermodel: that was searched over.
        tuner: the class that searched.
        **options: of it.

    Returns:
        What it did: status, cause, and its fits.

    Raises:
        ValueError: no such trial.
    """
    events = read(Path(directory) / NAME)
    check_events(events, Path(directory) / NAME)
    values = {int(event["trial"]): event["values"] for event in events if event["event"] == "created"}
    before = {int(outcome["trial"]): outcome for outcome in outcomes(events)}
    if int(trial) not in before:
        raise ValueError(f"{directory}: expected a trial of {sorted(before)}. Received: {trial}")
    seed = events[0]["fingerprint"]["seed"]
    with tempfile.TemporaryDirectory(prefix="seqmem-rerun-") as folder:
        project = Project(folder)
        kind = {"max_trials": None, "stopping": Never(), "observer": Observer(), "options": options}
        made = make_tuner(hypermodel, tuner, project, seed=seed, **kind)  # type: ignore[arg-type]
        made.earlier_outcomes = list
        for number in _parents(int(trial), values):
            made.stopping = _StopAsBefore(before[number])
            outcome = _run_once(made, before[number]["trial"], values[number])
    return outcome


def _parents(trial: int, values: dict[int, dict[str, Any]]) -> list[int]:
    """The trials that it goes on from, the first one first, and itself."""
    line = [trial]
    while (parent := values[line[0]].get("tuner/trial_id")) is not None:
        line.insert(0, int(parent))
    return line


def _run_once(tuner: Any, number: str, values: dict[str, Any]) -> dict[str, Any]:
    hyperparameters = tuner.oracle.get_space()
    hyperparameters.values = dict(values)
    trial = keras_tuner.engine.trial.Trial(hyperparameters, number, "RUNNING")
    tuner.oracle.trials[number] = trial
    tuner.oracle._save_trial = lambda trial: None
    tuner.oracle.end_trial = lambda trial: None
    tuner.on_trial_begin(trial)
    try:
        tuner._try_run_and_update_trial(trial)
    finally:
        tuner.project.attempts.end(number)
    outcome: dict[str, Any] = tuner.outcome
    return outcome


class _StopAsBefore(Stopping):
    """Stops after the fold that the trial stopped after."""

    def __init__(self, before: dict[str, Any]) -> None:
        self._before = before

    def reason_to_stop(self, fits: Any, others: Any) -> str:
        """The cause that it had."""
        stopped = self._before["status"] == STOPPED and len(fits) == len(self._before["fits"])
        return str(self._before["cause"]) if stopped else ""
