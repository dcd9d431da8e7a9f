"""Run a KerasTuner tuner over a hypermodel, keep every score, and go on where an earlier run stopped."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pandas as pd

from seqmem.files import written_whole
from tuning.display.reporters import Observer
from tuning.hypermodel import ForecastHyperModel
from tuning.interrupt import deferred_interrupt
from tuning.journal.events import Journal
from tuning.journal.oracle import ReplayableOracle
from tuning.journal.project import FITS, TRIALS, Project, outcomes
from tuning.stopping import StopClearlyWorst, Stopping
from tuning.trials import COMPLETED, default_loss, fit_table, trial_row, trial_table
from tuning.tuner_setup import SearchFailed, gc_frozen, journal_of, make_tuner, replay


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        table: one row for each trial, the best first: trial, status (completed, stopped after its first
            fold, diverged or failed), a column for each dimension, weights (how many), epochs, best_epoch
            (the median over its fits), loss (of validation, the mean over folds and seeds), ratio (loss over
            that of "no change"; below 1 is better), of_default (over that of the first trial, the default
            configuration) and cause (of a stop or failure).
        fits: one row for each trial, fold and seed, with its epochs, best epoch, loss, ratio and seconds.
        naive_loss: the validation loss of "no change", the mean over folds.
        load: trial -> its forecaster of the last fold and first seed, with the weights of its best epoch.
        kept: how many of the trials an earlier run had ended.
        outcomes: what each trial did, losses of every epoch included.
        seed: of the search.
    """

    table: pd.DataFrame
    fits: pd.DataFrame
    naive_loss: float
    load: Callable[[str], Any]
    kept: int = 0
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    seed: int = 0


def search(
    hypermodel: ForecastHyperModel,
    tuner: type[keras_tuner.Tuner] = keras_tuner.BayesianOptimization,
    *,
    max_trials: int | None = 20,
    seed: int = 0,
    directory: str | Path | None = None,
    observer: Observer | None = None,
    fresh: bool = False,
    most_failures: int = 5,
    stopping: Stopping | None = None,
    command: Mapping[str, Any] | None = None,
    **options: Any,
) -> SearchResult:
    """Search with any KerasTuner tuner class, from where an earlier run of the same search stopped.

    The first trial is the default configuration. The seed fixes the configurations, each training's
    weights, its dropout and the order of its windows. A trial that diverges or fails is recorded and the
    search goes on. Where a tuner proposes a configuration for the second time a random new one is tried in
    its place.

    Args:
        hypermodel: what to search over.
        tuner: `keras_tuner.RandomSearch`, `BayesianOptimization`, `Hyperband`, `GridSearch` or your own.
        max_trials: trials at most. None: as many as the tuner makes by itself.
        seed: any whole number, 0 too.
        directory: the project: its journal, trials.csv, fits.csv and weights. A search that was stopped or
            killed goes on from its last ended trial. None: a temporary folder, gone when Python ends.
        observer: told of the search as it runs; `tuning.LiveDisplay()` draws a progress bar. None: silence.
        fresh: forget what is in the directory.
        most_failures: failed trials in a row at which the search stops.
        stopping: when a trial is spared its other folds; by default `StopClearlyWorst()`. `Never()`: never.
        command: options to remember with the project, for `python -m tuning export`.
        **options: of the tuner class.

    Raises:
        SearchFailed: no trial gave a score, or too many in a row failed; the message has the first cause.
        ProjectError: the directory is another search's, or is damaged.
    """
    if directory is None:
        directory = tempfile.mkdtemp(prefix="seqmem-tuning-")
        atexit.register(shutil.rmtree, directory, ignore_errors=True)  # the result still loads from it
    with open_session(
        hypermodel,
        tuner,
        Project(directory),
        max_trials=max_trials,
        seed=seed,
        observer=observer,
        fresh=fresh,
        most_failures=most_failures,
        stopping=stopping,
        command=command,
        **options,
    ) as session:
        made, oracle = session.tuner, session.oracle
        for worker in set(made.oracle.ongoing_trials) - {made.tuner_id}:
            oracle.release(worker)  # of a search with several, of which this is none
        try:
            with deferred_interrupt() as made.check_interrupt, gc_frozen():
                made.search(verbose=0)
        except KeyboardInterrupt:
            oracle.interrupt(made.tuner_id)
            raise
    return session.result()


@dataclass(frozen=True)
class Session:
    """A search brought to where its project stood: the tuner, its oracle, and the journal."""

    tuner: Any
    oracle: ReplayableOracle
    journal: Journal
    naive: float
    kept: int

    def result(self) -> SearchResult:
        """What it has found.

        Raises:
            SearchFailed: no trial has a score, or too many in a row have none.
        """
        done = outcomes(self.journal.events)
        table = trial_table(done, self.naive)
        failed = [outcome for outcome in done if outcome["status"] in ("failed", "diverged")]
        failures = self.oracle.failures
        if self.oracle.stopped:
            first = failed[-failures]["cause"]
            raise SearchFailed(f"{failures} trials in a row gave no score. The first: {first}")
        if not len(table) or not (table["status"] == COMPLETED).any():
            first = failed[0]["cause"] if failed else "the tuner proposed no configuration"
            raise SearchFailed(f"none of {len(table)} trials gave a score. The first: {first}")
        seed = self.tuner.base_seed
        return SearchResult(table, fit_table(done), self.naive, self._load, self.kept, done, seed)

    def _load(self, trial: str) -> Any:
        self.tuner.fold, self.tuner.seed = -1, 0
        return self.tuner.load_model(self.tuner.oracle.get_trial(trial))


@contextmanager
def open_session(
    hypermodel: ForecastHyperModel,
    tuner: type[keras_tuner.Tuner],
    project: Project,
    *,
    max_trials: int | None,
    seed: int,
    fresh: bool,
    most_failures: int,
    command: Mapping[str, Any] | None,
    observer: Observer | None = None,
    stopping: Stopping | None = None,
    **options: Any,
) -> Iterator[Session]:
    """Bring a search to where its project stands; the tables are written as trials end. See `search`."""
    observer, stopping = observer or Observer(), stopping or StopClearlyWorst()
    of: dict[str, Any] = {"seed": seed, "stopping": stopping, "options": options}
    with project.locked():
        if fresh:
            project.clear()
        with journal_of(project, hypermodel, tuner, command=command, **of) as journal:
            made = make_tuner(hypermodel, tuner, project, max_trials=max_trials, observer=observer, **of)
            limits: dict[str, Any] = {"max_trials": max_trials, "most_failures": most_failures}
            oracle = replay(made, journal, hypermodel, **limits)
            writer = _TableWriter(project, observer, float(np.mean(made.naive_losses)))
            oracle.on_event = lambda event: writer.trial_ended(journal.events, event)
            observer.search_began(max_trials, hypermodel.recipe.epochs, writer.naive)
            try:
                writer.begin(journal.events)
                yield Session(made, oracle, journal, writer.naive, len(outcomes(journal.events)))
            finally:
                observer.search_ended()


class _TableWriter:
    """Writes the tables and tells the observer, as trials end."""

    def __init__(self, project: Project, observer: Observer, naive: float) -> None:
        self._project, self._observer, self.naive = project, observer, naive
        for name in (TRIALS, FITS):
            (project.folder / name).unlink(missing_ok=True)  # an earlier search's rows are not this one's

    def begin(self, events: list[dict[str, Any]]) -> None:
        """Tell of what an earlier run did."""
        done = outcomes(events)
        if done:
            self._write(done)
        for outcome in done:
            self._observer.trial_kept(self._row(events, outcome))

    def trial_ended(self, events: list[dict[str, Any]], event: dict[str, Any]) -> None:
        """Write the tables, if the last of the events is the end of a trial."""
        if event["event"] == "ended":
            self._write(outcomes(events))
            self._observer.trial_ended(self._row(events, event["outcome"]))

    def _row(self, events: list[dict[str, Any]], outcome: dict[str, Any]) -> dict[str, Any]:
        return trial_row(outcome, self.naive, default_loss(outcomes(events)))

    def _write(self, done: list[dict[str, Any]]) -> None:
        for name, table in ((TRIALS, trial_table(done, self.naive)), (FITS, fit_table(done))):
            with written_whole(self._project.folder / name) as draft:
                table.to_csv(draft, index=False)
