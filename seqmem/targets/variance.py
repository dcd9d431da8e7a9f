"""The variance of the coming returns."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import pandas as pd
from keras import ops

from seqmem.data.calendars import Calendar
from seqmem.data.measures import parkinson, range_variance, squared_returns
from seqmem.quantities import Quantity, Variance
from seqmem.targets.base import Target
from seqmem.transforms import LogReturn

Tensor = Any


class VarianceTarget(Target):
    """What both targets share: labels are mean daily variances over the scale of their history.

    The forecast is the variance of the log return over the next h rows: h times the mean daily variance, in
    squared log returns.

    Args:
        horizons: rows ahead that a variance covers, each at least 1, ascending.
        parkinson_weight: how much of a label is Parkinson's variance, scaled to the mean of the squared
            returns, instead of a squared return: it has a fifth of the noise. 0: nothing, and closes alone
            will do.
        realised: a column of realised variances, such as ``realized_variance`` of ``--resample 1D``; scaled
            like the range, for nights are not in it. None: none is read.
        realised_weight: how much of a label it is.
        periods_per_year: rows in a year, what a volatility is annualised with; `fit` takes it from the
            calendar of the data.

    Raises:
        ValueError: no horizons, or one below 1; weights outside [0, 1], or of a column that is not named.
    """

    bounded_inputs: ClassVar[bool] = True  # a linear map from them to a logarithm is safe then
    horizons: tuple[int, ...]

    def __init__(
        self,
        horizons: Sequence[int] = (1, 5),
        parkinson_weight: float = 0.0,
        realised: str | None = None,
        realised_weight: float = 0.0,
        periods_per_year: float = 252,
        **kwargs: Any,
    ) -> None:
        super().__init__(LogReturn(), **kwargs)
        who = type(self).__name__
        if isinstance(horizons, int) or list(horizons) != sorted({int(days) for days in horizons}):
            raise ValueError(f"{who}: horizons must be whole numbers, ascending. Received: {horizons}")
        if not horizons or min(horizons) < 1:
            raise ValueError(f"{who}: horizons must be at least 1. Received: horizons={horizons}")
        if not 0 <= parkinson_weight <= 1:
            raise ValueError(f"{who}: parkinson_weight must lie in [0, 1]. Received: {parkinson_weight}")
        if not 0 <= realised_weight <= 1 - parkinson_weight or (realised_weight and realised is None):
            raise ValueError(
                f"{who}: realised_weight must lie in [0, 1 - parkinson_weight], of a realised column. "
                f"Received: realised={realised!r}, realised_weight={realised_weight}"
            )
        self.quantity = Variance(periods_per_year)
        self.horizons = tuple(horizons)
        self.parkinson_weight = parkinson_weight
        self.realised, self.realised_weight = realised, realised_weight

    @property
    def needs_range(self) -> bool:
        """Whether closes alone will not do."""
        return self.parkinson_weight > 0

    @property
    def columns(self) -> tuple[str, ...]:
        """High and low where they are needed, the realised variance where it is read, and the close."""
        realised = () if self.realised is None else (self.realised,)
        return (*(("high", "low") if self.needs_range else ()), *realised, "close")

    def training_rows(self, frame: pd.DataFrame, known: int) -> np.ndarray:
        """The prices, and the day's variance that a label is a mean of: [N, C + 1].

        A squared return exceeds Parkinson's variance and a realised one: nights, and the ticks between. By
        how much differs from series to series, so the factors are each series' own, of its known rows.
        """
        rows = self.to_array(frame)
        squares = squared_returns(rows[:, -1])
        daily = (1 - self.parkinson_weight - self.realised_weight) * squares
        if self.parkinson_weight:
            ranges = parkinson(rows[:, [0, 1, -1]])
            daily = daily + self.parkinson_weight * _as_high(ranges, squares, known)
        if self.realised_weight:
            daily = daily + self.realised_weight * _as_high(rows[:, -2], squares, known)
        return np.concatenate([rows, np.nan_to_num(daily)[:, None]], axis=1)

    def adapt(self, known: Sequence[np.ndarray]) -> None:
        """Nothing is learnt, of one series or of many: everything is relative to its own history."""

    def use_calendar(self, calendar: Calendar) -> None:
        """Annualise with the rows that are a year of the data."""
        self.quantity: Quantity = Variance(calendar.periods_per_year)
        self.remember(periods_per_year=calendar.periods_per_year)

    def stationary_view(self, known: np.ndarray) -> np.ndarray:
        """The returns."""
        return np.asarray(self.transform.forward(known[None, :, -1]))[0, :, None]

    @abstractmethod
    def scale(self, history: Tensor) -> Tensor:
        """The variance [B, 1] that forecasts are multiples of, known at the end of the history."""

    def label(self, future: Tensor, history: Tensor) -> Tensor:
        """Mean variance over each horizon, over the scale: [B, H, 1]."""
        daily = future[..., len(self.columns)]
        means = [ops.mean(daily[:, :days], axis=1) for days in self.horizons]
        return (ops.stack(means, axis=1) / self.scale(history))[..., None]

    def inverse(self, values: Tensor, history: Tensor) -> Tensor:
        """The variance over each horizon [B, H] from multiples of the scale."""
        daily = self.scale(history) * values
        return daily * ops.cast(ops.array(self.horizons), daily.dtype)

    def _returns(self, history: Tensor) -> Tensor:
        return self.transform.forward(history[..., -1])

    def _squares(self, history: Tensor) -> Tensor:
        return ops.square(self._returns(history))

    def _ranges(self, history: Tensor) -> Tensor:
        return range_variance(history[..., 0], history[..., 1], ops)

    def _realised(self, history: Tensor) -> Tensor:
        return history[..., -2]


def _as_high(variances: np.ndarray, squares: np.ndarray, known: int) -> np.ndarray:
    """Variances [N], scaled to the mean of the squared returns over the known rows."""
    mean = variances[1:known].mean()
    return variances * (squares[1:known].mean() / mean) if mean > 0 else variances


class RawVariance(VarianceTarget):
    """The usual claim: squared returns in, over their mean in the training part; the variance out.

    What it learns depends on the level of the training part: a crisis of twenty times its mean variance
    drives a network's gates to their limits. `ScaleFreeVariance` does not have that.
    """

    bounded_inputs = False

    def __init__(
        self, horizons: Sequence[int] = (1, 5), parkinson_weight: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(horizons, parkinson_weight, **kwargs)
        nan = keras.initializers.Constant(float("nan"))
        self.mean: Any = self.add_weight(name="mean", shape=(), initializer=nan, trainable=False)

    def adapt(self, known: Sequence[np.ndarray]) -> None:
        """Learn the mean squared return."""
        self.mean.assign(np.concatenate([squared_returns(one[:, -1])[1:] for one in known]).mean())

    def scale(self, history: Tensor) -> Tensor:
        """The mean squared return of the training part."""
        return ops.reshape(self.mean, (1, 1))  # for any B

    def inputs(self, history: Tensor) -> Tensor:
        """Squared returns over their mean: [B, T, 1]."""
        return (self._squares(history) / self.mean)[..., None]
