"""What a search tells whoever watches it."""

from typing import Any


class Observer:
    """Told of a search as it runs; does nothing. A display overrides what it shows."""

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
