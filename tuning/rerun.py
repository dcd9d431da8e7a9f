"""One trial again, by itself."""

import tempfile
from pathlib import Path
from typing import Any

import keras_tuner

from tuning.display.observer import Observer
from tuning.hypermodel import ForecastHyperModel
from tuning.journal.log import NAME, read
from tuning.journal.project import Project, outcomes
from tuning.stopping import Never, Stopping
from tuning.trials import STOPPED
from tuning.tuner_setup import ready


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
    values = {int(event["trial"]): event["values"] for event in events if event["event"] == "created"}
    before = {int(outcome["trial"]): outcome for outcome in outcomes(events)}
    if int(trial) not in before:
        raise ValueError(f"{directory}: expected a trial of {sorted(before)}. Received: {trial}")
    seed = events[0]["fingerprint"]["seed"]
    with tempfile.TemporaryDirectory(prefix="seqmem-rerun-") as folder:
        project = Project(folder)
        kind = {"max_trials": None, "stopping": Never(), "observer": Observer(), "options": options}
        running = ready(hypermodel, tuner, project, seed=seed, **kind)  # type: ignore[arg-type]
        running.others = list
        for number in _parents(int(trial), values):
            running.stopping = _AsBefore(before[number])
            outcome = _once(running, before[number]["trial"], values[number])
    return outcome


def _parents(trial: int, values: dict[int, dict[str, Any]]) -> list[int]:
    """The trials that it goes on from, the first one first, and itself."""
    line = [trial]
    while (parent := values[line[0]].get("tuner/trial_id")) is not None:
        line.insert(0, int(parent))
    return line


def _once(running: Any, trial: str, values: dict[str, Any]) -> dict[str, Any]:
    hyperparameters = running.oracle.get_space()
    hyperparameters.values = dict(values)
    mine = keras_tuner.engine.trial.Trial(hyperparameters, trial, "RUNNING")
    running.oracle.trials[trial] = mine
    running.oracle._save_trial = lambda trial: None
    running.oracle.end_trial = lambda trial: None
    running.on_trial_begin(mine)
    running._try_run_and_update_trial(mine)
    outcome: dict[str, Any] = running.outcome
    return outcome


class _AsBefore(Stopping):
    """Stops after the fold that the trial stopped after."""

    def __init__(self, before: dict[str, Any]) -> None:
        self._before = before

    def hopeless(self, fits: Any, others: Any) -> str:
        """The cause that it had."""
        stopped = self._before["status"] == STOPPED and len(fits) == len(self._before["fits"])
        return str(self._before["cause"]) if stopped else ""
