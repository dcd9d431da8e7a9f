"""Conformal prediction: intervals around any model, as wide as its errors were."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation.forecast import Prediction
from seqmem.models.base import Model
from seqmem.models.interpolated import interpolate_variances
from seqmem.quantities import PriceMove

LEVELS = (0.005, 0.025, 0.05, 0.1, 0.9, 0.95, 0.975, 0.995)
FEWEST = 30
LEAST = 1e-9  # of a spread


class Conformal(Model):
    """Quantiles around a model's point, from its errors on the validation origins: split conformal.

    The error of the log return at each validation origin, over a spread known there, is a score; a quantile
    is the point plus the spread times the same quantile of the scores, with the (n + 1) / n of Vovk,
    Gammerman and Shafer (2005). The spread is the square root of what a variance model forecasts
    (Papadopoulos et al. 2008), so that intervals widen where the market moves; or the width of the model's
    own distribution, where it has one, which is so put right (Lei et al. 2018); or else 1.

    What it promises: were the validation and the test scores exchangeable, an interval would hold its share
    of outcomes on average over both. Prices are not exchangeable: volatility clusters, and a crisis after a
    calm validation part is covered too seldom at first. With a `rate` above 0 each quantile is moved as
    outcomes come in, row by row from the end of the validation part: up after an outcome above it, down by
    the fitting share otherwise (the quantile tracker of Angelopoulos, Candes and Tibshirani 2023, after
    Gibbs and Candes 2021). The share of outcomes below it then tends to its level in the long run, whatever
    the series does; nothing is promised for any one day.

    Args:
        model: any model of a price or a return: a classic, a network, a layer of Keras in a `KerasNetwork`.
        variance_model: of variances that reach as far. None: the spread is the model's own, or 1.
        levels: of the quantiles.
        rate: of the adaption, in standard deviations of the scores, 0 for none; .01 to .1 is usual.

    Raises:
        ValueError: a model of something else, levels outside (0, 1), or a rate below 0.

    >>> from seqmem.models.classics import LastClose
    >>> closes = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 600).cumsum())
    >>> model = Conformal(LastClose(horizon=1)).fit(closes, Split.by_share(closes))
    >>> low, high = model.forecast(closes).interval(90)
    >>> round(float(np.log(high / low)[0, 0]), 3)  # about 2 x 1.64 x .01
    0.032
    """

    def __init__(
        self,
        model: Model,
        variance_model: Model | None = None,
        *,
        levels: Sequence[float] = LEVELS,
        rate: float = 0.0,
    ) -> None:
        if not isinstance(model.quantity, PriceMove):
            raise ValueError(
                f"Conformal: expected a model of a price or a return. Received: {model.quantity.name}"
            )
        if list(levels) != sorted(set(levels)) or not all(0 < level < 1 for level in levels):
            raise ValueError(f"Conformal: levels must lie in (0, 1), ascending. Received: {levels}")
        if rate < 0:
            raise ValueError(f"Conformal: rate must be at least 0. Received: rate={rate}")
        self.model: Model = model
        self.variance_model: Model | None = variance_model
        self.levels: tuple[float, ...] = tuple(levels)
        self.rate: float = rate
        self._scores: dict[str, np.ndarray] = {}  # [n, H], each column sorted
        self._ends: dict[str, Any] = {}

    @property
    def horizons(self) -> tuple[int, ...]:
        """Those of the model."""
        return self.model.horizons

    @property
    def quantity(self) -> PriceMove:
        """That of the model."""
        return self.model.quantity  # type: ignore[return-value]

    @property
    def context_length(self) -> int:
        """The longer of the two models'."""
        return max(one.context_length for one in (self.model, self.variance_model) if one is not None)

    def fit(self, data: PriceData, split: Split) -> Self:
        """Fit the models, and take the scores of the validation origins.

        A classic learns from the whole of what comes before the test part; then its scores are those of days
        that it has seen, and intervals may be a little narrow.

        Raises:
            ValueError: a split without a validation part, or fewer than 30 validation origins.
        """
        for one in (self.model, self.variance_model):
            if one is not None:
                one.fit(data, split)
        return self.calibrate(data, split)

    def calibrate(self, data: PriceData, split: Split) -> Self:
        """Take the scores of the validation origins, of models that are fitted already."""
        dataset = as_dataset(data)
        size = {"context_length": self.context_length, "horizon": max(self.horizons)}
        for name, origins in split.validation(dataset, **size).items():
            if len(origins) < FEWEST:
                raise ValueError(
                    f"Conformal: {name}: expected at least {FEWEST} validation origins. "
                    f"Received: {len(origins)}"
                )
            self._scores[name] = np.sort(self._scores_of(dataset, name, origins), axis=0)
            self._ends[name] = dataset.dates(name)[int(origins[-1])]
        return self

    def predict_series(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> Prediction:
        """The model's mean, and quantiles around it."""
        if not self._scores:
            raise ValueError("Conformal: call fit(data, split) first")
        name = unique_id if unique_id in self._scores else next(iter(self._scores))
        start = int(frame.index.searchsorted(self._ends[name], side="right"))
        rows = np.unique(origins)
        if self.rate:  # every row since the validation part, whatever origins are wanted
            rows = np.union1d(rows, np.arange(start, int(origins.max()) + 1))
        closes = frame["close"].to_numpy()
        mean, center, spread = self._center(frame, rows, unique_id)
        scores = self._scores[name]
        shifts = self._shifts(closes, rows, start, center, spread, scores)
        quantiles = _quantiles(scores, np.array(self.levels)) + shifts
        returns = center[..., None] + np.maximum.accumulate(spread[..., None] * quantiles, axis=-1)
        wanted = np.searchsorted(rows, origins)
        prices = self.quantity.of_log_return(returns[wanted], closes[origins])
        return Prediction(mean[wanted], prices, levels=self.levels)

    def _shifts(
        self,
        closes: np.ndarray,
        rows: np.ndarray,
        start: int,
        center: np.ndarray,
        spread: np.ndarray,
        scores: np.ndarray,
    ) -> np.ndarray:
        """How far each quantile has moved by each row [N, H, Q], by the outcomes that had come by then."""
        targets, base = np.array(self.levels), _quantiles(scores, np.array(self.levels))
        found = np.zeros((*center.shape, len(targets)))
        first = int(np.searchsorted(rows, start))  # from there on the rows follow one another
        steps = self.rate * scores.std(axis=0)
        for column, h in enumerate(self.horizons if self.rate else ()):
            shift = np.zeros(len(targets))
            for row in range(first + h, len(rows)):
                then = row - h
                error = np.log(closes[rows[row]] / closes[rows[then]]) - center[then, column]
                limits = spread[then, column] * (base[column] + found[then, column])
                shift = shift + steps[column] * (targets - (error <= limits))
                found[row, column] = shift
        return found

    def _scores_of(self, dataset: Dataset, name: str, origins: np.ndarray) -> np.ndarray:
        frame = dataset.frames[name]
        closes = frame["close"].to_numpy()
        _, center, spread = self._center(frame, origins, name)
        ahead = closes[origins[:, None] + np.array(self.horizons)]
        came = np.log(ahead / closes[origins][:, None])
        return np.asarray((came - center) / spread)

    def _center(
        self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The model's point, that as a log return, and the spread around it, [N, H] each."""
        said, last = self.model.predict_series(frame, origins, unique_id), frame["close"].to_numpy()[origins]
        mean = _point(said)
        center = self.quantity.log_return(mean, last)
        if self.variance_model is not None:
            found = _point(self.variance_model.predict_series(frame, origins, unique_id))
            variances = interpolate_variances(found, self.variance_model.horizons, self.horizons)
            return mean, center, np.sqrt(variances)
        return mean, center, self._own_spread(said, last)

    def _own_spread(self, said: Prediction | np.ndarray, last: np.ndarray) -> np.ndarray:
        """Between the quartiles of sampled paths, or the outermost quantiles, of the log return; or 1."""
        if isinstance(said, Prediction) and said.paths is not None:
            low, high = np.quantile(said.paths, (0.25, 0.75), axis=1)
        elif isinstance(said, Prediction) and said.quantiles is not None and len(said.levels) > 1:
            low, high = said.quantiles[..., 0], said.quantiles[..., -1]
        else:
            return np.ones((len(last), len(self.horizons)))
        width = self.quantity.log_return(high, last) - self.quantity.log_return(low, last)
        return np.maximum(width, LEAST)


def _quantiles(scores: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles of sorted scores [n, H] at levels [Q], each with its (n + 1) / n: [H, Q]."""
    count = len(scores)
    rank = np.where(levels >= 0.5, np.ceil((count + 1) * levels), np.floor((count + 1) * levels)) - 1
    return scores[np.clip(rank, 0, count - 1).astype(int)].T


def _point(said: Prediction | np.ndarray) -> np.ndarray:
    """The mean, or the median where there is none."""
    if not isinstance(said, Prediction):
        return np.asarray(said, dtype="float64")
    if said.mean is not None:
        return np.asarray(said.mean, dtype="float64")
    if said.paths is not None:
        return np.median(said.paths, axis=1)
    if said.quantiles is None:
        raise ValueError("Conformal: expected a model with a mean, quantiles or paths. Received: nothing")
    return np.asarray(said.quantiles[..., int(np.argmin(np.abs(np.array(said.levels) - 0.5)))])
