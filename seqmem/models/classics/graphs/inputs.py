"""What classics of variances read of a window of prices, in a graph: one target for each family."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from keras import ops

from seqmem.data.measures import range_variance
from seqmem.models.classics.har import DAYS
from seqmem.models.classics.har import MOST as MOST_OF_MONTH
from seqmem.models.classics.log_har import DECAY, LEAST, MONTH, MOST, TINY
from seqmem.targets import VarianceTarget

Tensor = Any
UNIT = 1e-4  # squared percent, in which the recurrences run: float32 has room around 1
MEMORY = 260  # rows of an EWMA of decay .94: what is older weighs 1e-7


class ClassicInputs(VarianceTarget):
    """What a classic reads: inputs in percent, variances in squared percent.

    A subclass writes `inputs` and `rows_before`.

    Args:
        horizons: as in `VarianceTarget`.
        **kwargs: those of `VarianceTarget`.
    """

    reads_range: ClassVar[bool] = False

    @property
    def needs_range(self) -> bool:
        """Whether closes alone will not do."""
        return self.reads_range or super().needs_range

    @property
    @abstractmethod
    def rows_before(self) -> int:
        """How many more rows than steps are read."""

    @property
    def warmup(self) -> int:
        """How many more rows than steps a history has."""
        return self.rows_before

    def scale(self, history: Tensor) -> Tensor:
        """A squared percent."""
        return ops.full((1, 1), UNIT, dtype=history.dtype)


class ReturnInputs(ClassicInputs):
    """Log returns in percent, less a mean: [B, T, 1]; what GARCH and its family read.

    Args:
        horizons: as in `VarianceTarget`.
        mean: in percent.
        **kwargs: those of `VarianceTarget`.
    """

    def __init__(self, horizons: Sequence[int] = (1, 5), mean: float = 0.0, **kwargs: Any) -> None:
        super().__init__(horizons, **kwargs)
        self.mean = mean

    @property
    def rows_before(self) -> int:
        """The close before."""
        return 1

    def inputs(self, history: Tensor) -> Tensor:
        """Returns of the closes."""
        return 100 * self._returns(history)[..., None] - self.mean


class SquareMeans(ClassicInputs):
    """Mean squared returns of a day, a week and a month, in squared percent: [B, T, 3]; what HAR reads."""

    @property
    def rows_before(self) -> int:
        """A month of returns."""
        return MONTH

    def inputs(self, history: Tensor) -> Tensor:
        """The means."""
        return means(self._squares(history) / UNIT)


class RangeMeans(ClassicInputs):
    """Mean Parkinson variances of a day, a week and a month, as range HAR reads them: [B, T, 3]."""

    reads_range = True

    @property
    def rows_before(self) -> int:
        """A month, and one before it that its days are held to."""
        return 2 * MONTH - 1

    def inputs(self, history: Tensor) -> Tensor:
        """The means."""
        found = self._ranges(history) / UNIT
        most = MOST_OF_MONTH * rolling_mean(found, MONTH)[:, :-1]
        own = found[:, MONTH:]
        return means(ops.where(most > 0, ops.minimum(own, most), own))


class LogHARInputs(ClassicInputs):
    """Log ranges of a day, a week and a month, and signed returns, as log HAR reads them: [B, T, 5].

    Args:
        horizons: as in `VarianceTarget`.
        memory: rows of the EWMA that returns are standardised by.
        **kwargs: those of `VarianceTarget`.
    """

    reads_range = True

    def __init__(self, horizons: Sequence[int] = (1, 5), memory: int = MEMORY, **kwargs: Any) -> None:
        super().__init__(horizons, **kwargs)
        self.memory = memory

    @property
    def rows_before(self) -> int:
        """A week of returns, each over an EWMA of those before."""
        return max(self.memory + DAYS[1], MONTH)

    def inputs(self, history: Tensor) -> Tensor:
        """The inputs of the equation of `LogHAR`, but for the constant."""
        steps = history.shape[1] - self.rows_before
        variances = gapped_ranges(history) / UNIT
        floor = LEAST * rolling_mean(variances, MONTH)[:, -steps:] + TINY / UNIT
        logs = [
            ops.log(ops.maximum(rolling_mean(variances, days)[:, -steps:], floor)) for days in DAYS
        ]  # of squared percent: `LogHAR` takes them over 1% a day, too
        changes = 100 * self._returns(history)
        powers = DECAY ** np.arange(self.memory - 1, -1, -1)
        weights = ops.cast((powers / powers.sum())[:, None, None], changes.dtype)
        smooth = ops.conv(ops.square(changes)[..., None], weights, padding="valid")[:, :-1, 0]
        z = changes[:, self.memory :] / ops.sqrt(smooth + TINY / UNIT)
        z = ops.clip(z, -MOST, MOST)
        week = rolling_mean(z, DAYS[1])[:, -steps:]
        return ops.stack([*logs, ops.minimum(z[:, -steps:], 0), week], axis=-1)


class LogMeasure(ClassicInputs):
    """The logarithm of a realised measure, in squared percent: [B, T, 1]; what realised GARCH reads.

    Args:
        horizons: as in `VarianceTarget`.
        realised: a column of realised variances. None: the range.
        **kwargs: those of `VarianceTarget`.
    """

    @property
    def needs_range(self) -> bool:
        """Whether closes alone will not do."""
        return self.realised is None or super().needs_range

    @property
    def rows_before(self) -> int:
        """A month."""
        return MONTH

    def inputs(self, history: Tensor) -> Tensor:
        """Log max(x, a hundredth of the month's mean)."""
        found = gapped_ranges(history) if self.realised is None else history[:, 1:, -2]
        found = found / UNIT
        floor = LEAST * rolling_mean(found, MONTH) + TINY / UNIT
        return ops.log(ops.maximum(found[:, MONTH - 1 :], floor))[..., None]


def gapped_ranges(history: Tensor) -> Tensor:
    """`seqmem.models.classics.variance.gapped_ranges` of all rows but the first: [B, n, C] -> [B, n - 1]."""
    high, low, before = history[:, 1:, 0], history[:, 1:, 1], history[:, :-1, -1]
    true = range_variance(ops.maximum(high, before), ops.minimum(low, before), ops)
    return ops.maximum(range_variance(high, low, ops), true / 9)


def means(values: Tensor) -> Tensor:
    """Means over a day, a week and a month up to each row that has a month: [B, n] -> [B, n - 21, 3]."""
    steps = values.shape[1] - MONTH + 1
    return ops.stack([rolling_mean(values, days)[:, -steps:] for days in DAYS], axis=-1)


def rolling_mean(values: Tensor, days: int) -> Tensor:
    """Means of the last days up to each row: [B, n] -> [B, n - days + 1]."""
    if days == 1:
        return values
    weights = ops.full((days, 1, 1), 1 / days, dtype=values.dtype)
    return ops.conv(values[..., None], weights, padding="valid")[..., 0]
