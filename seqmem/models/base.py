"""The contract of a baseline."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np


class Baseline(ABC):
    """A forecast without a network, with a forecaster's verb: `forecast(series, at)`."""

    def fit(self, series: Any, stop: int) -> Self:
        """Learn from ``series[:stop]`` alone. Some have nothing to learn."""
        return self

    @abstractmethod
    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """Forecasts [len(at), H], each from the rows up to its origin alone."""
