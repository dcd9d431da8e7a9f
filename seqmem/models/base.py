"""The contract of every model: `fit(data, split)` and `forecast(data, origins)`."""

from abc import ABC, abstractmethod
from copy import copy
from typing import TYPE_CHECKING, ClassVar, Self, final

import numpy as np
import pandas as pd

from seqmem._html import facts
from seqmem.data.dataset import PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Origins, Split, as_origins
from seqmem.evaluation.forecast import Forecast, Prediction

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster
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

    @property
    def positive(self) -> bool:
        """Whether the closes must be above 0: where a logarithm is taken of them."""
        return True

    @abstractmethod
    def fit(self, data: PriceData, split: Split) -> Self:
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

    def to_forecaster(self) -> "Forecaster":
        """The fitted model as a `Forecaster`, which is exported and served.

        Raises:
            ValueError: never fitted, or a model that has no graph.
        """
        raise ValueError(f"{self!r}: has no graph, and cannot be exported")

    @final
    def forecast(self, data: PriceData, origins: Origins = None) -> Forecast:
        """Forecast from the rows up to each origin alone.

        Args:
            data: a series or a panel: a Dataset, DataFrame, Series, array, or the path of a file.
            origins: rows, dates, a slice, a mask, or a mapping of them by series. None: the last row.

        Raises:
            ValueError: data that will not do; an origin outside a series, or with too few rows before it.
        """
        dataset = as_dataset(data, allow_negative=not self.positive)
        rows = as_origins(dataset, origins, context_length=self.context_length)
        said = {name: self.predict_series(dataset.frames[name], own, name) for name, own in rows.items()}
        return Forecast.assemble(dataset, rows, self.quantity, self.horizons, said)

    def _repr_html_(self) -> str:
        rows = {
            "forecasts": f"{self.quantity.name}, h = {', '.join(map(str, self.horizons))}",
            "reads": f"{self.context_length} rows up to an origin",
            "is": repr(self),
        }
        return facts(type(self).__name__, rows)


class Classic(Model):
    """A model without a network: it learns a few numbers of each series, and forecasts by a formula.

    A subclass writes `_learn` and `_say`; both see one series, as a frame with columns in lower case.

    Attributes:
        name: in tables and errors.
        columns: that it reads.
        fewest: rows to learn from.
        learns: whether it must be fitted before it forecasts.
    """

    name: str
    columns: ClassVar[tuple[str, ...]] = ("close",)
    fewest: ClassVar[int] = 1
    learns: ClassVar[bool] = True
    horizons: tuple[int, ...]
    context_length: int = 1
    quantity: "Quantity"

    def __init__(self) -> None:
        self._fitted: dict[str, Classic] = {}  # a copy that has learnt from each series

    def fit(self, data: PriceData, split: Split) -> Self:
        """Learn from the rows of each series before `split.test_start`: a copy for each.

        Raises:
            ValueError: fewer rows than it needs, or no such columns.
        """
        dataset = as_dataset(data)
        known = split.known(dataset)
        self.quantity = self.quantity.for_periods(dataset.calendar.periods_per_year)
        self._fitted = {
            name: self.fitted_on(dataset.frames[name].iloc[: known[name]]) for name in dataset.ids
        }
        return self

    def fitted_on(self, known: pd.DataFrame) -> Self:
        """A copy that has learnt from the whole of one series, and can forecast any.

        Raises:
            ValueError: fewer rows than it needs, or no such columns.
        """
        self._check_columns(known)
        if len(known) < self.fewest:
            expected = f"expected at least {self.fewest} rows to learn from"
            raise ValueError(f"{self.name}: {expected}. Received: {len(known)}")
        one = copy(self)
        one._learn(known)
        one._fitted = {"": one}
        return one

    def predict_series(
        self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str
    ) -> Prediction | np.ndarray:
        """By the copy that was fitted on the series; one that was fitted on a single series forecasts any.

        Raises:
            ValueError: never fitted, or not on this series.
        """
        self._check_columns(frame)
        fitted = self if not self.learns else self._copy_for(unique_id)
        return fitted._say(frame.iloc[: int(origins.max()) + 1], origins)

    def _copy_for(self, unique_id: str) -> "Classic":
        if not self._fitted:
            raise ValueError(f"{self.name}: call fit(data, split) first")
        if len(self._fitted) == 1:
            return next(iter(self._fitted.values()))
        if unique_id not in self._fitted:
            raise ValueError(
                f"{self.name}: not fitted on series {unique_id!r}, but on {', '.join(self._fitted)}"
            )
        return self._fitted[unique_id]

    @abstractmethod
    def _learn(self, known: pd.DataFrame) -> None:
        """Learn from the whole of one series."""

    @abstractmethod
    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> Prediction | np.ndarray:
        """Forecast [N, H], or more than a mean, from a series that ends at the last origin."""

    def _check_columns(self, frame: pd.DataFrame) -> None:
        if any(column not in frame for column in self.columns):
            received = ", ".join(map(str, frame.columns))
            expected = f"expected columns {', '.join(self.columns)}"
            raise ValueError(f"{self.name}: {expected}. Received: {received}")

    def __repr__(self) -> str:
        horizons = ", ".join(map(str, self.horizons))
        of = ", ".join(name for name in self._fitted if name)
        return f"<{self.name}: {self.quantity.name}, h = {horizons}{f', fitted on {of}' if of else ''}>"
