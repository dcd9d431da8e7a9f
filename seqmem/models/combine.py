"""Forecasts put together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from seqmem.data.dataset import PriceData
from seqmem.data.splits import Split
from seqmem.evaluation.forecast import Forecast, Prediction
from seqmem.models.base import Model
from seqmem.quantities import Quantity

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster


class GeometricMean(Model):
    """The geometric mean of what several models forecast: of errors that differ, some cancel.

    Args:
        models: of one quantity and of the same horizons, such as a network and a GARCH.

    Raises:
        ValueError: no models, or models that differ in what they forecast.

    >>> from seqmem.models.classics import EWMA, ConstantVariance
    >>> closes = 100 * np.exp(0.01 * np.arange(80))
    >>> mean = GeometricMean([EWMA(), ConstantVariance()]).fit(closes, Split(None, test_start=70))
    >>> mean.forecast(closes).mean.round(6)
    array([[0.0001, 0.0005]])
    """

    horizons: tuple[int, ...]
    context_length: int
    quantity: Quantity

    def __init__(self, models: Sequence[Model]) -> None:
        if not models:
            raise ValueError("GeometricMean: expected at least one model. Received: none")
        kinds = {(type(model.quantity), model.horizons) for model in models}
        if len(kinds) > 1:
            raise ValueError(
                "GeometricMean: expected one quantity and the same horizons. "
                f"Received: {sorted(map(str, kinds))}"
            )
        self.models: list[Model] = list(models)
        self.horizons = models[0].horizons
        self.quantity = models[0].quantity
        self.context_length = max(model.context_length for model in models)

    def fit(self, data: PriceData, split: Split) -> Self:
        """Fit each of them."""
        for model in self.models:
            model.fit(data, split)
        self.quantity = self.models[0].quantity
        return self

    def predict_series(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> np.ndarray:
        """exp(mean log), [N, H]."""
        return _geometric_mean([_mean(one.predict_series(frame, origins, unique_id)) for one in self.models])

    def to_forecaster(self) -> "Forecaster":
        """All of them as one graph, which reads the columns and the rows that any needs.

        Raises:
            ValueError: models of something else than variances, or one without a graph.
        """
        from seqmem.models.classics.graphs.together import geometric_mean_of

        return geometric_mean_of(self.models)


def geometric_mean(forecasts: Sequence[Forecast]) -> Forecast:
    """The geometric mean of forecasts that were made from the same origins."""
    first = forecasts[0]
    mean = _geometric_mean([one.point for one in forecasts])
    return replace(first, mean=mean, quantiles=None, paths=None, levels=())


def _geometric_mean(means: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(np.exp(np.mean([np.log(mean, dtype="float64") for mean in means], axis=0)))


def _mean(said: Prediction | np.ndarray) -> np.ndarray:
    if not isinstance(said, Prediction):
        return said
    if said.mean is None:
        raise ValueError(
            "GeometricMean: expected models that forecast a mean. Received: quantiles or paths alone"
        )
    return said.mean
