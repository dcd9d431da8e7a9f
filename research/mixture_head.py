"""A head that lost: a mixture of normals, no better than Student's t (`python -m research.risk heads`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.heads.base import Head, LabelForecast
from seqmem.heads.quantiles import LEVELS, as_levels

Tensor = Any
HALVINGS = 30  # of the interval that holds a quantile: to 1e-7 of its width
FAR = 6.0  # standard deviations of the widest component
LEAST, MOST = -7.0, 7.0  # log scales: outside of them a component would be a point, or no density at all


class Mixture(Head):
    """A mixture of normals (Bishop 1994), three numbers a component and horizon, by maximum likelihood.

        weights = softmax(raw_w + a),  locations = raw_m,  scales = exp(raw_s + b),  a, b different for each

    Skew and fat tails come from components of other places and widths. Its quantiles are found by halving an
    interval that holds them, so that the exported graph needs the normal distribution function alone.

    Args:
        levels: of the quantiles, in (0, 1), ascending.
        components: how many normals.

    Raises:
        ValueError: levels that are not ascending in (0, 1), or fewer than two components.

    >>> found = Mixture((0.05, 0.95)).predict(ops.zeros((1, 1, 6)))
    >>> [round(float(one), 2) for one in found.quantiles[0, 0]]  # scales .71 and 1.41, half of each
    [-1.85, 1.85]
    """

    def __init__(self, levels: Sequence[float] = LEVELS, components: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if components < 2:
            raise ValueError(f"Mixture: expected at least two components. Received: {components}")
        self.levels = as_levels(levels, "Mixture")
        self.components = components
        self.width = 3 * components
        # equal components would stay equal: their gradients are
        self._first_scales = np.log(2) * np.linspace(-0.5, 0.5, components)

    def loss(self, label: Tensor, raw: Tensor) -> Tensor:
        """-log likelihood of the label."""
        log_weights, locations, log_scales = self._parameters(raw)
        z = (label[..., None] - locations) * ops.exp(-log_scales)
        each = log_weights - log_scales - 0.5 * ops.square(z) - 0.5 * np.log(2 * np.pi)
        return -ops.logsumexp(each, axis=-1)

    def predict(self, raw: Tensor) -> LabelForecast:
        """The mean and the quantiles."""
        log_weights, locations, log_scales = self._parameters(raw)
        weights, scales = ops.exp(log_weights), ops.exp(log_scales)  # [B, H, components]
        reach = FAR * ops.max(scales, axis=-1)
        shape = (*raw.shape[1:-1], len(self.levels))
        levels = ops.cast(np.broadcast_to(np.array(self.levels), shape), raw.dtype)
        low = (ops.min(locations, axis=-1) - reach)[..., None] + 0 * levels  # [B, H, Q]
        high = (ops.max(locations, axis=-1) + reach)[..., None] + 0 * levels
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            z = (middle[..., None] - locations[..., None, :]) / (scales[..., None, :] * np.sqrt(2))
            below = ops.sum(weights[..., None, :] * (1 + ops.erf(z)) / 2, axis=-1) < levels
            low, high = ops.where(below, middle, low), ops.where(below, high, middle)
        return LabelForecast(ops.sum(weights * locations, axis=-1), (low + high) / 2)

    def feedback(self, raw: Tensor) -> Tensor:
        """The mean."""
        log_weights, locations, _ = self._parameters(raw)
        return ops.sum(ops.exp(log_weights) * locations, axis=-1, keepdims=True)

    def _parameters(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log weights, locations and log scales, [..., components] each."""
        count = self.components
        log_scales = raw[..., 2 * count :] + ops.cast(self._first_scales, raw.dtype)
        return (
            ops.log_softmax(raw[..., :count], axis=-1),
            raw[..., count : 2 * count],
            ops.clip(log_scales, LEAST, MOST),
        )
