"""Forecasts of a variance: the contract, and the two that any other has to beat."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from seqmem.data.bars import squared_returns
from seqmem.models.base import Baseline

FEWEST = 60  # rows to learn from
MONTH = 22  # rows


class VarianceBaseline(Baseline):
    """The variance of the log return over the next h days, in squared log returns, for each horizon h.

    Series are bars (see `seqmem.data.bars.read_bars`), or closes where no range is read.

    Args:
        horizons: days ahead that a variance covers, each at least 1.

    Raises:
        ValueError: no horizons, or one below 1.
    """

    _earliest = MONTH  # the first origin: what a recursion begins with lies before it

    def __init__(self, *, horizons: Sequence[int] = (1, 5)) -> None:
        if not horizons or min(horizons) < 1:
            who = type(self).__name__
            raise ValueError(f"{who}: horizons must be at least 1. Received: horizons={horizons}")
        self.horizons = tuple(horizons)

    def fit(self, series: Any, stop: int) -> Self:
        """Learn from the rows ``series[:stop]`` alone, at least 60.

        Raises:
            ValueError: fewer rows.
        """
        known = series[:stop]
        if len(known) < FEWEST:
            who = type(self).__name__
            raise ValueError(f"{who}: expected at least {FEWEST} rows to learn from. Received: {len(known)}")
        self._learn(known)
        self._fitted = True
        return self

    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """Variances [len(at), H] over each horizon, each from the rows up to its origin alone.

        Raises:
            ValueError: never fitted, or an origin outside the series.
        """
        at, who = np.asarray(at), type(self).__name__
        if not getattr(self, "_fitted", False):
            raise ValueError(f"{who}: call fit(series, stop) first")
        if not at.size or at.min() < self._earliest or at.max() >= len(series):
            raise ValueError(
                f"{who}: origins must lie from {self._earliest} to {len(series) - 1}. "
                f"Received: {f'{at.min()} to {at.max()}' if at.size else 'none'}"
            )
        return self._say(series[: int(at.max()) + 1], at)

    @abstractmethod
    def _learn(self, known: Any) -> None:
        """Learn from the whole of `known`."""

    @abstractmethod
    def _say(self, known: Any, at: np.ndarray) -> np.ndarray:
        """Variances [len(at), H], from a series that ends at the last origin."""

    def _over(self, daily: np.ndarray) -> np.ndarray:
        """A variance that stays as it is, [N], over each horizon: [N, H]."""
        return daily[:, None] * np.array(self.horizons)


class ConstantVariance(VarianceBaseline):
    """The mean squared return of the training part.

    >>> closes = 100 * np.exp(0.01 * np.arange(80))
    >>> ConstantVariance().fit(closes, stop=80).forecast(closes, at=[79]).round(6)
    array([[0.0001, 0.0005]])
    """

    def _learn(self, known: Any) -> None:
        self._variance = float(np.mean(squared_returns(known)[1:]))

    def _say(self, known: Any, at: np.ndarray) -> np.ndarray:
        return self._over(np.full(len(at), self._variance))


class EWMA(VarianceBaseline):
    """RiskMetrics (1996): v_{t+1} = decay v_t + (1 - decay) r_t^2, begun with the mean of the first 22 days.

    Args:
        decay: in (0, 1).
        horizons: as in `VarianceBaseline`; the variance stays as it is.

    Raises:
        ValueError: a decay outside (0, 1).

    >>> closes = 100 * np.exp(0.01 * np.arange(80))
    >>> EWMA().fit(closes, stop=80).forecast(closes, at=[79]).round(6)
    array([[0.0001, 0.0005]])
    """

    def __init__(self, decay: float = 0.94, *, horizons: Sequence[int] = (1, 5)) -> None:
        super().__init__(horizons=horizons)
        if not 0 < decay < 1:
            raise ValueError(f"EWMA: decay must lie in (0, 1). Received: decay={decay}")
        self.decay = decay

    def _learn(self, known: Any) -> None:
        pass

    def _say(self, known: Any, at: np.ndarray) -> np.ndarray:
        return self._over(ewma(squared_returns(known)[1:], self.decay)[at - 1])


def ewma(values: np.ndarray, decay: float) -> np.ndarray:
    """Exponentially weighted means of values [N] up to each, begun with the mean of the first 22."""
    from scipy.signal import lfilter

    first = np.mean(values[:MONTH])
    return np.asarray(lfilter([1 - decay], [1, -decay], values, zi=[decay * first])[0])
