"""Splits in time: where training ends, and where validation and test begin; folds are splits."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from seqmem._html import facts
from seqmem.data.dataset import PriceData
from seqmem.data.faults import day
from seqmem.data.origins import Origins as Origins
from seqmem.data.origins import as_border, origins_between, row_of
from seqmem.data.origins import as_origins as as_origins
from seqmem.data.reading import as_dataset

ById: TypeAlias = dict[str, np.ndarray]  # row numbers of a series, by its unique_id


@dataclass(frozen=True)
class Split:
    """A split by date, so that no series of a panel is trained on what another is tested on.

    Every future lies whole within its own part: the last origin of one part and the first of the next are a
    horizon apart.

    Args:
        validation_start: the first date that is validated on; None: there is no validation part, and training
            goes on to the test part.
        test_start: the first date that is tested on.
        train_start: the first date that is trained to forecast; None: the first of all.
        end: one past the last date that is tested on; None: there is no end.
        context_length: every origin has at least so many rows up to it, whatever a model reads, so that
            models of all lookbacks are compared at the same origins.
        horizon: likewise, rows ahead of every origin.

    Where there are no dates, the borders are row numbers.

    Raises:
        ValueError: borders that are not in order, or a length below 1.

    >>> prices = np.arange(1.0, 101.0)
    >>> split = Split.by_share(prices, context_length=11, horizon=5)
    >>> split
    Split(validation_start=56, test_start=70, train_start=None, end=None, context_length=11, horizon=5)
    >>> parts = [part(prices)["series"] for part in (split.train, split.validation, split.test)]
    >>> [(int(part[0]), int(part[-1])) for part in parts]
    [(10, 50), (55, 64), (69, 94)]
    """

    validation_start: Any | None
    test_start: Any
    train_start: Any | None = None
    end: Any | None = None
    context_length: int = 1
    horizon: int = 1

    def __post_init__(self) -> None:
        for name in ("validation_start", "test_start", "train_start", "end"):
            object.__setattr__(self, name, as_border(getattr(self, name)))
        if self.context_length < 1 or self.horizon < 1:
            raise ValueError(
                "Split: expected a context_length and a horizon of at least 1. "
                f"Received: {self.context_length}, {self.horizon}"
            )
        borders = (self.train_start, self.validation_start, self.test_start, self.end)
        for before, after in pairwise(border for border in borders if border is not None):
            if isinstance(before, int) != isinstance(after, int) or before >= after:
                raise ValueError(
                    "Split: expected train_start < validation_start < test_start < end. "
                    f"Received: {day(before)}, {day(after)}"
                )

    def _repr_html_(self) -> str:
        starts = {"validated on": self.validation_start, "tested on": self.test_start, "until": self.end}
        rows = {name: f"from {day(start)}" for name, start in starts.items() if start is not None}
        first = "the first row" if self.train_start is None else day(self.train_start)
        return facts("Split", {"trained on": f"from {first}", **rows})

    @classmethod
    def by_share(
        cls,
        data: PriceData,
        *,
        test: float = 0.3,
        validation: float = 0.2,
        context_length: int = 1,
        horizon: int = 1,
    ) -> "Split":
        """The last `test` of the dates to test on, before them `validation` of the rest to validate on.

        The borders depend on the dates alone, so the test part is the same for every lookback and search.

        Args:
            data: one series or a panel: the dates of all its series together are cut.
            test: share of the dates, in (0, 1).
            validation: share of the dates before the test part, in (0, 1).
            context_length: as in the class.
            horizon: as in the class.

        Raises:
            ValueError: a share outside (0, 1), or too few rows for three parts.
        """
        (one,) = ExpandingWindow().splits(
            data, test=test, validation=validation, context_length=context_length, horizon=horizon
        )
        return one

    def train(self, data: PriceData, *, context_length: int = 1, horizon: int = 1) -> ById:
        """Origins to train on, by unique_id.

        Args:
            data: one series or a panel.
            context_length: rows that the model reads; the greater of this and the split's own counts.
            horizon: rows that it forecasts; likewise.

        Raises:
            ValueError: a series without a single origin in the part.
        """
        stop = self.test_start if self.validation_start is None else self.validation_start
        return self._part("train", data, self.train_start, stop, context_length, horizon)

    def validation(self, data: PriceData, *, context_length: int = 1, horizon: int = 1) -> ById:
        """Origins to validate on, by unique_id; arguments and errors as `train` has them."""
        if self.validation_start is None:
            raise ValueError("Split: this split has no validation part: expected a validation_start")
        return self._part("validation", data, self.validation_start, self.test_start, context_length, horizon)

    def test(self, data: PriceData, *, context_length: int = 1, horizon: int = 1) -> ById:
        """Origins to test on, by unique_id; arguments and errors as `train` has them."""
        return self._part("test", data, self.test_start, self.end, context_length, horizon)

    def known(self, data: PriceData) -> dict[str, int]:
        """How many rows lie before the test part, by unique_id: what a classic may be fitted on."""
        return {unique_id: row_of(index, self.test_start) for unique_id, index in _indices(data).items()}

    def refit(self) -> "Split":
        """The split that trains on all that lies before the test part."""
        return replace(self, validation_start=None)

    def final(self, data: PriceData) -> "Split":
        """The split that trains on all rows and holds nothing back, for a model that is put to use."""
        last = max(index[-1] for index in _indices(data).values())
        after = last + (1 if isinstance(last, int | np.integer) else pd.Timedelta(days=1))
        return replace(self, train_start=None, validation_start=None, test_start=after, end=None)

    def _part(
        self, part: str, data: PriceData, start: Any, stop: Any, context_length: int, horizon: int
    ) -> ById:
        context_length, horizon = max(context_length, self.context_length), max(horizon, self.horizon)
        found = {}
        for unique_id, index in _indices(data).items():
            rows = (0 if start is None else row_of(index, start)), row_of(index, stop)
            found[unique_id] = origins_between(*rows, context_length, horizon)
            if not found[unique_id].size:
                span = f", {day(index[rows[0]])} to {day(index[rows[1] - 1])}" if rows[0] < rows[1] else ""
                raise ValueError(
                    f"Split: {unique_id}: no window of {context_length} rows and {horizon} ahead whose "
                    f"future lies in its {part} part, rows {rows[0] + 1} to {rows[1]} of {len(index)}{span}"
                )
        return found


@dataclass(frozen=True)
class _Folds(ABC):
    """Folds one after the other before the test part; the first validates after (1 - v)^K of the rows there.

    Each validates on as many rows, those from its `validation_start` to its `test_start`, and trains on rows
    before them. A single fold is the plain `Split.by_share`.

    Raises:
        ValueError: a count K below 1.
    """

    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"{type(self).__name__}: count must be at least 1. Received: {self.count}")

    @abstractmethod
    def train_row(self, first: int, start: int) -> int:
        """Where the fold that validates from row `start` begins to train; the first does from `first`."""

    def splits(
        self,
        data: PriceData,
        *,
        test: float = 0.3,
        validation: float = 0.2,
        context_length: int = 1,
        horizon: int = 1,
    ) -> tuple[Split, ...]:
        """The folds in time order; the arguments and errors are those of `Split.by_share`."""
        for name, share in (("test", test), ("validation", validation)):
            if not 0 < share < 1:
                raise ValueError(f"Split: {name} must lie in (0, 1). Received: {name}={share}")
        indices = list(_indices(data).values())
        dates = indices[0]
        for other in indices[1:]:
            dates = dates.union(other)
        before = len(dates) * (1 - test)  # of one series a whole number, as it always was
        stop = int(before)
        first = int((stop if len(indices) == 1 else before) * (1 - validation) ** self.count)
        borders = [first + (stop - first) * fold // self.count for fold in range(self.count + 1)]
        if len(set(borders)) < len(borders) or not first > 0:
            parts = f"{self.count} validation parts and a test part"
            raise ValueError(f"Split: {len(dates)} rows are too few for {parts}")
        rows = [self.train_row(first, start) for start in borders[:-1]]
        size = {"context_length": context_length, "horizon": horizon}
        return tuple(
            Split(dates[start], dates[end], train_start=dates[row] if row else None, **size)
            for row, (start, end) in zip(rows, pairwise(borders), strict=True)
        )


class ExpandingWindow(_Folds):
    """Each fold trains on all that comes before what it is validated on.

    >>> prices = np.arange(1.0, 201.0)
    >>> folds = ExpandingWindow(2).splits(prices, context_length=11, horizon=5)
    >>> parts = [part(prices)["series"] for fold in folds for part in (fold.train, fold.validation)]
    >>> [(int(part[0]), int(part[-1])) for part in parts]
    [(10, 83), (88, 108), (10, 108), (113, 134)]
    """

    def train_row(self, first: int, start: int) -> int:
        """The first row of all."""
        return 0


class RollingWindow(_Folds):
    """Each fold trains on as many rows as the first, those just before what it is validated on.

    >>> prices = np.arange(1.0, 201.0)
    >>> folds = RollingWindow(2).splits(prices, context_length=11, horizon=5)
    >>> parts = [part(prices)["series"] for fold in folds for part in (fold.train, fold.validation)]
    >>> [(int(part[0]), int(part[-1])) for part in parts]
    [(10, 83), (88, 108), (24, 108), (113, 134)]
    """

    def train_row(self, first: int, start: int) -> int:
        """As many rows back as the first fold has."""
        return start - first


def _indices(data: PriceData) -> dict[str, pd.Index]:
    return {unique_id: frame.index for unique_id, frame in as_dataset(data).frames.items()}
