"""An oracle whose every answer is written down, so that a new one can be brought to where it stood."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from keras_tuner.engine.trial import Trial, TrialStatus

from tuning.journal.log import Log, ProjectError
from tuning.trials import opened

MOST_DEATHS = 3  # of processes, in one trial


class Ledger:
    """Wraps the oracle of a tuner: what it proposes and what it is told go into the log, in their order.

    KerasTuner's oracles are functions of their seed and of what they were asked and told. So nothing of
    theirs is kept: a log is replayed into a fresh oracle, which then stands where the last one stood, a
    trial in flight included. KerasTuner's own files are written in place, lack the state of some oracles,
    and are not read.

    Args:
        oracle: fresh; its methods are wrapped.
        log: of the search; empty for a new one.
        outcome: trial id -> what its trial left behind, for the log.
        choice: hyperparameters -> name and value of each dimension.
        most_failures: consecutive failed trials at which the search stops.

    Raises:
        ProjectError: the oracle proposes something else than it did.
    """

    def __init__(
        self,
        oracle: Any,
        log: Log,
        outcome: Callable[[str], dict[str, Any]],
        choice: Callable[[Any], dict[str, Any]],
        most_failures: int,
    ) -> None:
        self._oracle, self._log, self._outcome, self._choice = oracle, log, outcome, choice
        self._most_failures, self.failures = most_failures, 0
        self._ended = {event["trial"] for event in log if event["event"] == "ended"}
        self._create, self._end = oracle.create_trial, oracle.end_trial
        self.watch: Callable[[dict[str, Any]], None] = lambda event: None
        self._lock = threading.RLock()  # a chief serves in one thread and looks for the dead in another
        self._deaths: Counter[str] = Counter()
        oracle.verbose = 0
        oracle.save = oracle._save_trial = lambda *anything: None
        oracle.max_consecutive_failed_trials = 10**9  # when to stop is said here
        _remember_the_draws(oracle)
        for event in log:
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
                trial = self._again(worker) or self._new(worker)
                if self._deaths[trial.trial_id] < MOST_DEATHS or trial.status != TrialStatus.RUNNING:
                    return trial
                self._bury(trial)

    def end_trial(self, trial: Any) -> None:
        """Tell the oracle, once; a worker that was taken for dead may tell it again."""
        with self._lock:
            if trial.trial_id in self._ended:
                return
            mine = self._oracle.trials[trial.trial_id]
            trial.hyperparameters = mine.hyperparameters  # what came over the wire has fewer digits
            try:
                outcome = self._outcome(trial.trial_id)
            except ProjectError as error:
                trial.status = TrialStatus.FAILED
                outcome = self._nothing(mine, str(error))
            self._close(trial, outcome)

    def _again(self, worker: str) -> Any:
        """The trial that this worker had when it died, if it had one."""
        trial = self._oracle.ongoing_trials.get(worker)
        if trial is not None:
            self._write({"event": "again", "trial": trial.trial_id, "worker": worker})
            self._count_again({"trial": trial.trial_id})
            trial.metrics.metrics.clear()
        return trial

    def _new(self, worker: str) -> Any:
        if self.stopped:
            self._oracle.tuner_ids.discard(worker)
            return Trial(self._oracle.hyperparameters.copy(), "", TrialStatus.STOPPED)
        trial = self._create(worker)
        if trial.status == TrialStatus.RUNNING:
            values = trial.hyperparameters.values
            self._write({"event": "created", "trial": trial.trial_id, "worker": worker, "values": values})
        elif trial.status == TrialStatus.IDLE and self._log.events[-1]["event"] != "idle":
            self._write({"event": "idle", "worker": worker})  # the oracle may have opened a new bracket
        return trial

    def interrupted(self, worker: str) -> None:
        """Its worker was asked to stop: that is no death."""
        with self._lock:
            trial = self._oracle.ongoing_trials.get(worker)
            if trial is not None:
                self._write({"event": "interrupted", "trial": trial.trial_id})
                self._forgive({"trial": trial.trial_id})

    def lost(self, worker: str) -> None:
        """Its worker is gone: the trial goes to whoever asks next."""
        with self._lock:
            if worker in self._oracle.ongoing_trials:
                self._lose({"worker": worker})
                self._write({"event": "lost", "worker": worker})

    def _close(self, trial: Any, outcome: dict[str, Any]) -> None:
        self._ended.add(trial.trial_id)
        if trial.status == TrialStatus.COMPLETED:
            self._hear(trial.trial_id, outcome["score"])
        self._end(trial)
        mine = self._oracle.trials[trial.trial_id]
        failed = mine.status == TrialStatus.FAILED
        self.failures = self.failures + 1 if failed else 0
        score = None if failed else mine.score
        self._write({"event": "ended", "trial": mine.trial_id, "score": score, "outcome": outcome})

    def _hear(self, trial: str, score: float) -> None:
        """The score with all of its digits."""
        self._oracle.trials[trial].metrics.metrics.clear()
        self._oracle.update_trial(trial, {self._oracle.objective.name: score})

    def _bury(self, trial: Any) -> None:
        """A trial in which process after process died is a failed one."""
        trial.status = TrialStatus.FAILED
        died = f"{MOST_DEATHS} processes died in it: out of memory, perhaps"
        self._close(trial, self._nothing(trial, died))

    def _nothing(self, trial: Any, cause: str) -> dict[str, Any]:
        outcome = opened(trial.trial_id, self._choice(trial.hyperparameters))
        return outcome | {"status": "failed", "cause": cause}

    def _write(self, event: dict[str, Any]) -> None:
        self._log.append(event)
        self.watch(event)

    def _count_again(self, event: dict[str, Any]) -> None:
        self._deaths[event["trial"]] += 1

    def _forgive(self, event: dict[str, Any]) -> None:
        self._deaths[event["trial"]] -= 1

    def _begun(self, event: dict[str, Any]) -> None:
        pass

    def _idle(self, event: dict[str, Any]) -> None:
        self._create(event["worker"])

    def _created(self, event: dict[str, Any]) -> None:
        trial = self._create(event["worker"])
        said = {name: trial.hyperparameters.values.get(name) for name in event["values"]}
        if int(trial.trial_id or -1) != int(event["trial"]) or said != event["values"]:
            raise ProjectError(
                f"{self._log.path}: trial {event['trial']} was {event['values']}, and the tuner now proposes "
                f"{said}: it does not follow from its seed. --fresh starts over"
            )

    def _tell(self, event: dict[str, Any]) -> None:
        trial = next(t for t in self._oracle.trials.values() if int(t.trial_id) == int(event["trial"]))
        told = Trial(trial.hyperparameters, trial.trial_id, TrialStatus.FAILED)
        if event["score"] is not None:
            self._hear(trial.trial_id, event["score"])
            told.status = TrialStatus.COMPLETED
        self._end(told)

    def _lose(self, event: dict[str, Any]) -> None:
        trial = self._oracle.ongoing_trials.pop(event["worker"], None)
        self._oracle.tuner_ids.discard(event["worker"])
        if trial is not None:
            self._oracle._retry_queue.append(trial.trial_id)
            self._deaths[trial.trial_id] += 1
            trial.metrics.metrics.clear()


_REPLAY: dict[str, Callable[[Ledger, dict[str, Any]], None]] = {
    "begun": Ledger._begun,
    "created": Ledger._created,
    "idle": Ledger._idle,
    "ended": Ledger._tell,
    "lost": Ledger._lose,
    "again": Ledger._count_again,
    "interrupted": Ledger._forgive,
}


def _remember_the_draws(oracle: Any) -> None:
    """An answer of "later" or "no more" draws nothing: the log does not have all of them."""
    propose = oracle.populate_space

    def populate_space(trial_id: str) -> dict[str, Any]:
        before = oracle._seed_state
        proposal: dict[str, Any] = propose(trial_id)
        if proposal["status"] != TrialStatus.RUNNING:
            oracle._seed_state = before
        return proposal

    oracle.populate_space = populate_space
