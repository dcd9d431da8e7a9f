"""The naive forecasts of a price path (Hyndman and Athanasopoulos, "Forecasting", section 5.2)."""

from typing import Any, Self

import numpy as np

from seqmem.models.base import Baseline


class PathBaseline(Baseline):
    """A forecast of the next closes, in the units of the series.

    Args:
        horizon: H, the days ahead, at least 1.
    """

    def __init__(self, *, horizon: int) -> None:
        if horizon < 1:
            raise ValueError(f"{type(self).__name__}: horizon must be at least 1. Received: {horizon}")
        self.horizon = horizon


class LastClose(PathBaseline):
    """The random walk: every day ahead is the last close.

    >>> LastClose(horizon=2).forecast([1.0, 2.0, 4.0], at=[1, 2])
    array([[2., 2.],
           [4., 4.]])
    """

    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """The close at the origin, H times."""
        return np.repeat(np.asarray(series, dtype="float64")[np.asarray(at), None], self.horizon, axis=1)


class Drift(PathBaseline):
    """The line from the first close to the last, drawn on.

    >>> Drift(horizon=2).forecast([1.0, 2.0, 5.0], at=[2])
    array([[7., 9.]])
    """

    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """p_t + h (p_t - p_0) / t.

        Raises:
            ValueError: an origin of 0: one close has no slope.
        """
        values, at = np.asarray(series, dtype="float64"), np.asarray(at)
        if (at < 1).any():
            raise ValueError("Drift: expected origins of at least 1. Received: 0")
        slope = (values[at] - values[0]) / at
        return values[at, None] + slope[:, None] * np.arange(1, self.horizon + 1)


class MeanReturn(PathBaseline):
    """The mean log return of the training part, compounded.

    >>> MeanReturn(horizon=2).fit([1.0, 2.0, 4.0], stop=3).forecast([1.0, 2.0, 4.0], at=[2]).round(6)
    array([[ 8., 16.]])
    """

    _mean: float | None = None

    def fit(self, series: Any, stop: int) -> Self:
        """Learn the mean log return of ``series[:stop]``."""
        known = np.asarray(series, dtype="float64")[:stop]
        if len(known) < 2:
            raise ValueError(f"MeanReturn: expected at least 2 rows to learn from. Received: {len(known)}")
        self._mean = float(np.log(known[-1] / known[0]) / (len(known) - 1))
        return self

    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """p_t exp(h mean)."""
        if self._mean is None:
            raise ValueError("MeanReturn: call fit(series, stop) first")
        last = np.asarray(series, dtype="float64")[np.asarray(at), None]
        return last * np.exp(self._mean * np.arange(1, self.horizon + 1))
