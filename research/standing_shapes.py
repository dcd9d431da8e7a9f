"""The recipe that lost: shapes of the validation part, which stand still from there on."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.splits import Split
from seqmem.evaluation.forecast import Prediction
from seqmem.models.base import Model
from seqmem.models.interpolated import interpolate_variances
from seqmem.quantities import Return


class StandingShapes(Model):
    """Filtered historical simulation whose blocks are those of the validation part, whatever comes after.

    Args:
        variance_model: fitted.
        horizons: rows ahead.
    """

    horizons: tuple[int, ...]
    quantity = Return()

    def __init__(self, variance_model: Model, *, horizons: Sequence[int]) -> None:
        self.variance_model = variance_model
        self.horizons = tuple(horizons)
        self._shape = np.empty((0, len(self.horizons)))

    @property
    def context_length(self) -> int:
        """That of the variance model."""
        return self.variance_model.context_length

    def fit(self, data: Dataset, split: Split) -> Self:
        """Fit the variance model, and keep the blocks."""
        self.variance_model.fit(data, split)
        return self.keep_shapes(data, split)

    def keep_shapes(self, data: Dataset, split: Split) -> Self:
        """Keep the blocks of the validation part of one series."""
        size = {"context_length": self.context_length, "horizon": max(self.horizons)}
        ((name, origins),) = split.validation(data, **size).items()
        closes = data.frames[name]["close"].to_numpy()
        returns = np.log(closes[origins[:, None] + np.array(self.horizons)] / closes[origins][:, None])
        self._shape = returns / self._scale(data.frames[name], origins, name)
        return self

    def predict_series(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> Prediction:
        """Paths [N, S, H] of log returns."""
        paths = self._scale(frame, origins, unique_id)[:, None] * self._shape
        return Prediction(mean=paths.mean(axis=1), paths=paths)

    def _scale(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> np.ndarray:
        found = self.variance_model.predict_series(frame, origins, unique_id)
        known = np.asarray(found.mean if isinstance(found, Prediction) else found, dtype="float64")
        return np.sqrt(interpolate_variances(known, self.variance_model.horizons, self.horizons))
