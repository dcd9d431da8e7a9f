"""A variance whose distribution has the shape of the past."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.heads.base import Head, LabelForecast
from seqmem.heads.quantiles import as_levels
from seqmem.losses import QLIKE

Tensor = Any


class ShapedVariance(Head):
    """The logarithm of a variance, read as quantiles of the return: its root times those of past shapes.

    What filtered historical simulation is in a graph (`FilteredHistoricalSimulation.to_forecaster`).

    Args:
        levels: of the quantiles, in (0, 1), ascending.
        shape: quantiles of the standardised returns over each horizon, [H][Q].
        mean: their means, [H].

    Raises:
        ValueError: levels that are not ascending in (0, 1), or a shape of other sizes.
    """

    def __init__(
        self, levels: Sequence[float], shape: Sequence[Sequence[float]], mean: Sequence[float], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.levels = as_levels(levels, "ShapedVariance")
        self._shape, self._mean = np.asarray(shape, "float32"), np.asarray(mean, "float32")
        if self._shape.shape != (len(self._mean), len(self.levels)):
            raise ValueError(
                f"ShapedVariance: expected a shape of [{len(self._mean)}][{len(self.levels)}]. "
                f"Received: {self._shape.shape}"
            )

    def loss(self, label: Tensor, raw: Tensor) -> Tensor:
        """QLIKE, on squared standardised returns."""
        return QLIKE().call(ops.square(label), raw[..., 0])

    def predict(self, raw: Tensor) -> LabelForecast:
        """Means and quantiles of the standardised return."""
        scale = ops.exp(raw[..., 0] / 2)  # [B, H]
        shape, mean = ops.cast(self._shape, scale.dtype), ops.cast(self._mean, scale.dtype)
        return LabelForecast(scale * mean, scale[..., None] * shape)
