"""The return over the next rows, over its scale at the origin."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.data.calendars import Calendar
from seqmem.quantities import Quantity, Return
from seqmem.targets.base import Target
from seqmem.targets.scale_free import ScaleFreeVariance
from seqmem.targets.variance import VarianceTarget
from seqmem.transforms import LogReturn

Tensor = Any


class CumulativeReturn(Target):
    """log p_{t+h} / p_t over sqrt(h v_t), with v_t the scale of a variance target at the origin.

    Not pathwise: each horizon is a number by itself, and the forecast increases with it, so that quantiles
    pass through. What the network sees is what the variance target shows it.

    Args:
        horizons: rows ahead, each at least 1, ascending.
        view: the variance target whose inputs and scale are used; by default `ScaleFreeVariance`.

    >>> target = CumulativeReturn((1, 5), ScaleFreeVariance((1, 5), use_range=False, memory=20))
    >>> target.columns, target.warmup
    (('close',), 20)
    """

    quantity: Quantity = Return()
    horizons: tuple[int, ...]

    def __init__(
        self, horizons: Sequence[int] = (1, 5), view: VarianceTarget | None = None, **kwargs: Any
    ) -> None:
        super().__init__(LogReturn(), **kwargs)
        self.view: VarianceTarget | ScaleFreeVariance = view or ScaleFreeVariance(horizons)
        self.horizons = tuple(horizons)
        if self.horizons != self.view.horizons:
            raise ValueError(
                f"CumulativeReturn: expected a view of the same horizons, {self.horizons}. "
                f"Received: {self.view.horizons}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the view."""
        return self.view.columns

    @property
    def warmup(self) -> int:
        """That of the view."""
        return self.view.warmup

    def adapt(self, known: Sequence[np.ndarray]) -> None:
        """Let the view learn."""
        self.view.adapt(known)

    def use_calendar(self, calendar: Calendar) -> None:
        """Let the view know."""
        self.view.use_calendar(calendar)

    def stationary_view(self, known: np.ndarray) -> np.ndarray:
        """The returns."""
        return self.view.stationary_view(known)

    def inputs(self, history: Tensor) -> Tensor:
        """What the view shows: [B, T, F]."""
        return self.view.inputs(history)

    def label(self, future: Tensor, history: Tensor) -> Tensor:
        """Returns over their scale: [B, H, 1]."""
        ahead = ops.stack([future[:, h - 1, -1] for h in self.horizons], axis=1)
        last = history[:, -1:, -1]
        return (ops.log1p((ahead - last) / last) / self._scale(history))[..., None]

    def inverse(self, values: Tensor, history: Tensor) -> Tensor:
        """Log returns [B, H]; of sampled paths [B, S, H]."""
        scale = self._scale(history)
        return values * (scale if len(values.shape) == 2 else scale[:, None])

    def _scale(self, history: Tensor) -> Tensor:
        daily = self.view.scale(history)
        return ops.sqrt(daily * ops.cast(ops.array(self.horizons), daily.dtype))
