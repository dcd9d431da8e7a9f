"""Student's t: location, scale and degrees of freedom, by its likelihood."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.heads.base import Head, LabelForecast
from seqmem.heads.quantiles import LEVELS, as_levels

Tensor = Any
LEAST, MOST = 2.1, 200.0  # degrees of freedom: below 2 there is no variance, above 200 it is the normal
GRID = 96  # degrees at which quantiles are tabulated


class StudentT(Head):
    """Student's t distribution (Bollerslev 1987): three numbers a horizon, by maximum likelihood.

        location = raw_0,  scale = exp(raw_1),  degrees = LEAST + (MOST - LEAST) sigmoid(raw_2 - 3)

    Its quantiles come from a table over the degrees, interpolated in their logarithm, so that the exported
    graph needs no special function.

    Args:
        levels: of the quantiles, in (0, 1), ascending.

    Raises:
        ValueError: levels that are not ascending in (0, 1).

    >>> found = StudentT((0.05, 0.5, 0.95)).predict(ops.zeros((1, 1, 3)))
    >>> found.mean.shape, [round(float(one), 2) for one in found.quantiles[0, 0]]
    (TensorShape([1, 1]), [-1.79, 0.0, 1.79])
    """

    width = 3

    def __init__(self, levels: Sequence[float] = LEVELS, **kwargs: Any) -> None:
        from scipy.stats import t

        super().__init__(**kwargs)
        self.levels = as_levels(levels, "StudentT")
        self._logs = np.linspace(np.log(LEAST), np.log(MOST), GRID)
        self._table = t.ppf(np.array(self.levels), np.exp(self._logs)[:, None]).astype("float32")  # [GRID, Q]

    def loss(self, label: Tensor, raw: Tensor) -> Tensor:
        """-log likelihood of the label."""
        location, scale, degrees = self._parameters(raw)
        z = (label - location) / scale
        return (
            ops.log(scale)
            + 0.5 * (degrees + 1) * ops.log1p(ops.square(z) / degrees)
            - _log_gamma_ratio(degrees)
            + 0.5 * ops.log(degrees * np.pi)
        )

    def predict(self, raw: Tensor) -> LabelForecast:
        """The mean, which is the location, and the quantiles."""
        location, scale, degrees = self._parameters(raw)
        step = float(self._logs[1] - self._logs[0])
        place = ops.nan_to_num((ops.log(degrees) - float(self._logs[0])) / step)  # a row that has not come
        place = ops.clip(place, 0.0, GRID - 1.001)
        below = ops.floor(place)
        rows, share = ops.cast(below, "int32"), (place - below)[..., None]
        table = ops.cast(self._table, raw.dtype)
        standard = (1 - share) * ops.take(table, rows, axis=0) + share * ops.take(table, rows + 1, axis=0)
        return LabelForecast(location, location[..., None] + scale[..., None] * standard)

    def _parameters(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        degrees = LEAST + (MOST - LEAST) * ops.sigmoid(raw[..., 2] - 3)
        return raw[..., 0], ops.exp(raw[..., 1]), degrees


def _log_gamma_ratio(degrees: Tensor) -> Tensor:
    """Log Gamma((n + 1) / 2) - log Gamma(n / 2), by Stirling's series after a shift by 4: exact to 1e-6."""
    return _log_gamma((degrees + 1) / 2) - _log_gamma(degrees / 2)


def _log_gamma(x: Tensor) -> Tensor:
    shifted = x + 4
    series = (
        (shifted - 0.5) * ops.log(shifted)
        - shifted
        + 0.5 * np.log(2 * np.pi)
        + 1 / (12 * shifted)
        - 1 / (360 * shifted**3)
    )
    return series - ops.log(x * (x + 1) * (x + 2) * (x + 3))
