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
    """The logarithm of a variance, read as a distribution of the return: its root times past shapes.

    What filtered historical simulation is in a graph (`FilteredHistoricalSimulation.to_forecaster`). The
    shapes are weights that no training moves.

    Args:
        levels: of the quantiles, in (0, 1), ascending.
        blocks: S, the shapes, and so the paths.
        horizons: H.

    Raises:
        ValueError: levels that are not ascending in (0, 1).

    >>> head = ShapedVariance((0.25, 0.75), blocks=3, horizons=1).keep(np.array([[-1.0], [0.0], [1.0]]))
    >>> head.predict(ops.zeros((1, 1, 1))).quantiles.numpy().tolist()
    [[[-0.5, 0.5]]]
    >>> head.sample(ops.zeros((1, 1, 1))).numpy().tolist()
    [[[-1.0], [0.0], [1.0]]]
    """

    def __init__(self, levels: Sequence[float], blocks: int, horizons: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = as_levels(levels, "ShapedVariance")
        self.blocks = blocks
        self.horizons = horizons
        self.sampled = blocks
        shapes = {"shape": (blocks, horizons), "table": (horizons, len(self.levels)), "mean": (horizons,)}
        self._shape, self._table, self._mean = (
            self.add_weight(name=name, shape=shape, initializer="zeros", trainable=False)
            for name, shape in shapes.items()
        )

    def keep(self, shape: np.ndarray) -> "ShapedVariance":
        """Take standardised returns over each horizon, [S, H], as the shapes.

        Raises:
            ValueError: others than `blocks` of them over `horizons`.
        """
        if np.shape(shape) != (self.blocks, self.horizons):
            raise ValueError(
                f"ShapedVariance: expected shapes of [{self.blocks}, {self.horizons}]. "
                f"Received: {np.shape(shape)}"
            )
        self._shape.assign(shape)
        self._table.assign(np.quantile(shape, self.levels, axis=0).T)
        self._mean.assign(np.mean(shape, axis=0))
        return self

    def loss(self, label: Tensor, raw: Tensor) -> Tensor:
        """QLIKE, on squared standardised returns."""
        return QLIKE().call(ops.square(label), raw[..., 0])

    def predict(self, raw: Tensor) -> LabelForecast:
        """Means and quantiles of the standardised return."""
        scale = ops.exp(raw[..., 0] / 2)  # [B, H]
        table, mean = ops.cast(self._table, scale.dtype), ops.cast(self._mean, scale.dtype)
        return LabelForecast(scale * mean, scale[..., None] * table)

    def sample(self, raw: Tensor) -> Tensor:
        """Every shape at the scale of each row."""
        scale = ops.exp(raw[..., 0] / 2)
        return scale[:, None] * ops.cast(self._shape, scale.dtype)
