"""Filtered historical simulation: a variance model gives the scale of returns, the past their shape."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation.forecast import Prediction
from seqmem.heads import ShapedVariance
from seqmem.heads.quantiles import LEVELS, as_levels
from seqmem.models.base import Model
from seqmem.models.classics.graphs.together import as_forecaster
from seqmem.models.copying import copy_of
from seqmem.models.forecaster import Forecaster
from seqmem.models.interpolated import InterpolatedVariance, interpolate_variances
from seqmem.models.shapes import Shapes
from seqmem.quantities import Return, Variance
from seqmem.targets import CumulativeReturn

MOST = 2000  # blocks: the latest eight years
FEWEST = 100
RATE = 0.006  # of the levels: chosen on development folds, see research/RISK.md


class FilteredHistoricalSimulation(Model):
    """Joint paths of returns: past blocks of H days, in units of what was forecast for them, scaled anew.

        z_{s,h} = log(p_{s+h} / p_s) / sqrt(V_h(s)),    R_{t,h}^(s) = sqrt(V_h(t)) z_{s,h}

    with V_h(s) the variance over h days that the model forecast at s (Barone-Adesi, Giannopoulos and Vosper
    1999). The blocks overlap, and are the latest whose days have all come at the origin. No random number is
    drawn: the S blocks are the S paths of every forecast, so that fat tails, asymmetry and the dependence of
    days are those of the past, and only the scale is the model's. The same recipe stands on every variance
    model, so that a comparison is of the models alone.

    A scale that has become too low would miss its levels for years, until the window of blocks has moved on.
    So levels follow the outcomes too, slowly and the same on both sides (`seqmem.models.shapes.Shapes`):
    in the long run the central intervals of 50, 80, 90 and 95% hold their share at every horizon, whatever
    the series does. Nothing is promised for any one day.

    Args:
        variance_model: forecasts variances over horizons that increase, such as GARCH or a network.
        horizons: rows ahead, ascending; variances between those of the model are interpolated.
        blocks: S, at most.
        rate: of the levels; 0: they stay.
        levels: None: sampled paths; otherwise quantiles at these levels, which of many series take less room.

    Raises:
        ValueError: a model of something else than variances, or whose horizons do not reach H; a rate below
            0.

    >>> from seqmem.models.classics import EWMA
    >>> closes = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 600).cumsum())
    >>> model = FilteredHistoricalSimulation(EWMA()).fit(closes, Split(None, test_start=500))
    >>> forecast = model.forecast(closes)
    >>> forecast.paths.shape, [round(float(one), 3) for one in forecast.quantile(0.05)[0, :2]]
    ((1, 473, 5), [-0.015, -0.024])
    """

    horizons: tuple[int, ...]
    quantity = Return()

    def __init__(
        self,
        variance_model: Model,
        *,
        horizons: Sequence[int] = (1, 2, 3, 4, 5),
        blocks: int = MOST,
        rate: float = RATE,
        levels: Sequence[float] | None = None,
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
        if rate < 0:
            raise ValueError(f"FilteredHistoricalSimulation: rate must be at least 0. Received: rate={rate}")
        self.variance_model = variance_model
        self.horizons = tuple(horizons)
        self.blocks = blocks
        self.rate = rate
        self.levels = None if levels is None else as_levels(levels, "FilteredHistoricalSimulation")
        self._shapes: dict[str, Shapes] = {}
        self._ends: dict[str, Any] = {}  # the last date that the shapes know of

    @property
    def context_length(self) -> int:
        """That of the variance model."""
        return self.variance_model.context_length

    def fit(self, data: PriceData, split: Split) -> Self:
        """Fit the variance model, and keep the blocks of the rows before the test part."""
        self.variance_model.fit(data, split)
        return self.keep_shapes(data, split)

    def keep_shapes(self, data: PriceData, split: Split) -> Self:
        """Keep the blocks of the rows before the test part, of a variance model that is fitted already.

        A network saw those of the training part in its training; where it has learnt them by heart they are
        too narrow, and the levels make up for it.

        Raises:
            ValueError: a series with fewer than 100 such blocks.
        """
        dataset = as_dataset(data)
        return self._keep(dataset, split.known(dataset))

    def update(self, data: PriceData) -> Self:
        """Keep the blocks of all rows of a series: what it is exported with after its test.

        Raises:
            ValueError: as `keep_shapes` does.
        """
        dataset = as_dataset(data)
        return self._keep(dataset, {name: len(frame) for name, frame in dataset.frames.items()})

    def _keep(self, dataset: Dataset, known: Mapping[str, int]) -> Self:
        for name, rows in known.items():
            frame, first = dataset.frames[name].iloc[:rows], self.context_length - 1
            if (count := rows - max(self.horizons) - first) < FEWEST:
                raise ValueError(
                    f"FilteredHistoricalSimulation: {name}: expected at least {FEWEST} origins with "
                    f"{self.context_length} rows up to them. Received: {max(count, 0)}"
                )
            shapes = self._shapes[name] = Shapes(self.horizons, self.blocks, self.rate)
            for _ in shapes.read(self._standardised(frame, np.arange(first, rows), name)):
                pass
            self._ends[name] = frame.index[-1]
        most = min(map(len, self._shapes.values()))  # as many paths of every series
        for shapes in self._shapes.values():
            shapes.settle(most)
        return self

    def predict_series(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> Prediction:
        """Paths [N, S, H] of log returns; their mean is the mean.

        From each origin after the rows that the shapes know of, by what has come since; others by those rows.
        """
        if not self._shapes:
            raise ValueError("FilteredHistoricalSimulation: call fit(data, split) first")
        name = unique_id if unique_id in self._shapes else next(iter(self._shapes))
        wanted = set(origins.tolist())
        standard = {-1: self._shapes[name].standard()}  # [S, H]
        known = int(frame.index.searchsorted(self._ends[name], side="right"))
        first = max(known - max(self.horizons), self.context_length - 1)
        if max(wanted) >= known:
            rows = np.arange(first, max(wanted) + 1)
            blocks = self._standardised(frame.iloc[: max(wanted) + 1], rows, unique_id)
            read = self._shapes[name].copy().read(blocks, max(known - first, 0))
            for row, shapes in zip(range(max(known, first), max(wanted) + 1), read, strict=True):
                if row in wanted:
                    standard[row] = shapes.standard()
        scale = np.sqrt(self._variances(frame, origins, unique_id))  # [N, H]
        return self._prediction(scale, [standard.get(int(row), standard[-1]) for row in origins])

    def _prediction(self, scale: np.ndarray, standard: list[np.ndarray]) -> Prediction:
        if self.levels is None:
            paths = scale[:, None] * np.stack(standard)
            return Prediction(mean=paths.mean(axis=1), paths=paths)
        read = {id(one): (one.mean(axis=0), np.quantile(one, self.levels, axis=0).T) for one in standard}
        mean = scale * np.stack([read[id(one)][0] for one in standard])
        quantiles = scale[..., None] * np.stack([read[id(one)][1] for one in standard])
        return Prediction(mean=mean, quantiles=quantiles, levels=self.levels)

    def to_forecaster(self, levels: Sequence[float] = LEVELS) -> Forecaster:
        """The same forecast as one `Forecaster`, to be exported and served: quantiles, and paths on request.

        Of a network, of a classic of variances, or of a mean of them.
        Its shapes are those of the rows that were kept, by `fit` or by `update`, and stay so.

        Args:
            levels: of the quantiles.

        Raises:
            ValueError: a variance model without a graph, or several series.
        """
        if len(self._shapes) != 1:
            raise ValueError(
                "FilteredHistoricalSimulation: to_forecaster: expected to be fitted on one series. "
                f"Received: {', '.join(self._shapes) or 'none'}"
            )
        (shapes,) = self._shapes.values()
        model, standard = copy_of(as_forecaster(self.variance_model)), shapes.standard()
        head = ShapedVariance(list(levels), len(standard), len(self.horizons)).keep(standard)
        network = InterpolatedVariance(model.network, self.horizons, head)
        over = model.target.get_config() | {"horizons": list(self.horizons)}
        view = type(model.target).from_config(over)
        found = Forecaster(network, CumulativeReturn(self.horizons, view), model.lookback)
        found.build()
        view.set_weights(model.target.get_weights())
        found.fitted_until = model.fitted_until
        return found

    def _standardised(self, frame: pd.DataFrame, rows: np.ndarray, unique_id: str) -> np.ndarray:
        """Returns over each horizon from the rows over their forecast scale [N, H]; NaN where not come."""
        closes = frame["close"].to_numpy()
        ahead = rows[:, None] + np.array(self.horizons)
        came = np.where(ahead < len(closes), closes[np.minimum(ahead, len(closes) - 1)], np.nan)
        returns = np.log(came / closes[rows][:, None])
        return np.asarray(returns / np.sqrt(self._variances(frame, rows, unique_id)))

    def _variances(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> np.ndarray:
        """The variance over each horizon, [N, H]."""
        found = self.variance_model.predict_series(frame, origins, unique_id)
        known = np.asarray(found.mean if isinstance(found, Prediction) else found, dtype="float64")
        return interpolate_variances(known, self.variance_model.horizons, self.horizons)

    def __repr__(self) -> str:
        return f"FilteredHistoricalSimulation({self.variance_model!r}, horizons={self.horizons})"
