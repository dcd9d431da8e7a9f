"""A variance relative to an EWMA of the squared returns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.targets.variance import VarianceTarget

Tensor = Any
TINY = 1e-12  # of a variance: a day without any move still has a logarithm


class ScaleFreeVariance(VarianceTarget):
    """Everything relative to an EWMA of the squared returns: prices of any volatility look alike.

    With E_t the EWMA of r^2 at RiskMetrics' decay of .94, the inputs are r_t / sqrt(E_t), its absolute value,
    and the logarithm over E_t of EWMAs of r^2, of the r^2 of falling days, of Parkinson's variance, and of a
    realised variance where one is read. The network gives log(v / E_t), so that what it adds to the EWMA is
    what it learns. An EWMA here is the weighted mean of the last `memory` days, so that a window's inputs are
    the same wherever it begins.

    Args:
        horizons: as in `VarianceTarget`.
        parkinson_weight: as in `VarianceTarget`.
        use_range: whether to read highs and lows.
        memory: rows before its own that an input looks back over.
        decay: of E_t.
        decays: of the EWMAs of r^2.
        downside_decays: of those of the r^2 of falling days.
        range_decays: of those of Parkinson's variance and of a realised one; 0 is the day's own.
        **kwargs: realised and realised_weight of `VarianceTarget`, and of a Keras layer.
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
        if self.realised is not None:
            means.append(_smooth(self._realised(history[:, 1:]), self._ranged))
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
