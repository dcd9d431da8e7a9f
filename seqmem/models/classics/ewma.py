"""Forecasts of a variance: the contract, and the two that any other has to beat."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from seqmem.data.measures import log_returns, parkinson
from seqmem.models.base import Classic
from seqmem.quantities import Quantity, Variance

MONTH = 22  # rows


class VarianceClassic(Classic):
    """The variance of the log return over the next h rows, in squared log returns, for each horizon h.

    Args:
        horizons: rows ahead that a variance covers, each at least 1.

    Raises:
        ValueError: no horizons, or one below 1.
    """

    fewest = 60
    context_length = MONTH + 1  # what a recursion begins with lies before the first origin

    def __init__(self, *, horizons: Sequence[int] = (1, 5)) -> None:
        super().__init__()
        if not horizons or min(horizons) < 1:
            who = type(self).__name__
            raise ValueError(f"{who}: horizons must be at least 1. Received: horizons={horizons}")
        self.horizons: tuple[int, ...] = tuple(horizons)
        self.quantity: Quantity = Variance()

    def standard_quantiles(self, levels: np.ndarray) -> np.ndarray:
        """Quantiles of the model's own errors, of variance 1, once it has learnt: by default the normal's."""
        from scipy.stats import norm

        return np.asarray(norm.ppf(levels))

    def _over(self, daily: np.ndarray) -> np.ndarray:
        """A variance that stays as it is, [N], over each horizon: [N, H]."""
        return daily[:, None] * np.array(self.horizons)


class ConstantVariance(VarianceClassic):
    """The mean squared return of the rows before the test part.

    >>> from seqmem.data.splits import Split
    >>> closes = 100 * np.exp(0.01 * np.arange(80))
    >>> ConstantVariance().fit(closes, Split(None, test_start=70)).forecast(closes).mean.round(6)
    array([[0.0001, 0.0005]])
    """

    name = "constant"

    def _learn(self, known: pd.DataFrame) -> None:
        self._variance = float(np.mean(squares(known)[1:]))

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        return self._over(np.full(len(origins), self._variance))


class EWMA(VarianceClassic):
    """RiskMetrics (1996): v_{t+1} = decay v_t + (1 - decay) r_t^2, begun with the mean of the first 22 rows.

    Args:
        decay: in (0, 1).
        horizons: as in `VarianceClassic`; the variance stays as it is.

    Raises:
        ValueError: a decay outside (0, 1).

    >>> EWMA().forecast(100 * np.exp(0.01 * np.arange(80))).mean.round(6)
    array([[0.0001, 0.0005]])
    """

    name = "EWMA"
    learns = False

    def __init__(self, decay: float = 0.94, *, horizons: Sequence[int] = (1, 5)) -> None:
        super().__init__(horizons=horizons)
        if not 0 < decay < 1:
            raise ValueError(f"EWMA: decay must lie in (0, 1). Received: decay={decay}")
        self.decay = decay

    def _learn(self, known: pd.DataFrame) -> None:
        pass

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        return self._over(ewma(squares(frame)[1:], self.decay)[origins - 1])


def ewma(values: np.ndarray, decay: float) -> np.ndarray:
    """Exponentially weighted means of values [N] up to each, begun with the mean of the first 22."""
    from scipy.signal import lfilter

    first = np.mean(values[:MONTH])
    return np.asarray(lfilter([1 - decay], [1, -decay], values, zi=[decay * first])[0])


def returns(frame: pd.DataFrame) -> np.ndarray:
    """Log returns of the closes, [rows]; the first row has none: NaN."""
    return log_returns(frame["close"].to_numpy())


def squares(frame: pd.DataFrame) -> np.ndarray:
    """Squared log returns, [rows]; the first row has none: NaN."""
    return returns(frame) ** 2


def ranges(frame: pd.DataFrame) -> np.ndarray:
    """Parkinson's variance of each row, [rows]."""
    return parkinson(frame[["high", "low", "close"]].to_numpy())
