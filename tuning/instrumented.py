"""A tuner class instrumented: it fits over folds and seeds, keeps each fit, and writes failures down."""

import errno
import os
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import keras
import keras_tuner
import numpy as np

from seqmem.models.callbacks import TrainingDiverged
from tuning.display.reporters import Observer
from tuning.journal.project import Project
from tuning.stopping import Stopping
from tuning.trials import COMPLETED, STOPPED, error_line, fit_row, mean_loss, new_outcome

OBJECTIVE = "val_loss"


class _FoldsAndSeeds(keras_tuner.Tuner):
    """Below a tuner class: where KerasTuner trains once, train on every fold with every seed."""

    hypermodel: Any
    project: Project
    naive_losses: list[float]
    base_seed: int
    stopping: Stopping
    earlier_outcomes: Callable[[], list[dict[str, Any]]]
    observer: Observer
    outcome: dict[str, Any]
    fold = -1
    seed = 0

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        fits, folds = self.outcome["fits"], self.hypermodel.folds.count
        for fold in range(folds):
            for seed in range(self.hypermodel.seeds):
                fits.append(self._fit(trial, fold, seed, *args, **kwargs))
            if fold + 1 < folds and "tuner/epochs" not in trial.hyperparameters.values:
                why = self.stopping.reason_to_stop(fits, self.earlier_outcomes())
                if why:
                    self.outcome |= {"status": STOPPED, "cause": why}
                    return self._scored(self._estimate(fits))
        return self._scored(mean_loss(fits))

    def _scored(self, score: float) -> dict[str, float]:
        self.outcome["score"] = score
        return {OBJECTIVE: score}

    def _fit(self, trial: Any, fold: int, seed: int, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self.fold, self.seed = fold, seed
        keras.utils.set_random_seed(fit_seed(self.base_seed, trial.trial_id, fold, seed))
        self.observer.fit_began(trial.trial_id, fold, seed)
        since = time.monotonic()
        self.losses: list[float] = []
        self.weights = 0
        super().run_trial(trial, *args, fold=fold, seed=seed, **kwargs)
        row = fit_row(
            fold=fold,
            seed=seed,
            weights=self.weights,
            losses=self.losses,
            first_epoch=kwargs.get("initial_epoch", 0),
            naive=self.naive_losses[fold],
        )
        return row | {"seconds": round(time.monotonic() - since, 3)}

    def on_epoch_end(self, trial: Any, model: Any, epoch: int, logs: dict[str, float] | None = None) -> None:
        super().on_epoch_end(trial, model, epoch, logs)
        self.weights = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        self.losses.append(float((logs or {}).get(OBJECTIVE, float("nan"))))
        self.project.attempts.epoch_ended(trial.trial_id)
        self.observer.epoch_ended(trial.trial_id, epoch + 1, self.losses[-1], min(self.losses))

    def _get_checkpoint_fname(self, trial_id: str) -> str:
        name: str = super()._get_checkpoint_fname(trial_id)
        fold = self.fold % self.hypermodel.folds.count
        return name.replace(".weights.h5", f".{fold}.{self.seed}.weights.h5")

    def _estimate(self, fits: list[dict[str, Any]]) -> float:
        """The score of a trial that stopped: as far from the naive loss on all folds as on these."""
        return (
            mean_loss(fits)
            - float(np.mean([fit["naive"] for fit in fits]))
            + float(np.mean(self.naive_losses))
        )


class _Monitored:
    """Above a tuner class: tells the observer, obeys Ctrl-C, and leaves the result of each trial."""

    project: Project
    observer: Observer
    outcome: dict[str, Any]

    def check_interrupt(self) -> None:
        """Raise KeyboardInterrupt, if there was one; see `deferred_interrupt`."""

    def save(self) -> None:
        """Nothing: the journal is what is kept."""

    def _try_run_and_update_trial(self, trial: Any, *args: Any, **kwargs: Any) -> None:
        """As KerasTuner's, but without its traceback on the terminal: the cause goes into the table."""
        try:
            self._run_and_update_trial(trial, *args, **kwargs)  # type: ignore[attr-defined]
            trial.status = "COMPLETED"
            if self.outcome["status"] != STOPPED:
                self.outcome["status"] = COMPLETED
        except keras_tuner.errors.FatalError:
            raise
        except Exception as error:
            self.check_interrupt()  # TensorFlow may have taken an interrupt for an error
            if _is_disk_full(error):
                raise OSError(f"no space left in {self.project.folder}: {error_line(error)}") from error
            trial.status, trial.message = "FAILED", traceback.format_exc()
            status = "diverged" if isinstance(error, TrainingDiverged) else "failed"
            self.outcome |= {"status": status, "cause": error_line(error)}

    def on_trial_begin(self, trial: Any) -> None:
        super().on_trial_begin(trial)  # type: ignore[misc]
        choice = self.hypermodel.choice(trial.hyperparameters)  # type: ignore[attr-defined]
        self.outcome = new_outcome(trial.trial_id, choice)
        self.project.attempts.begin(trial.trial_id)
        self.observer.trial_began(trial.trial_id, choice)
        self.check_interrupt()

    def on_batch_end(
        self, trial: Any, model: Any, batch: int, logs: Mapping[str, float] | None = None
    ) -> None:
        super().on_batch_end(trial, model, batch, logs)  # type: ignore[misc]
        self.check_interrupt()

    def on_trial_end(self, trial: Any) -> None:
        self.project.submit_result(self.outcome)
        self.project.attempts.end(trial.trial_id)
        super().on_trial_end(trial)  # type: ignore[misc]
        self.check_interrupt()


def instrumented(tuner: type[keras_tuner.Tuner]) -> type[Any]:
    """A tuner class that trains over folds and seeds, and keeps what each training did."""
    return type(tuner.__name__, (_Monitored, tuner, _FoldsAndSeeds), {})


def fit_seed(seed: int, trial: str, fold: int, number: int) -> int:
    """Of one training's weights and dropout: from where it stands, whatever ran before it."""
    return (seed + 1000 * (1 + int(trial)) + 10_000_019 * fold + 200_000_033 * number) % 2**32


def _is_disk_full(error: BaseException) -> bool:
    """Whether it says so itself, or in the words of HDF5."""
    full = (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, OSError) and (error.errno in full or os.strerror(errno.ENOSPC) in str(error))
