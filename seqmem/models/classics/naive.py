"""The naive forecasts of a price path (Hyndman and Athanasopoulos, "Forecasting", section 5.2)."""

import numpy as np
import pandas as pd

from seqmem.models.base import Classic
from seqmem.quantities import Price, Quantity


class PathClassic(Classic):
    """A forecast of the next H closes.

    Args:
        horizon: H, the rows ahead, at least 1.

    Raises:
        ValueError: a horizon below 1.
    """

    def __init__(self, *, horizon: int) -> None:
        super().__init__()
        if horizon < 1:
            raise ValueError(f"{type(self).__name__}: horizon must be at least 1. Received: {horizon}")
        self.horizons: tuple[int, ...] = tuple(range(1, horizon + 1))
        self.quantity: Quantity = Price()

    def _last(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        return frame["close"].to_numpy()[origins, None]


class LastClose(PathClassic):
    """The random walk: every close ahead is the last one.

    >>> LastClose(horizon=2).forecast(np.array([1.0, 2.0, 4.0]), [1, 2]).mean
    array([[2., 2.],
           [4., 4.]])
    """

    name = "last close"
    learns = False

    def _learn(self, known: pd.DataFrame) -> None:
        pass

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        return np.repeat(self._last(frame, origins), len(self.horizons), axis=1)


class Drift(PathClassic):
    """The line from the first close to the last, drawn on: p_t + h (p_t - p_0) / t.

    >>> Drift(horizon=2).forecast(np.array([1.0, 2.0, 5.0])).mean
    array([[7., 9.]])
    """

    name = "drift"
    learns = False
    context_length = 2  # one close has no slope

    def _learn(self, known: pd.DataFrame) -> None:
        pass

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        values = frame["close"].to_numpy()
        slope = (values[origins] - values[0]) / origins
        return self._last(frame, origins) + slope[:, None] * np.array(self.horizons)


class MeanReturn(PathClassic):
    """The mean log return of the rows before the test part, compounded: p_t exp(h mean).

    >>> from seqmem.data.splits import Split
    >>> closes = np.array([1.0, 2.0, 4.0, 3.0])
    >>> MeanReturn(horizon=2).fit(closes, Split(None, test_start=3)).forecast(closes, [2]).mean.round(6)
    array([[ 8., 16.]])
    """

    name = "mean return"
    fewest = 2

    def _learn(self, known: pd.DataFrame) -> None:
        closes = known["close"].to_numpy()
        self._mean = float(np.log(closes[-1] / closes[0]) / (len(closes) - 1))

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        return self._last(frame, origins) * np.exp(self._mean * np.array(self.horizons))
