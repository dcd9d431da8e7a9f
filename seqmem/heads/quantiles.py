"""Quantiles, by the pinball loss, that do not cross."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.heads.base import Head, LabelForecast

Tensor = Any
LEVELS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995)


def as_levels(levels: Sequence[float], who: str) -> tuple[float, ...]:
    """Quantile levels as a tuple.

    Raises:
        ValueError: none, not ascending, or one outside (0, 1).
    """
    found = tuple(float(level) for level in levels)
    if not found or list(found) != sorted(set(found)) or not 0 < found[0] <= found[-1] < 1:
        raise ValueError(f"{who}: levels must lie in (0, 1), ascending. Received: {levels}")
    return found


class Quantiles(Head):
    """Quantiles of the label by the pinball loss (Koenker and Bassett 1978); they cannot cross.

    The middle level is free; each other one is a softplus away from its neighbour nearer to the middle.

    Args:
        levels: of the quantiles, in (0, 1), ascending.

    Raises:
        ValueError: levels that are not ascending in (0, 1).

    >>> found = Quantiles((0.05, 0.5, 0.95)).predict(ops.zeros((1, 1, 3))).quantiles
    >>> [round(float(one), 3) for one in found[0, 0]]  # softplus(0) = log 2 on both sides
    [-0.693, 0.0, 0.693]
    """

    has_mean = False

    def __init__(self, levels: Sequence[float] = LEVELS, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = as_levels(levels, "Quantiles")
        self.width = len(self.levels)
        self._middle = int(np.argmin(np.abs(np.array(self.levels) - 0.5)))

    def loss(self, label: Tensor, raw: Tensor) -> Tensor:
        """The mean over the levels of max(q (y - x), (q - 1) (y - x)), twice: its sum tends to the CRPS."""
        error = label[..., None] - self._ascending(raw)
        levels = ops.cast(np.array(self.levels), error.dtype)
        return 2 * ops.mean(ops.maximum(levels * error, (levels - 1) * error), axis=-1)

    def predict(self, raw: Tensor) -> LabelForecast:
        """The quantiles, and no mean."""
        return LabelForecast(quantiles=self._ascending(raw))

    def feedback(self, raw: Tensor) -> Tensor:
        """The middle quantile."""
        return raw[..., self._middle : self._middle + 1]

    def _ascending(self, raw: Tensor) -> Tensor:
        middle = raw[..., self._middle : self._middle + 1]
        steps = ops.softplus(raw)
        parts = [middle]
        if self._middle:
            below = ops.flip(ops.cumsum(ops.flip(steps[..., : self._middle], -1), axis=-1), -1)
            parts.insert(0, middle - below)
        if self._middle + 1 < self.width:
            parts.append(middle + ops.cumsum(steps[..., self._middle + 1 :], axis=-1))
        return ops.concatenate(parts, axis=-1)
