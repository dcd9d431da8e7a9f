"""An oracle whose every answer is written down, so that a new one can be brought to where it stood."""

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from keras_tuner.engine.trial import Trial, TrialStatus

from tuning.journal.attempts import is_hopeless, why_hopeless
from tuning.journal.events import Journal, ProjectError
from tuning.journal.project import Project
from tuning.trials import new_outcome


class ReplayableOracle:
    """Wraps the oracle of a tuner: what it proposes and what it is told is journaled, in that order.

    KerasTuner's oracles are functions of their seed and of what they were asked and told. So nothing of
    theirs is kept: a journal is replayed into a fresh oracle, which then stands where the last one stood, a
    trial in flight included. KerasTuner's own files are written in place, lack the state of some oracles,
    and are not read.

    Args:
        oracle: fresh; its methods are wrapped.
        journal: of the search; empty for a new one.
        project: where trials leave their results.
        choice: hyperparameters -> name and value of each dimension.
        most_failures: consecutive failed trials at which the search stops.

    Raises:
        ProjectError: the oracle proposes something else than it did.
    """

    def __init__(
        self,
        oracle: Any,
        journal: Journal,
        project: Project,
        choice: Callable[[Any], dict[str, Any]],
        most_failures: int,
    ) -> None:
        self._oracle, self._journal, self._project, self._choice = oracle, journal, project, choice
        self._most_failures = most_failures
        self.failures: int = 0
        self._ended = {int(event["trial"]) for event in journal if event["event"] == "ended"}
        self._create, self._end = oracle.create_trial, oracle.end_trial
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None
        self._lock = threading.RLock()  # a chief serves in one thread and looks for the dead in another
        self._deaths: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        oracle.verbose = 0
        oracle.save = oracle._save_trial = lambda *anything: None
        oracle.max_consecutive_failed_trials = 10**9  # when to stop is decided here
        _keep_draws(oracle)
        for event in journal:
            _REPLAY[event["event"]](self, event)
        oracle.create_trial, oracle.end_trial = self.create_trial, self.end_trial

    @property
    def stopped(self) -> bool:
        """Whether too many trials in a row have failed, in this run."""
        return self.failures >= self._most_failures

    def create_trial(self, worker: str) -> Any:
        """What the oracle proposes, or the trial that this worker has not ended."""
        with self._lock:
            while True:
                trial = self._restart(worker) or self._propose(worker)
                if trial.status != TrialStatus.RUNNING or not is_hopeless(self._deaths[int(trial.trial_id)]):
                    return trial
                self._fail_after_crashes(trial)

    def end_trial(self, trial: Any) -> None:
        """Tell the oracle, once; a worker that was taken for dead may tell it again."""
        with self._lock:
            if int(trial.trial_id) in self._ended:
                return
            own = self._oracle.trials[trial.trial_id]
            trial.hyperparameters = own.hyperparameters  # what came over the wire has fewer digits
            try:
                outcome = self._project.collect_result(trial.trial_id)
            except ProjectError as error:
                trial.status = TrialStatus.FAILED
                outcome = self._failed(own, str(error))
            self._close(trial, outcome)

    def interrupt(self, worker: str) -> None:
        """Note that its worker was asked to stop: the end that follows is not the trial's fault."""
        with self._lock:
            trial = self._oracle.ongoing_trials.get(worker)
            if trial is not None:
                self._project.attempts.interrupt(trial.trial_id)

    def release(self, worker: str) -> None:
        """Its worker is gone: the trial goes to whoever asks next."""
        with self._lock:
            trial = self._oracle.ongoing_trials.get(worker)
            if trial is not None:
                self._mourn({"event": "released", "trial": trial.trial_id, "worker": worker}, self._released)

    def _restart(self, worker: str) -> Any:
        """The trial that this worker had when it died, if it had one."""
        trial = self._oracle.ongoing_trials.get(worker)
        if trial is not None:
            self._mourn({"event": "restarted", "trial": trial.trial_id, "worker": worker}, self._restarted)
            trial.metrics.metrics.clear()
        return trial

    def _mourn(self, event: dict[str, Any], replay: Callable[[dict[str, Any]], None]) -> None:
        """Write down that an attempt ended without an end, and how."""
        event["death"] = self._project.attempts.death(event["trial"])
        self._write(event)
        self._project.attempts.forget(event["trial"])  # or its signs would be read twice
        replay(event)

    def _propose(self, worker: str) -> Any:
        if self.stopped:
            self._oracle.tuner_ids.discard(worker)
            return Trial(self._oracle.hyperparameters.copy(), "", TrialStatus.STOPPED)
        trial = self._create(worker)
        if trial.status == TrialStatus.RUNNING:
            values = trial.hyperparameters.values
            self._write({"event": "created", "trial": trial.trial_id, "worker": worker, "values": values})
        elif trial.status == TrialStatus.IDLE and self._journal.events[-1]["event"] != "idle":
            self._write({"event": "idle", "worker": worker})  # the oracle may have opened a new bracket
        return trial

    def _close(self, trial: Any, outcome: dict[str, Any]) -> None:
        self._ended.add(int(trial.trial_id))
        if trial.status == TrialStatus.COMPLETED:
            self._record_score(trial.trial_id, outcome["score"])
        self._end(trial)
        own = self._oracle.trials[trial.trial_id]
        failed = own.status == TrialStatus.FAILED
        self.failures = self.failures + 1 if failed else 0
        score = None if failed else own.score
        self._write({"event": "ended", "trial": own.trial_id, "score": score, "outcome": outcome})

    def _record_score(self, trial: str, score: float) -> None:
        """The score with all of its digits."""
        self._oracle.trials[trial].metrics.metrics.clear()
        self._oracle.update_trial(trial, {self._oracle.objective.name: score})

    def _fail_after_crashes(self, trial: Any) -> None:
        """A trial in which process after process died is a failed one."""
        trial.status = TrialStatus.FAILED
        self._close(trial, self._failed(trial, why_hopeless(self._deaths[int(trial.trial_id)])))

    def _failed(self, trial: Any, cause: str) -> dict[str, Any]:
        outcome = new_outcome(trial.trial_id, self._choice(trial.hyperparameters))
        return outcome | {"status": "failed", "cause": cause}

    def _write(self, event: dict[str, Any]) -> None:
        self._journal.append(event)
        self.on_event(event)

    def _started(self, event: dict[str, Any]) -> None:
        pass

    def _idle(self, event: dict[str, Any]) -> None:
        self._create(event["worker"])

    def _created(self, event: dict[str, Any]) -> None:
        trial = self._create(event["worker"])
        proposed = {name: trial.hyperparameters.values.get(name) for name in event["values"]}
        if int(trial.trial_id or -1) != int(event["trial"]) or proposed != event["values"]:
            raise ProjectError(
                f"{self._journal.path}: trial {event['trial']} was {event['values']}, and the tuner now "
                f"proposes {proposed}: it does not follow from its seed. --fresh starts over"
            )

    def _restarted(self, event: dict[str, Any]) -> None:
        self._deaths[int(event["trial"])].append(event["death"])

    def _released(self, event: dict[str, Any]) -> None:
        self._restarted(event)
        trial = self._oracle.ongoing_trials.pop(event["worker"], None)
        self._oracle.tuner_ids.discard(event["worker"])
        if trial is not None:
            self._oracle._retry_queue.append(trial.trial_id)
            trial.metrics.metrics.clear()

    def _told(self, event: dict[str, Any]) -> None:
        trial = next(t for t in self._oracle.trials.values() if int(t.trial_id) == int(event["trial"]))
        told = Trial(trial.hyperparameters, trial.trial_id, TrialStatus.FAILED)
        if event["score"] is not None:
            self._record_score(trial.trial_id, event["score"])
            told.status = TrialStatus.COMPLETED
        self._end(told)


_REPLAY: dict[str, Callable[[ReplayableOracle, dict[str, Any]], None]] = {
    "started": ReplayableOracle._started,
    "created": ReplayableOracle._created,
    "idle": ReplayableOracle._idle,
    "ended": ReplayableOracle._told,
    "released": ReplayableOracle._released,
    "restarted": ReplayableOracle._restarted,
}


def _keep_draws(oracle: Any) -> None:
    """An answer of "later" or "no more" draws nothing: the journal does not have all of them."""
    propose = oracle.populate_space

    def populate_space(trial_id: str) -> dict[str, Any]:
        before = oracle._seed_state
        proposal: dict[str, Any] = propose(trial_id)
        if proposal["status"] != TrialStatus.RUNNING:
            oracle._seed_state = before
        return proposal

    oracle.populate_space = populate_space
