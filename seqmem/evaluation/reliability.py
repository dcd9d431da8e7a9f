"""Reliability: whether what a forecast says of itself holds on average, whatever it forecasts."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.outcome import Outcome
from seqmem.evaluation.scores import SquaredReturns
from seqmem.quantities import PriceMove, Quantity, Variance


class Reliability(ABC):
    """A number of each forecast whose mean is known where the forecast is right.

    Attributes:
        name: in tables.
        expected: the mean of a forecast that is right.
        format: of its mean.
    """

    name: str
    expected: float
    format: ClassVar[str] = ".2f"

    @abstractmethod
    def values(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """The number of each forecast, [N, H]; NaN where what came is not known."""


class Bias(Reliability):
    """The log return that came less the one that was forecast, in percent: 0 on average."""

    name = "bias, %"
    expected = 0.0
    format = "+.3f"

    def values(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """100 (log return - forecast)."""
        if not isinstance(forecast.quantity, PriceMove):
            raise ValueError(f"Bias: expected a price or a return. Received: {forecast.quantity.name}")
        came = np.log(outcome.value() / outcome.last[:, None])
        return np.asarray(100 * (came - forecast.quantity.log_return(forecast.point, outcome.last)))


class VarianceRatio(Reliability):
    """The squared returns that came over the variance that was forecast: 1 on average."""

    name = "realised / forecast"
    expected = 1.0

    def values(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """Realised over forecast."""
        return np.asarray(SquaredReturns().realised(outcome) / forecast.point)


class InsideInterval(Reliability):
    """Whether what came lies inside the central interval: on average as often as the interval says.

    Args:
        level: of the interval, in percent.
    """

    format = ".1%"

    def __init__(self, level: float = 90) -> None:
        self.level: float = level
        self.name = f"inside {level:g}%"
        self.expected = level / 100

    def values(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """1 inside, 0 outside."""
        if not isinstance(forecast.quantity, PriceMove):
            raise ValueError(f"{self.name}: expected a price or a return. Received: {forecast.quantity.name}")
        low, high = (
            forecast.quantity.log_return(limit, outcome.last) for limit in forecast.interval(self.level)
        )
        came = np.log(outcome.value() / outcome.last[:, None])
        return np.where(np.isnan(came), np.nan, (low <= came) & (came <= high))


def usual_reliability(quantity: Quantity, levels: Sequence[float] = ()) -> list[Reliability]:
    """What forecasts of a quantity are held to, where nothing is named; none of a quantity of yours.

    Args:
        quantity: what is forecast.
        levels: of the quantiles that are forecast.

    >>> from seqmem.quantities import Price
    >>> [one.name for one in usual_reliability(Price(), (0.05, 0.5, 0.95))]
    ['inside 90%', 'bias, %']
    """
    if isinstance(quantity, Variance):
        return [VarianceRatio()]
    if not isinstance(quantity, PriceMove):
        return []
    widest = 2 * min(0.5 - min(levels), max(levels) - 0.5) if levels else 0.0
    interval: list[Reliability] = [InsideInterval(min(90.0, round(100 * widest, 6)))] if widest > 0 else []
    return [*interval, Bias()]
