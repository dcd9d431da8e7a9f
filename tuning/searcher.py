"""Run a KerasTuner tuner over a hypermodel and keep every score."""

import atexit
import gc
import inspect
import shutil
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import pandas as pd

from tuning.hypermodel import ForecastHyperModel
from tuning.interrupt import deferred_interrupt
from tuning.journal import OBJECTIVE, Journal, cause
from tuning.observer import Observer


class SearchFailed(RuntimeError):
    """No trial of a search gave a score."""


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        table: one row for each trial, the best first: trial, status (completed, diverged or failed), a
            column for each dimension, weights (how many), epochs, best_epoch, loss (of the validation
            part), ratio (loss over that of "no change"; below 1 is better) and cause (of a failure).
        naive_loss: the validation loss of "no change".
        load: trial -> its forecaster, with the weights of its best epoch.
    """

    table: pd.DataFrame
    naive_loss: float
    load: Callable[[str], Any]


def search(
    hypermodel: ForecastHyperModel,
    tuner: type[keras_tuner.Tuner] = keras_tuner.BayesianOptimization,
    *,
    max_trials: int | None = 20,
    seed: int = 0,
    directory: str | Path | None = None,
    observer: Observer | None = None,
    **options: Any,
) -> SearchResult:
    """Search, from scratch, with any KerasTuner tuner class.

    The seed fixes the configurations, each trial's weights, its dropout and the order of its windows. A
    trial that diverges or fails is recorded and the search goes on. Where a tuner proposes a
    configuration for the second time a random new one is tried in its place.

    Args:
        hypermodel: what to search over.
        tuner: `keras_tuner.RandomSearch`, `BayesianOptimization`, `Hyperband`, `GridSearch` or one's own.
        max_trials: trials at most. None: as many as the tuner makes by itself.
        seed: any whole number, 0 too.
        directory: where trials.csv and KerasTuner's own files go; what is there of an earlier search is
            deleted. None: a temporary folder, gone when Python ends.
        observer: told of the search as it runs; `tuning.LiveDisplay()` draws a progress bar. None: silence.
        **options: of the tuner class.

    Raises:
        SearchFailed: no trial gave a score; the message has the first trial's cause.
    """
    observer = observer or Observer()
    if directory is None:
        directory = tempfile.mkdtemp(prefix="seqmem-tuning-")
        atexit.register(shutil.rmtree, directory, ignore_errors=True)  # the result still loads from it
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    accepted = inspect.signature(tuner.__init__).parameters
    # KerasTuner takes a seed of 0 for none.
    offered = {"seed": 1 + seed % 2**31, "max_trials": max_trials, "max_epochs": hypermodel.epochs}
    known = {name: value for name, value in offered.items() if name in accepted and value is not None}
    try:
        running = _watched(tuner)(
            hypermodel,
            objective=keras_tuner.Objective(OBJECTIVE, direction="min"),
            directory=str(directory),
            project_name="keras_tuner",
            overwrite=True,
            **{**known, **options},
        )
    except ValueError:
        raise
    except Exception as error:  # it builds one to learn the space
        raise SearchFailed(f"the first configuration cannot be built: {cause(error)}") from error
    if max_trials is not None:  # Hyperband has no such argument
        running.oracle.max_trials = max_trials
    # A failure is a row of the table; when to stop is not the oracle's to say.
    running.oracle.max_consecutive_failed_trials = 10**9
    _propose_distinct(running.oracle)
    journal = Journal(hypermodel, observer, directory / "trials.csv")
    running.journal, running.base_seed = journal, seed
    observer.search_began(max_trials, hypermodel.epochs, journal.naive_loss)
    try:
        with deferred_interrupt() as running.check_interrupt, _settled():
            running.search(verbose=0)
    finally:
        observer.search_ended()
    table = journal.table()
    if not (table["status"] == "completed").any():
        first = table["cause"].iloc[0] if len(table) else "the tuner proposed no configuration"
        raise SearchFailed(f"none of {len(table)} trials gave a score. The first: {first}")
    return SearchResult(
        table=table,
        naive_loss=journal.naive_loss,
        load=lambda trial: running.load_model(running.oracle.get_trial(trial)),
    )


@contextmanager
def _settled() -> Iterator[None]:
    """Spare the garbage collector what is there already: KerasTuner collects twice a trial, .2 s each."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Watch:
    """Mixed into a tuner class: seeds each trial and writes down what it did."""

    journal: Journal
    base_seed: int
    check_interrupt: Callable[[], None]

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        keras.utils.set_random_seed((self.base_seed + 1000 * (1 + int(trial.trial_id))) % 2**32)
        return super().run_trial(trial, *args, **kwargs)  # type: ignore[misc]

    def _try_run_and_update_trial(self, trial: Any, *args: Any, **kwargs: Any) -> None:
        """As KerasTuner's, but without its traceback on the terminal: the cause goes into the table."""
        try:
            self._run_and_update_trial(trial, *args, **kwargs)  # type: ignore[attr-defined]
            trial.status = "COMPLETED"
        except keras_tuner.errors.FatalError:
            raise
        except Exception as error:
            trial.status, trial.message = "FAILED", traceback.format_exc()
            self.journal.failed(trial, error)

    def on_trial_begin(self, trial: Any) -> None:
        super().on_trial_begin(trial)  # type: ignore[misc]
        self.journal.began(trial)
        self.check_interrupt()

    def on_batch_end(self, trial: Any, model: Any, batch: int, logs: dict[str, float] | None = None) -> None:
        super().on_batch_end(trial, model, batch, logs)  # type: ignore[misc]
        self.check_interrupt()

    def on_epoch_end(self, trial: Any, model: Any, epoch: int, logs: dict[str, float] | None = None) -> None:
        super().on_epoch_end(trial, model, epoch, logs)  # type: ignore[misc]
        self.journal.epoch(trial, model, epoch, logs or {})

    def on_trial_end(self, trial: Any) -> None:
        super().on_trial_end(trial)  # type: ignore[misc]
        self.journal.ended(trial)
        self.check_interrupt()


def _watched(tuner: type[keras_tuner.Tuner]) -> type[Any]:
    return type(tuner.__name__, (_Watch, tuner), {})


def _propose_distinct(oracle: Any) -> None:
    """Bayesian optimisation on a small space proposes the same point again and again."""
    propose = oracle.populate_space

    def populate_space(trial_id: str) -> dict[str, Any]:
        with warnings.catch_warnings():
            # scikit-learn's Gaussian process on a dozen points: its length scale sits on its bound
            warnings.filterwarnings("ignore", "The optimal value found for dimension")
            proposal: dict[str, Any] = propose(trial_id)
        if proposal["status"] == "RUNNING" and oracle._duplicate(proposal["values"]):
            values = oracle._random_values()
            return {"status": "RUNNING" if values else "STOPPED", "values": values}
        return proposal

    oracle.populate_space = populate_space
