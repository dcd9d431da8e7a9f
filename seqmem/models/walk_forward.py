"""Walking forward: a classic fitted again and again on all that has come."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from seqmem.data.dataset import PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation.prediction import Prediction
from seqmem.models.base import Classic, Model
from seqmem.quantities import Quantity

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster


class WalkForward(Model):
    """A classic that is fitted again every `every` rows, on an expanding window.

    Fits stand at the last row before the test part and every so many rows after it: an origin's forecast
    comes from the last fit at or before it. An origin before the first of them has the first's.

    Args:
        classic: what to fit; itself it stays as it is.
        every: rows from fit to fit, at least 1. 63 are a quarter.
        progress: called after each fit.

    Raises:
        ValueError: every below 1.

    >>> from seqmem.models.classics import ConstantVariance
    >>> closes = 100 * np.exp(0.01 * np.arange(200))
    >>> walk = WalkForward(ConstantVariance()).fit(closes, Split(None, test_start=100))
    >>> walk.forecast(closes, np.arange(99, 190)).shape
    (91, 2)
    """

    horizons: tuple[int, ...]
    context_length: int
    quantity: Quantity

    def __init__(
        self, classic: Classic, every: int = 63, *, progress: Callable[[], object] = lambda: None
    ) -> None:
        if every < 1:
            raise ValueError(f"WalkForward: every must be at least 1. Received: every={every}")
        self.classic = classic
        self.every = every
        self.progress = progress
        self.horizons = classic.horizons
        self.quantity = classic.quantity
        self.context_length = classic.context_length
        self._starts: dict[str, int] = {}
        self._latest: dict[str, Classic] = {}

    def fit(self, data: PriceData, split: Split) -> Self:
        """Say where the walk begins: before `split.test_start`. Fits are made as forecasts need them."""
        dataset = as_dataset(data)
        self._starts = {name: rows - 1 for name, rows in split.known(dataset).items()}
        self._latest = {}
        self.quantity = self.quantity.for_periods(dataset.calendar.periods_per_year)
        return self

    def fits(self, origins: np.ndarray, unique_id: str = "series") -> list[int]:
        """The rows at which forecasts from `origins` need a fit, each on all rows up to it.

        Raises:
            ValueError: never fitted, or not on this series.
        """
        if not self._starts:
            raise ValueError(f"WalkForward of {self.classic.name}: call fit(data, split) first")
        if len(self._starts) > 1 and unique_id not in self._starts:
            names = ", ".join(self._starts)
            raise ValueError(f"WalkForward: not fitted on series {unique_id!r}, but on {names}")
        start = self._starts.get(unique_id, next(iter(self._starts.values())))
        steps = np.maximum((origins - start) // self.every, 0)
        return [start + self.every * int(step) for step in np.unique(steps)]

    def predict_series(
        self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str
    ) -> Prediction | np.ndarray:
        """What the classic forecasts, each from the last fit at or before its origin."""
        borders = self.fits(origins, unique_id)
        which = np.maximum(np.searchsorted(borders, origins, side="right") - 1, 0)
        parts: list[Prediction | np.ndarray] = []
        for number, row in enumerate(borders):
            fitted = self.classic.fitted_on(frame.iloc[: row + 1])
            self._latest[unique_id] = fitted
            self.progress()
            mine = which == number
            parts.append(fitted.predict_series(frame, origins[mine], unique_id))
        return _in_order(parts, np.argsort(which, kind="stable"))

    def to_forecaster(self) -> "Forecaster":
        """The graph of the latest fit that a forecast was made from, of one series.

        Raises:
            ValueError: no forecast was made yet, or of several series; a classic without a graph.
        """
        if len(self._latest) != 1:
            series = ", ".join(self._latest) or "none: forecast first, or fit the classic itself"
            raise ValueError(
                f"WalkForward of {self.classic.name}: expected forecasts of one series. Received: {series}"
            )
        return next(iter(self._latest.values())).to_forecaster()

    def __repr__(self) -> str:
        return f"<WalkForward, every {self.every} rows: {self.classic!r}>"


def _in_order(parts: list[Prediction | np.ndarray], order: np.ndarray) -> Prediction | np.ndarray:
    """Parts end to end, each row where its origin stands; `order` says which row each was."""
    whole = [part if isinstance(part, Prediction) else Prediction(mean=part) for part in parts]
    back = np.argsort(order)

    def joined(each: list[np.ndarray | None]) -> np.ndarray | None:
        there = [one for one in each if one is not None]
        return np.concatenate(there)[back] if there else None

    return Prediction(
        joined([one.mean for one in whole]),
        joined([one.quantiles for one in whole]),
        joined([one.paths for one in whole]),
        whole[0].levels,
    )
