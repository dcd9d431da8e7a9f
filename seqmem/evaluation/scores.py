"""Scores: how far a forecast is from what came, each lowest on average at the truth."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import pandas as pd

from seqmem.data.measures import parkinson, squared_returns
from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.outcome import Outcome
from seqmem.quantities import Price, Quantity, Variance


class Score(ABC):
    """A loss of each forecast, and the number in a table that it comes to.

    A score is one class of ten lines: write `loss`, and name it.

    Attributes:
        name: in tables.
        title: in headings, and in full.
        quantity: what it scores forecasts of.
        path: whether the mean over the horizons is scored as well, as h = "path".
        format: of its number.
        is_ratio: whether the number of one model over another's means anything; otherwise differences do.
        proper: whether a lower number is a better forecast; otherwise no test is made of it.
    """

    name: str
    title: str
    quantity: ClassVar[type[Quantity]]
    path: ClassVar[bool] = False
    format: ClassVar[str] = ".4f"
    is_ratio: ClassVar[bool] = True
    proper: ClassVar[bool] = True

    @abstractmethod
    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """The loss of each forecast, [N, H], whose differences are tested; NaN where not known."""

    def values(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """What the number in a table is made of, [N, H]; NaN where it is not defined."""
        return self.loss(forecast, outcome)

    def reduce(self, values: np.ndarray) -> float:
        """The number in a table, from values without NaN: their mean."""
        return float(values.mean())

    def __repr__(self) -> str:
        return self.name


class SquaredLogError(Score):
    """The squared error of the cumulative log return, in percent; its root mean in tables."""

    name = "RMSE"
    title = "root mean squared error of the cumulative log return, %"
    quantity: ClassVar[type[Quantity]] = Price
    path = True

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """(100 log(forecast / actual))^2."""
        return (100 * np.log(forecast.point / outcome.value())) ** 2

    def reduce(self, values: np.ndarray) -> float:
        """The root of the mean."""
        return float(np.sqrt(values.mean()))


class AbsoluteLogError(Score):
    """The absolute error of the cumulative log return, in percent."""

    name = "MAE"
    title = "mean absolute error of the cumulative log return, %"
    quantity: ClassVar[type[Quantity]] = Price
    path = True

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """100 |log(forecast / actual)|."""
        return np.abs(100 * np.log(forecast.point / outcome.value()))


class AbsoluteScaledError(Score):
    """MASE (Hyndman and Koehler 2006): the absolute error over that of the naive forecast one row ahead.

    The naive error is taken from the rows before the test part.
    """

    name = "MASE"
    title = "mean absolute scaled error"
    quantity: ClassVar[type[Quantity]] = Price
    path = True
    format = ".3f"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """|forecast - actual| / mean |p_t - p_{t-1}|."""
        steps = outcome.by_series(lambda known: float(np.abs(np.diff(known["close"].to_numpy())).mean()))
        return np.abs(forecast.point - outcome.value()) / steps


class Proxy(ABC):
    """An unbiased, noisy measure of the variance of each row, that variances are scored against.

    Attributes:
        name: in tables.
    """

    name: ClassVar[str]

    @abstractmethod
    def realised(self, outcome: Outcome) -> np.ndarray:
        """Summed over the rows after each origin, [N, H]; NaN beyond the end."""


class SquaredReturns(Proxy):
    """Squared log returns, which any series has."""

    name = "squared returns"

    def realised(self, outcome: Outcome) -> np.ndarray:
        """The sum of the squared log returns."""
        return outcome.sum_after(_squares)


class ParkinsonRange(Proxy):
    """Parkinson's (1980) variance from the high and the low: a fifth of the noise.

    It is scaled to the mean squared return of the rows before the test part: nights have no range.
    """

    name = "range"

    def realised(self, outcome: Outcome) -> np.ndarray:
        """The sum of the scaled variances."""
        scale = outcome.by_series(lambda known: _squares(known)[1:].mean() / _ranges(known)[1:].mean())
        return scale * outcome.sum_after(_ranges)


class RealisedColumn(Proxy):
    """A column of realised variances, from the returns within each row; scaled as the range is.

    Args:
        column: its name, in lower case.
    """

    name = "realised"

    def __init__(self, column: str = "realized_variance") -> None:
        self.column = column

    def realised(self, outcome: Outcome) -> np.ndarray:
        """The sum of the scaled variances."""
        scale = outcome.by_series(lambda known: _squares(known)[1:].mean() / self._values(known)[1:].mean())
        return scale * outcome.sum_after(self._values)

    def _values(self, frame: pd.DataFrame) -> np.ndarray:
        if self.column not in frame:
            received = ", ".join(map(str, frame.columns))
            raise ValueError(f"RealisedColumn: expected a column {self.column!r}. Received: {received}")
        return frame[self.column].to_numpy("float64")


class QLIKE(Score):
    """QLIKE (Patton 2011): log v + y / v for tests, x - log x - 1 with x = y / v in tables.

    The second is 0 where they agree and the same in any unit; rows without a move have no logarithm and are
    left out of it. Of differences between models log y is no part, so tests take every row.

    Args:
        proxy: y.
    """

    quantity: ClassVar[type[Quantity]] = Variance

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.name: str = f"QLIKE ({proxy.name})"
        self.title: str = f"mean of x - log x - 1, x = realised ({proxy.name}) / forecast"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """Log v + y / v."""
        return np.log(forecast.point) + self.proxy.realised(outcome) / forecast.point

    def values(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """X - log x - 1."""
        return qlike(self.proxy.realised(outcome), forecast.point)


def qlike(realised: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """X - log x - 1 with x = realised / forecast; NaN where nothing moved, which has no logarithm.

    >>> qlike(np.array([1.0, 2.0, 0.0]), np.array([1.0, 1.0, 1.0])).round(4).tolist()
    [0.0, 0.3069, nan]
    """
    ratio = np.where(realised > 0, realised, np.nan) / forecast
    return np.asarray(ratio - np.log(ratio) - 1)


class SquaredVarianceError(Score):
    """The squared error of the mean variance per row, in percent squared.

    Args:
        proxy: what it is compared with.
    """

    quantity: ClassVar[type[Quantity]] = Variance

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.name: str = f"MSE ({proxy.name})"
        self.title: str = f"mean squared error of the daily variance against {proxy.name}, %^2"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """(10^4 (v - y) / h)^2."""
        daily = (forecast.point - self.proxy.realised(outcome)) / np.array(forecast.horizons) * 1e4
        return np.asarray(daily**2)


def _squares(frame: pd.DataFrame) -> np.ndarray:
    return squared_returns(frame["close"].to_numpy())


def _ranges(frame: pd.DataFrame) -> np.ndarray:
    return parkinson(frame[["high", "low", "close"]].to_numpy())
