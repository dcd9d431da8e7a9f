"""Filtered historical simulation: a variance model gives the scale of returns, the past their shape."""

from collections.abc import Sequence
from typing import Self

import keras
import numpy as np
import pandas as pd

from seqmem.data.dataset import PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation.forecast import Prediction
from seqmem.heads import ShapedVariance
from seqmem.heads.quantiles import LEVELS
from seqmem.models.base import Model
from seqmem.models.forecaster import Forecaster
from seqmem.networks import ResidualRecurrent
from seqmem.quantities import Return, Variance
from seqmem.targets import CumulativeReturn

MOST = 1000  # blocks: the latest four years
FEWEST = 100


class FilteredHistoricalSimulation(Model):
    """Joint paths of returns: past blocks of H days, in units of what was forecast for them, scaled anew.

        z_{s,h} = log(p_{s+h} / p_s) / sqrt(V_h(s)),    R_{t,h}^(s) = sqrt(V_h(t)) z_{s,h}

    with V_h(s) the variance over h days that the model forecast at s (Barone-Adesi, Giannopoulos and Vosper
    1999). The blocks overlap, and are those of the validation part, on which no network was trained; without
    one, of all that lies before the test part. No random number is drawn: the S blocks are the S paths of
    every forecast, so that fat tails, asymmetry and the dependence of days are those of the past, and only
    the scale is the model's. The same recipe stands on every variance model, so that a comparison is of the
    models alone.

    Args:
        variance_model: forecasts variances over horizons that increase, such as GARCH or a network.
        horizons: rows ahead, ascending; variances between those of the model are interpolated.
        blocks: S, at most.

    Raises:
        ValueError: a model of something else than variances, or whose horizons do not reach H.

    >>> from seqmem.models.classics import EWMA
    >>> closes = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 600).cumsum())
    >>> model = FilteredHistoricalSimulation(EWMA()).fit(closes, Split(None, test_start=500))
    >>> forecast = model.forecast(closes)
    >>> forecast.paths.shape, [round(float(one), 3) for one in forecast.quantile(0.05)[0, :2]]
    ((1, 473, 5), [-0.015, -0.022])
    """

    horizons: tuple[int, ...]
    quantity = Return()

    def __init__(
        self, variance_model: Model, *, horizons: Sequence[int] = (1, 2, 3, 4, 5), blocks: int = MOST
    ) -> None:
        if not isinstance(variance_model.quantity, Variance):
            raise ValueError(
                "FilteredHistoricalSimulation: expected a model of variances. "
                f"Received: {variance_model.quantity.name}"
            )
        if max(variance_model.horizons) < max(horizons):
            raise ValueError(
                f"FilteredHistoricalSimulation: expected a variance model that reaches {max(horizons)} rows "
                f"ahead. Received: horizons {variance_model.horizons}"
            )
        self.variance_model = variance_model
        self.horizons = tuple(horizons)
        self.blocks = blocks
        self._shapes: dict[str, np.ndarray] = {}

    @property
    def context_length(self) -> int:
        """That of the variance model."""
        return self.variance_model.context_length

    def fit(self, data: PriceData, split: Split) -> Self:
        """Fit the variance model, and keep the blocks of the validation part."""
        self.variance_model.fit(data, split)
        return self.keep_shapes(data, split)

    def keep_shapes(self, data: PriceData, split: Split) -> Self:
        """Keep the blocks of the validation part, of a variance model that is fitted already.

        Raises:
            ValueError: a series with fewer than 100 such blocks.
        """
        dataset = as_dataset(data)
        size = {"context_length": self.context_length, "horizon": max(self.horizons)}
        part = split.train if split.validation_start is None else split.validation
        for name, origins in part(dataset, **size).items():
            if len(origins) < FEWEST:
                raise ValueError(
                    f"FilteredHistoricalSimulation: {name}: expected at least {FEWEST} origins with "
                    f"{self.context_length} rows up to them before the test part. Received: {len(origins)}"
                )
            known = dataset.frames[name].iloc[: split.known(dataset)[name]]
            self._shapes[name] = self._blocks(known, origins[-self.blocks :], name)
        return self

    def predict_series(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> Prediction:
        """Paths [N, S, H] of log returns; their mean is the mean."""
        if not self._shapes:
            raise ValueError("FilteredHistoricalSimulation: call fit(data, split) first")
        shape = self._shapes.get(unique_id, next(iter(self._shapes.values())))  # [S, H]
        scale = np.sqrt(self._variances(frame, origins, unique_id))  # [N, H]
        paths = scale[:, None] * shape
        return Prediction(mean=paths.mean(axis=1), paths=paths)

    def to_forecaster(self, levels: Sequence[float] = LEVELS) -> Forecaster:
        """The same forecast as quantiles of one `Forecaster`, to be exported and served.

        Args:
            levels: of the quantiles.

        Raises:
            ValueError: a variance model that is no network, other horizons than its own, or several series.
        """
        model = self.variance_model
        if not isinstance(model, Forecaster) or not isinstance(model.network, ResidualRecurrent):
            raise ValueError(
                "to_forecaster: expected a forecaster of a ResidualRecurrent as the variance model. "
                f"Received: {model!r}"
            )
        if self.horizons != model.horizons or len(self._shapes) != 1:
            raise ValueError(
                f"to_forecaster: expected the horizons of the network, {model.horizons}, and one series. "
                f"Received: {self.horizons} and {len(self._shapes)} series"
            )
        (shape,) = self._shapes.values()
        quantiles, mean = np.quantile(shape, levels, axis=0).T, shape.mean(axis=0)
        head = ShapedVariance(list(levels), quantiles.tolist(), mean.tolist())
        config = model.network.get_config() | {"head": keras.saving.serialize_keras_object(head)}
        network = ResidualRecurrent.from_config(config)
        view = type(model.target).from_config(model.target.get_config())
        found = Forecaster(network, CumulativeReturn(self.horizons, view), model.lookback)
        found.build()
        view.set_weights(model.target.get_weights())
        network.set_weights(model.network.get_weights())
        return found

    def _blocks(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> np.ndarray:
        closes = frame["close"].to_numpy()
        ahead = closes[origins[:, None] + np.array(self.horizons)]
        returns = np.log(ahead / closes[origins][:, None])
        return np.asarray(returns / np.sqrt(self._variances(frame, origins, unique_id)))

    def _variances(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> np.ndarray:
        """The variance over each horizon, [N, H]."""
        found = self.variance_model.predict_series(frame, origins, unique_id)
        known = np.asarray(found.mean if isinstance(found, Prediction) else found, dtype="float64")
        return interpolate_variances(known, self.variance_model.horizons, self.horizons)

    def __repr__(self) -> str:
        return f"FilteredHistoricalSimulation({self.variance_model!r}, horizons={self.horizons})"


def interpolate_variances(
    variances: np.ndarray, horizons: Sequence[int], wanted: Sequence[int]
) -> np.ndarray:
    """Variances over some horizons [N, K] as those over others [N, H]: linear between, from 0 at 0.

    >>> interpolate_variances(np.array([[1.0, 9.0]]), (1, 5), (1, 2, 3, 4, 5)).tolist()
    [[1.0, 3.0, 5.0, 7.0, 9.0]]
    """
    nodes = np.array([0, *horizons])
    values = np.concatenate([np.zeros((len(variances), 1)), variances], axis=1)
    above = np.clip(np.searchsorted(nodes, wanted), 1, len(nodes) - 1)
    share = (np.array(wanted) - nodes[above - 1]) / (nodes[above] - nodes[above - 1])
    return (1 - share) * values[:, above - 1] + share * values[:, above]
