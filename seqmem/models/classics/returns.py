"""Distributions of returns without a network: the past as it is, and what a variance classic says itself."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from seqmem.evaluation.forecast import Prediction
from seqmem.models.base import Classic
from seqmem.models.classics.variance import VarianceClassic
from seqmem.quantities import Quantity, Return

_TAIL = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)
LEVELS = (*_TAIL, 0.5, *(round(1 - level, 4) for level in reversed(_TAIL)))


class HistoricalSimulation(Classic):
    """The quantiles of the latest overlapping h-day returns, all of one weight.

    Args:
        window: returns that are looked at.
        horizons: rows ahead.
        levels: of the quantiles.

    >>> closes = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 600).cumsum())
    >>> HistoricalSimulation(window=500, horizons=(1,)).forecast(closes).quantile(0.05).round(3)
    array([[-0.015]])
    """

    learns = False

    def __init__(
        self, window: int = 500, *, horizons: Sequence[int] = (1, 5), levels: Sequence[float] = LEVELS
    ) -> None:
        super().__init__()
        if window < 100:
            raise ValueError(f"HistoricalSimulation: window must be at least 100. Received: window={window}")
        self.name: str = f"historical {window}"
        self.window: int = window
        self.horizons: tuple[int, ...] = tuple(horizons)
        self.levels: tuple[float, ...] = tuple(levels)
        self.context_length: int = window + max(horizons)
        self.quantity: Quantity = Return()

    def _learn(self, known: pd.DataFrame) -> None:
        """Nothing is learnt."""

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> Prediction:
        logs = np.log(frame["close"].to_numpy())
        found = np.empty((len(origins), len(self.horizons), len(self.levels)))
        for column, h in enumerate(self.horizons):
            moves = logs[h:] - logs[:-h]  # the move that ends at row h + n
            windows = np.lib.stride_tricks.sliding_window_view(moves, self.window)
            found[:, column] = np.quantile(windows[origins - h - self.window + 1], self.levels, axis=1).T
        return Prediction(quantiles=found, levels=self.levels)


class OwnDistribution(Classic):
    """What a variance classic says of returns itself: its variance, and the errors that it was fitted with.

    Over more than a row the quantiles are those of its errors, scaled by its variance over the horizon: an
    approximation, for the sum of such errors has thinner tails.

    Args:
        classic: such as GARCH with Student's t, or EWMA with normal errors.
        levels: of the quantiles.
    """

    def __init__(self, classic: VarianceClassic, *, levels: Sequence[float] = LEVELS) -> None:
        super().__init__()
        self.classic: VarianceClassic = classic
        self.levels: tuple[float, ...] = tuple(levels)
        self.name: str = classic.name
        self.horizons: tuple[int, ...] = classic.horizons
        self.context_length: int = classic.context_length
        self.quantity: Quantity = Return()

    def _learn(self, known: pd.DataFrame) -> None:
        self._variances = self.classic.fitted_on(known)

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> Prediction:
        variances = self._variances.predict_series(frame, origins, "")
        scale = np.sqrt(np.asarray(variances.mean if isinstance(variances, Prediction) else variances))
        standard = self._variances.standard_quantiles(np.array(self.levels))
        quantiles = scale[..., None] * standard
        return Prediction(np.zeros(scale.shape), quantiles, levels=self.levels)
