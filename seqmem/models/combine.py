"""Forecasts put together."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqmem.models.base import Baseline


class GeometricMean(Baseline):
    """The geometric mean of what several models forecast: of errors that differ, some cancel.

    Args:
        models: fitted; anything with `forecast(series, at)`, such as a network and a GARCH.

    Raises:
        ValueError: no models.

    >>> from seqmem.models.classics import EWMA, ConstantVariance
    >>> closes = 100 * np.exp(0.01 * np.arange(80))
    >>> models = [EWMA().fit(closes, 80), ConstantVariance().fit(closes, 80)]
    >>> GeometricMean(models).forecast(closes, [79]).round(6)
    array([[0.0001, 0.0005]])
    """

    def __init__(self, models: Sequence[Any]) -> None:
        if not models:
            raise ValueError("GeometricMean: expected at least one model. Received: none")
        self.models = list(models)

    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """exp(mean log v), [len(at), H]."""
        return np.exp(np.mean([np.log(model.forecast(series, at)) for model in self.models], axis=0))
