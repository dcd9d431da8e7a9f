"""Walking forward: a baseline fitted again and again on all that has come."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Self

import numpy as np

from seqmem.models.base import Baseline
from seqmem.models.classics.ewma import VarianceBaseline


class WalkForward(Baseline):
    """A variance baseline that is fitted anew every `every` rows, on an expanding window.

    Fits stand at the rows stop - 1, stop - 1 + every, ...: an origin's forecast comes from the last fit at or
    before it. An origin before the first of them has the first's.

    Args:
        baseline: what to fit; itself it stays as it is.
        every: rows from fit to fit, at least 1. 63 are a quarter.
        progress: called after each fit.

    Raises:
        ValueError: every below 1.

    >>> from seqmem.models.classics import ConstantVariance
    >>> closes = 100 * np.exp(0.01 * np.arange(200))
    >>> walk = WalkForward(ConstantVariance()).fit(closes, stop=100)
    >>> walk.forecast(closes, at=range(99, 190)).shape
    (91, 2)
    """

    def __init__(
        self, baseline: VarianceBaseline, every: int = 63, *, progress: Callable[[], object] = lambda: None
    ) -> None:
        if every < 1:
            raise ValueError(f"WalkForward: every must be at least 1. Received: every={every}")
        self.baseline = baseline
        self.every = every
        self.progress = progress
        self.horizons = baseline.horizons
        self._start: int | None = None

    def fit(self, series: Any, stop: int) -> Self:
        """Say where the walk begins: at row stop - 1. Fits are made as forecasts need them."""
        self._start = stop - 1
        return self

    def fits(self, at: Any) -> list[int]:
        """The rows at which forecasts from `at` need a fit, each on all rows up to it."""
        if self._start is None:
            raise ValueError("WalkForward: call fit(series, stop) first")
        steps = np.maximum((np.asarray(at) - self._start) // self.every, 0)
        return [self._start + self.every * int(step) for step in np.unique(steps)]

    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """Variances [len(at), H], each from the last fit at or before its origin."""
        at = np.asarray(at)
        borders = self.fits(at)
        which = np.maximum(np.searchsorted(borders, at, side="right") - 1, 0)
        found = np.empty((len(at), len(self.horizons)))
        for number, row in enumerate(borders):
            fitted = deepcopy(self.baseline).fit(series, row + 1)
            self.progress()
            mine = which == number
            found[mine] = fitted.forecast(series, at[mine])
        return found
