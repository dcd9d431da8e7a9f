"""What the networks of `research.beyond` are made of: levels that a variance is relative to, and a loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.heads import LogVariance
from seqmem.losses import VarianceStudentT
from seqmem.models.classics.graphs.inputs import MONTH, UNIT, LogMeasure

RATIO = 2.0  # about a mean squared return over a geometric mean of ranges
CLIP = 4.0  # standard deviations: no return counts for more


class GeometricLevel(LogMeasure):
    """Everything relative to a geometric EWMA of the range, which one jump hardly moves.

    With log x the measure that `RealisedGARCH` reads and L its EWMA at a decay of .9, the inputs are the
    return over exp(L / 2), within 4 either way, its absolute value, and the EWMAs of log x at other decays
    less L. The network gives log(v / 2 exp(L)).

    Args:
        horizons: as in `VarianceTarget`.
        level: the decay of L.
        decays: of the others; 0 is the day's own.
        memory: rows that an EWMA looks back over.
        **kwargs: those of `VarianceTarget`.
    """

    def __init__(
        self,
        horizons: Sequence[int] = (1, 5),
        level: float = 0.9,
        decays: Sequence[float] = (0.0, 0.6, 0.97, 0.99),
        memory: int = 126,
        **kwargs: Any,
    ) -> None:
        super().__init__(horizons, **{"parkinson_weight": 0.5, **kwargs})
        self.memory = memory
        powers = np.array([level, *decays])[None] ** np.arange(memory - 1, -1, -1)[:, None]
        self._filters = (powers / powers.sum(axis=0))[:, None].astype("float32")

    @property
    def rows_before(self) -> int:
        """The month of the measure, and the memory."""
        return MONTH + self.memory - 1

    def _means(self, history: Any) -> Any:
        return ops.conv(super().inputs(history), ops.cast(self._filters, history.dtype), padding="valid")

    def scale(self, history: Any) -> Any:
        """RATIO exp(L) at the end of the history: [B, 1]."""
        return RATIO * UNIT * ops.exp(self._means(history[:, -self.rows_before - 1 :])[:, -1, :1])

    def inputs(self, history: Any) -> Any:
        """Scale-free inputs: [B, T, 2 + decays]."""
        means = self._means(history)
        level = means[..., :1]
        returns = self._returns(history)[:, self.rows_before - 1 :, None]
        z = ops.clip(returns / ops.sqrt(RATIO * UNIT * ops.exp(level)), -CLIP, CLIP)
        return ops.concatenate([z, ops.abs(z), means[..., 1:] - level], axis=-1)


class OverClassic(GeometricLevel):
    """The same inputs, over what a classic forecasts: an untrained network is the classic.

    A frame has the columns ``classic_1`` and ``classic_5``, mean daily variances over the days ahead; their
    logarithms less L are inputs, too.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """High and low, the forecasts of the classic, and the close."""
        return ("high", "low", *(f"classic_{days}" for days in self.horizons), "close")

    def scale(self, history: Any) -> Any:
        """The forecasts of the classic: [B, H]."""
        return history[:, -1, 2:-1]

    def inputs(self, history: Any) -> Any:
        """Scale-free inputs: [B, T, 2 + decays + H]."""
        level = self._means(history)[..., :1] + np.log(RATIO * UNIT)
        classic = ops.log(history[:, self.rows_before :, 2:-1])
        return ops.concatenate([super().inputs(history), classic - level], axis=-1)


class StudentTVariance(LogVariance):
    """The logarithm of a variance, by Student's likelihood for a share, and by QLIKE for the rest.

    Args:
        share: of Student's likelihood, of 6 degrees of freedom.
    """

    def __init__(self, share: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share

    def loss(self, label: Any, raw: Any) -> Any:
        """The mean of both."""
        student = VarianceStudentT().call(label, raw[..., 0])
        return self.share * student + (1 - self.share) * super().loss(label, raw)
