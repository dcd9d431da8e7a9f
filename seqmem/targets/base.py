"""The contract of a target: what is forecast, and from what."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import pandas as pd

from seqmem._configured import Configured
from seqmem.data.calendars import Calendar
from seqmem.data.faults import day
from seqmem.quantities import Quantity
from seqmem.transforms import Transform

Tensor = Any
PRICES = ("open", "high", "low", "close")  # what is not a covariate


class Target(Configured, keras.layers.Layer, ABC):
    """The two halves that must agree: what goes into a network, and how its output is read.

    A history is rows of prices [B, T + warmup, C], the columns named by `columns`; the last of them is the
    close.

    Attributes:
        columns: what a history is made of, by name.
        quantity: what is forecast.
        horizons: rows ahead of each label; None: each row of the path, as many as the network has.
        pathwise: whether `inverse` reads the labels of several horizons together. The inverse of a target
            that is not pathwise is elementwise increasing, so that quantiles pass through it; a pathwise one
            takes a point alone (the quantiles of daily returns, cumulated, are not quantiles of prices).
        transform: what the network sees of the closes; `adapt` it on the training part alone.
    """

    pathwise: ClassVar[bool] = False
    quantity: Quantity
    horizons: tuple[int, ...] | None = None

    def __init__(self, transform: Transform, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        if not isinstance(transform, Transform):
            raise ValueError(
                f"{type(self).__name__}: expected a Transform, such as LogReturn(). Received: {transform!r}"
            )
        self.transform = transform
        self.built = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a history, by name; the close stands last."""
        return ("close",)

    @property
    def positive(self) -> bool:
        """Whether the columns must be above 0: where a logarithm is taken of them."""
        return self.transform.positive

    @property
    def positive_columns(self) -> tuple[str, ...]:
        """The columns that must be above 0: prices, where a logarithm is taken of them."""
        return tuple(name for name in self.columns if self.positive and name in PRICES)

    @property
    def warmup(self) -> int:
        """How many more rows than steps a history has."""
        return int(self.transform.warmup)

    @property
    def label_context(self) -> int | None:
        """How many of the last rows of a history `label` reads. None: all of them."""
        return None

    def to_array(self, frame: pd.DataFrame) -> np.ndarray:
        """A series as the numbers that a history is cut from: [N, C].

        Raises:
            ValueError: a column that is not there; a value that is not above 0 where it must be.
        """
        missing = [name for name in self.columns if name not in frame]
        if missing:
            raise ValueError(
                f"{type(self).__name__}: expected columns {', '.join(self.columns)}. "
                f"Received: {', '.join(map(str, frame.columns))}"
            )
        values = frame[list(self.columns)].to_numpy("float64")
        prices = frame[list(self.positive_columns)].to_numpy("float64")
        if (prices <= 0).any():
            row = int((prices <= 0).any(axis=1).argmax())
            where = f"{type(self).__name__}: row {row + 1}, {day(frame.index[row])}"
            raise ValueError(
                f"{where}: expected values above 0: their "
                f"logarithm is taken. Received: {prices[row].min():g}: for spreads and rates use Difference()"
            )
        return values

    def training_rows(self, frame: pd.DataFrame, known: int) -> np.ndarray:
        """A series as it is trained on: [N, C + D], D columns after those of `to_array` for `label` alone.

        Args:
            frame: the series.
            known: its first rows, that the D columns may learn a scale from: it is the series' own.
        """
        return self.to_array(frame)

    def adapt(self, known: Sequence[np.ndarray]) -> None:
        """Learn from the training parts [n, C] alone, one for each series.

        Raises:
            ValueError: more than one series, where the transform learns a scale.
        """
        if len(known) != 1 and self.transform.weights:
            raise ValueError(f"{type(self).__name__}: learns from one series. Received: {len(known)}")
        self.transform.adapt(known[0][:, -1])

    def use_calendar(self, calendar: Calendar) -> None:
        """Take from the calendar of the training data what the target needs of it: by default nothing."""

    def stationary_view(self, known: np.ndarray) -> np.ndarray:
        """What the network would see of a series [n, C] and must not wander: values [n, features]."""
        return np.asarray(self.inputs(known[None]))[0]

    @abstractmethod
    def inputs(self, history: Tensor) -> Tensor:
        """Rows [B, T + warmup, C] -> inputs of the network [B, T, F]."""

    @abstractmethod
    def label(self, future: Tensor, history: Tensor) -> Tensor:
        """The rows [B, max horizon, C + D] after a history [B, T, C] -> what the head should give [B, H, 1].

        Rows are those of `training_rows`.
        """

    @abstractmethod
    def inverse(self, values: Tensor, history: Tensor) -> Tensor:
        """Values in the space of the labels [B, H] -> the forecast in the units of the quantity [B, H]."""
