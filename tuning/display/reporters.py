"""Observers of a search that draw nothing: progress, JSON lines, and several at once."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuning.space import label


class Observer:
    """Told of a search as it runs, and does nothing: a display overrides what it shows."""

    def search_began(self, trials: int | None, epochs: int, naive_loss: float) -> None:
        """`trials` is None where the tuner decides how many."""

    def trial_kept(self, row: dict[str, Any]) -> None:
        """`row`: of a trial that an earlier run of this search had ended; told before the first trial."""

    def trial_began(self, trial: str, choice: dict[str, Any]) -> None:
        """`choice`: name -> value of each dimension."""

    def fit_began(self, trial: str, fold: int, seed: int) -> None:
        """Of all the trainings of a trial, this one; both count from 0."""

    def epoch_ended(self, trial: str, epoch: int, loss: float, best: float) -> None:
        """`epoch` counts from 1; the validation loss, and the best of this training so far."""

    def trial_ended(self, row: dict[str, Any]) -> None:
        """`row`: the trial's row of the table."""

    def search_ended(self) -> None:
        """Called however the search ended."""

    def exported(self, folder: Path, scores: Mapping[str, float], about: Mapping[str, Any]) -> None:
        """What was selected is in `folder`; `scores` of the test part, by name; `about`: name, verdict."""


class SearchProgress:
    """Progress: the trials that have ended, the best of them, and the time that is left."""

    def __init__(self) -> None:
        self.trials: int | None = None
        self.done: int = 0
        self.failed: int = 0
        self._kept = 0
        self.best: dict[str, Any] | None = None
        self._since = time.monotonic()

    def begin(self, trials: int | None) -> None:
        """`trials`: how many there will be; None where the tuner decides."""
        self.trials, self._since = trials, time.monotonic()

    def keep(self, row: dict[str, Any]) -> None:
        """Count one that an earlier run had ended."""
        self._kept += 1
        self.end(row)

    def end(self, row: dict[str, Any]) -> None:
        """Count one more."""
        self.done += 1
        self.failed += row["status"] in ("failed", "diverged")
        if row["status"] == "completed" and (self.best is None or row["loss"] < self.best["loss"]):
            self.best = row

    @property
    def elapsed(self) -> float:
        """Seconds."""
        return time.monotonic() - self._since

    @property
    def left(self) -> float | None:
        """Seconds, if the trials to come take as long as those of this run did."""
        ran = self.done - self._kept
        return self.elapsed / ran * max(0, self.trials - self.done) if self.trials and ran else None


class JsonLines(Observer):
    """An object a line on standard output for all that happens."""

    def search_began(self, trials: int | None, epochs: int, naive_loss: float) -> None:
        """How many trials and epochs, and the loss of no change."""
        self._say("search_began", trials=trials, epochs=epochs, naive_loss=naive_loss)

    def trial_kept(self, row: dict[str, Any]) -> None:
        """Its row."""
        self._say("trial_kept", **row)

    def trial_began(self, trial: str, choice: dict[str, Any]) -> None:
        """Its configuration."""
        self._say("trial_began", trial=trial, **choice)

    def epoch_ended(self, trial: str, epoch: int, loss: float, best: float) -> None:
        """Its losses."""
        self._say("epoch_ended", trial=trial, epoch=epoch, loss=loss, best=best)

    def trial_ended(self, row: dict[str, Any]) -> None:
        """Its row."""
        self._say("trial_ended", **row)

    def search_ended(self) -> None:
        """That it has."""
        self._say("search_ended")

    def _say(self, event: str, **more: Any) -> None:
        plain = {name: None if value != value else value for name, value in more.items()}  # NaN is no JSON
        sys.stdout.write(json.dumps({"event": event, **plain}) + "\n")
        sys.stdout.flush()


class Observers(Observer):
    """Several observers as one.

    Args:
        *observers: they are told in this order.
    """

    def __init__(self, *observers: Observer) -> None:
        for name in (name for name in vars(Observer) if not name.startswith("_")):
            setattr(self, name, _each([getattr(one, name) for one in observers]))


def _each(told: list[Any]) -> Any:
    def tell(*arguments: Any) -> None:
        for one in told:
            one(*arguments)

    return tell


def settings(choice: dict[str, Any]) -> str:
    """A configuration in a line."""
    return f"{label(choice)}, rate {choice['learning_rate']:g}, dropout {choice['dropout']:g}"


def outcome(row: dict[str, Any]) -> str:
    """A row of the table in a line."""
    if row["status"] != "completed":
        return f"{settings(row)}: {row['status']} ({row['cause']})"
    return f"{settings(row)}: loss {row['loss']:.5f}, ratio {row['ratio']:.4f}, epoch {row['best_epoch']}"
