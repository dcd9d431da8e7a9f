"""Early stopping of trials: when one is not worth its other folds."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuning.trials import COMPLETED, mean_loss

Fits = Sequence[Mapping[str, Any]]


class Stopping(ABC):
    """Judges a trial after each of its folds but the last."""

    @abstractmethod
    def reason_to_stop(self, fits: Fits, others: Sequence[Mapping[str, Any]]) -> str:
        """Why a trial with these fits may stop, in words; nothing where it may not.

        Args:
            fits: what it has done so far.
            others: what earlier trials did.
        """


class Never(Stopping):
    """Every trial sees all folds."""

    def reason_to_stop(self, fits: Fits, others: Sequence[Mapping[str, Any]]) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True)
class StopClearlyWorst(Stopping):
    """Worse than "no change" on the first fold, and there further behind all than they are apart.

    A trial that is merely the worst of a few may yet be as good as they are: what a fold says is noisy.

    Args:
        least: completed trials, before any may stop.
    """

    least: int = 3

    def reason_to_stop(self, fits: Fits, others: Sequence[Mapping[str, Any]]) -> str:
        """Why, in words, after the first fold."""
        own, naive = mean_loss(fits), float(fits[0]["naive"])
        completed = [
            mean_loss([fit for fit in other["fits"] if fit["fold"] == 0])
            for other in others
            if other["status"] == COMPLETED
        ]
        if fits[-1]["fold"] > 0 or len(completed) < self.least or own <= naive:
            return ""
        if own - max(completed) <= max(completed) - min(completed):
            return ""
        return (
            f"after its first fold: loss {own:.5f}, no change {naive:.5f}, "
            f"{len(completed)} trials {min(completed):.5f} to {max(completed):.5f}"
        )
