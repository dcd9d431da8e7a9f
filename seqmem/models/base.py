"""The contract of every model: `fit(data, split)` and `forecast(data, origins)`."""

from abc import ABC, abstractmethod
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
import pandas as pd

from seqmem.evaluation.forecast import Forecast, Prediction

if TYPE_CHECKING:
    from seqmem.data.reading import PriceData
    from seqmem.data.splits import Origins, Split
    from seqmem.quantities import Quantity


class Model(ABC):
    """Anything that forecasts: a network, a classic, a combination of them.

    Attributes:
        horizons: rows ahead that it forecasts.
        context_length: rows up to an origin that a forecast needs.
        quantity: what it forecasts.
    """

    if TYPE_CHECKING:  # attributes or properties

        @property
        def horizons(self) -> tuple[int, ...]: ...  # noqa: D102
        @property
        def context_length(self) -> int: ...  # noqa: D102
        @property
        def quantity(self) -> "Quantity": ...  # noqa: D102

    @abstractmethod
    def fit(self, data: "PriceData", split: "Split") -> Self:
        """Learn from the rows before the test part of a split alone."""

    @abstractmethod
    def predict_series(
        self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str
    ) -> Prediction | np.ndarray:
        """Predict one series: from each origin, with the rows of `frame` up to it alone.

        Args:
            frame: columns in lower case (close; high and low, ...), by date.
            origins: row numbers in it, [N].
            unique_id: the name of the series.

        Returns:
            Means [N, H], or a `Prediction`.
        """

    @final
    def forecast(self, data: "PriceData", origins: "Origins" = None) -> Forecast:
        """Forecast from the rows up to each origin alone.

        Args:
            data: a series or a panel: a Dataset, DataFrame, Series, array, or the path of a file.
            origins: rows, dates, a slice, a mask, or a mapping of them by series. None: the last row.

        Raises:
            ValueError: data that will not do; an origin outside a series, or with too few rows before it.
        """
        from seqmem.data.reading import as_dataset
        from seqmem.data.splits import as_origins

        dataset = as_dataset(data)
        rows = as_origins(dataset, origins, context_length=self.context_length)
        said = {name: self.predict_series(dataset.frames[name], own, name) for name, own in rows.items()}
        return Forecast.assemble(dataset, rows, self.quantity, self.horizons, said)


class Classic(Model):
    """A model without a network: it learns something of each series, and forecasts by a formula.

    A subclass writes `_learn` and `_say`; both see one series, as a frame with columns in lower case.

    Attributes:
        columns: that it reads.
        fewest: rows to learn from.
    """

    columns: ClassVar[tuple[str, ...]] = ("close",)
    fewest: int = 1

    def __init__(self) -> None:
        self._fitted: dict[str, Classic] = {}  # a copy that has learnt from each series

    def fit(self, data: "PriceData", split: "Split") -> Self:
        """Learn from the rows of each series before `split.test_start`: a copy for each.

        Raises:
            ValueError: fewer rows than it needs, or no such columns.
        """
        from seqmem.data.reading import as_dataset

        dataset = as_dataset(data)
        known = split.known(dataset)
        self._fitted = {
            name: self.fitted_on(dataset.frames[name].iloc[: known[name]]) for name in dataset.ids
        }
        return self

    def fitted_on(self, known: pd.DataFrame) -> Self:
        """A copy that has learnt from the whole of one series, for any series' forecasts.

        Raises:
            ValueError: fewer rows than it needs, or no such columns.
        """
        self._check_columns(known)
        if len(known) < self.fewest:
            raise ValueError(
                f"{self}: expected at least {self.fewest} rows to learn from. Received: {len(known)}"
            )
        one = copy(self)
        one._fitted = {}
        one._learn(known)
        one._fitted = {"": one}
        return one

    def predict_series(
        self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str
    ) -> Prediction | np.ndarray:
        """By the copy that was fitted on the series; one that was fitted alone forecasts any.

        Raises:
            ValueError: never fitted, or not on this series.
        """
        self._check_columns(frame)
        if not self._fitted:
            raise ValueError(f"{self}: call fit(data, split) first")
        fitted = self._fitted.get(unique_id) or (
            next(iter(self._fitted.values())) if len(self._fitted) == 1 else None
        )
        if fitted is None:
            raise ValueError(f"{self}: not fitted on series {unique_id!r}, but on {', '.join(self._fitted)}")
        return fitted._say(frame.iloc[: int(origins.max()) + 1], origins)

    @abstractmethod
    def _learn(self, known: pd.DataFrame) -> None:
        """Learn from the whole of one series."""

    @abstractmethod
    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        """Forecast [N, H] from a series that ends at the last origin."""

    def _check_columns(self, frame: pd.DataFrame) -> None:
        missing = [column for column in self.columns if column not in frame]
        if missing:
            received = ", ".join(map(str, frame.columns))
            raise ValueError(f"{self}: expected columns {', '.join(self.columns)}. Received: {received}")


class Baseline(ABC):
    """The old contract of a forecast without a network, until every caller uses `Model`."""

    def fit(self, series: Any, stop: int) -> Self:
        """Learn from ``series[:stop]`` alone. Some have nothing to learn."""
        return self

    @abstractmethod
    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """Forecasts [len(at), H], each from the rows up to its origin alone."""
