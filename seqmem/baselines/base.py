"""The contract of a baseline."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np


class Baseline(ABC):
    """A forecast without a network, with a forecaster's verb: `forecast(series, at)`.

    Args:
        horizon: H, the days ahead, at least 1.
    """

    def __init__(self, *, horizon: int) -> None:
        if horizon < 1:
            raise ValueError(f"{type(self).__name__}: horizon must be at least 1. Received: {horizon}")
        self.horizon = horizon

    def fit(self, series: Any, stop: int) -> Self:
        """Learn from ``series[:stop]`` alone. Most have nothing to learn."""
        return self

    @abstractmethod
    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """Forecasts [len(at), H] in the units of the series, each from the rows up to its origin alone."""
