"""The variance of the coming returns."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from seqmem.data.calendars import Calendar
from seqmem.data.measures import parkinson, range_variance, squared_returns
from seqmem.quantities import Quantity, Variance
from seqmem.targets.base import Target
from seqmem.transforms import LogReturn

Tensor = Any
TINY = 1e-12  # of a variance: a day without any move still has a logarithm


class VarianceTarget(Target):
    """What both targets share: labels are mean daily variances over the scale of their history.

    The forecast is the variance of the log return over the next h rows: h times the mean daily variance, in
    squared log returns.

    Args:
        horizons: rows ahead that a variance covers, each at least 1, ascending.
        parkinson_weight: how much of a label is Parkinson's variance, scaled to the mean of the squared
            returns, instead of a squared return: it has a fifth of the noise. 0: nothing, and closes alone
            will do.
        periods_per_year: rows in a year, what a volatility is annualised with; `fit` takes it from the
            calendar of the data.

    Raises:
        ValueError: no horizons, or one below 1; a weight outside [0, 1].
    """

    bounded_inputs: ClassVar[bool] = True  # a linear map from them to a logarithm is safe then
    horizons: tuple[int, ...]

    def __init__(
        self,
        horizons: Sequence[int] = (1, 5),
        parkinson_weight: float = 0.0,
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
        self.quantity = Variance(periods_per_year)
        self.horizons = tuple(horizons)
        self.parkinson_weight = parkinson_weight
        self.range_scale: Any = self.add_weight(
            name="range_scale", shape=(), initializer="ones", trainable=False
        )

    @property
    def needs_range(self) -> bool:
        """Whether closes alone will not do."""
        return self.parkinson_weight > 0

    @property
    def columns(self) -> tuple[str, ...]:
        """High, low and close, or the close."""
        return ("high", "low", "close") if self.needs_range else ("close",)

    def adapt(self, known: Sequence[np.ndarray]) -> None:
        """Learn by how much a squared return exceeds Parkinson's variance: nights, and the ticks between."""
        if self.needs_range:
            squares = np.concatenate([squared_returns(one)[1:] for one in known])
            ranges = np.concatenate([parkinson(one)[1:] for one in known])
            self.range_scale.assign(squares.mean() / ranges.mean())

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
        rows = ops.concatenate([history[:, -1:], future], axis=1)
        variance = self._squares(rows)
        if self.parkinson_weight:
            ranges = self.range_scale * self._ranges(rows[:, 1:])
            variance = (1 - self.parkinson_weight) * variance + self.parkinson_weight * ranges
        means = [ops.mean(variance[:, :days], axis=1) for days in self.horizons]
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
        super().adapt(known)
        self.mean.assign(np.concatenate([squared_returns(one)[1:] for one in known]).mean())

    def scale(self, history: Tensor) -> Tensor:
        """The mean squared return of the training part."""
        return ops.reshape(self.mean, (1, 1))  # for any B

    def inputs(self, history: Tensor) -> Tensor:
        """Squared returns over their mean: [B, T, 1]."""
        return (self._squares(history) / self.mean)[..., None]


class ScaleFreeVariance(VarianceTarget):
    """Everything relative to an EWMA of the squared returns: prices of any volatility look alike.

    With E_t the EWMA of r^2 at RiskMetrics' decay of .94, the inputs are r_t / sqrt(E_t), its absolute value,
    and the logarithm over E_t of EWMAs of r^2, of the r^2 of falling days, and of Parkinson's variance. The
    network gives log(v / E_t), so that what it adds to the EWMA is what it learns. An EWMA here is the
    weighted mean of the last `memory` days, so that a window's inputs are the same wherever it begins.

    Args:
        horizons: as in `VarianceTarget`.
        parkinson_weight: as in `VarianceTarget`.
        use_range: whether to read highs and lows.
        memory: rows before its own that an input looks back over.
        decay: of E_t.
        decays: of the EWMAs of r^2.
        downside_decays: of those of the r^2 of falling days.
        range_decays: of those of Parkinson's variance; 0 is the day's own.
    """

    def __init__(
        self,
        horizons: Sequence[int] = (1, 5),
        parkinson_weight: float = 0.0,
        use_range: bool = True,
        memory: int = 126,
        decay: float = 0.94,
        decays: Sequence[float] = (0.75, 0.85, 0.97, 0.99),
        downside_decays: Sequence[float] = (0.6, 0.85, 0.94, 0.98),
        range_decays: Sequence[float] = (0.0, 0.6, 0.85, 0.94, 0.98),
        **kwargs: Any,
    ) -> None:
        super().__init__(horizons, parkinson_weight, **kwargs)
        self.use_range = use_range
        self.memory = memory
        self._own = _weights([decay], memory)
        self._squared = _weights(decays, memory)
        self._downside = _weights(downside_decays, memory)
        self._ranged = _weights(range_decays, memory)

    @property
    def needs_range(self) -> bool:
        """Whether closes alone will not do."""
        return self.use_range or super().needs_range

    @property
    def warmup(self) -> int:
        """How many more rows than steps a history has."""
        return self.memory

    def scale(self, history: Tensor) -> Tensor:
        """E_t at the end of the history."""
        squares = self._squares(history[:, -self.memory - 1 :])
        return ops.sum(squares * ops.cast(self._own[:, 0, 0], squares.dtype), axis=1, keepdims=True) + TINY

    def inputs(self, history: Tensor) -> Tensor:
        """Scale-free inputs [B, T, F]."""
        returns = self._returns(history)
        squares = ops.square(returns)
        own = _smooth(squares, self._own) + TINY
        standardized = returns[:, self.memory - 1 :, None] / ops.sqrt(own)
        falling = 2 * squares * ops.cast(returns < 0, squares.dtype)
        means = [_smooth(squares, self._squared), _smooth(falling, self._downside)]
        if self.use_range:
            means.append(_smooth(self._ranges(history[:, 1:]), self._ranged))
        ratios = ops.log(ops.concatenate(means, axis=-1) / own + 0.01)  # a day may have no move
        return ops.concatenate([standardized, ops.abs(standardized), ratios], axis=-1)


def _weights(decays: Sequence[float], memory: int) -> np.ndarray:
    """EWMAs as filters [memory, 1, len(decays)], the newest row last; each sums to 1."""
    powers = np.asarray(decays, dtype="float64")[None, :] ** np.arange(memory - 1, -1, -1)[:, None]
    return (powers / powers.sum(axis=0))[:, None, :].astype("float32")


def _smooth(values: Tensor, weights: np.ndarray) -> Tensor:
    """Weighted means of [B, n] over the last rows up to each: [B, n - memory + 1, len(decays)]."""
    filters = ops.cast(weights, values.dtype)
    return ops.conv(values[..., None], filters, padding="valid", data_format="channels_last")
