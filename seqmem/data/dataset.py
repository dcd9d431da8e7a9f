"""A dataset: one series of prices or a panel of them, checked, by date."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from seqmem._html import facts
from seqmem.data.calendars import Calendar
from seqmem.data.faults import day


@dataclass(frozen=True, eq=False)
class Dataset:
    """Series of prices that were read and checked; `seqmem.read` and `seqmem.as_dataset` make them.

    Attributes:
        frames: unique_id -> columns of float64 by date, in lower case: close, high and low where there is a
            range, and others (open, volume, covariates).
        calendar: when the next rows are due, and what a year is.
        name: of the source, for errors and tables.
        column: what the source calls the closes.
        past: columns that are known up to the origin.
        known: columns that are known over the horizon as well.
        static: columns that are one value to a series.
        notes: what reading had to say, a line each.
        doubts: what was doubted and allowed, a line each.
        format: how the source was written; empty where it was plain.
        zone: that its stamps carried; empty where they carried none.

    Raises:
        ValueError: no series, one without closes, or with one of high and low alone.
    """

    frames: Mapping[str, pd.DataFrame]
    calendar: Calendar
    name: str = "data"
    column: str = "Close"
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    format: str = ""
    zone: str = ""

    def __post_init__(self) -> None:
        if not self.frames:
            raise ValueError(f"{self.name}: expected at least one series. Received: none")
        for unique_id, frame in self.frames.items():
            if "close" not in frame or ("high" in frame) != ("low" in frame):
                raise ValueError(
                    f"{self.name}: {unique_id}: expected a column close, and high and low both or neither. "
                    f"Received: {list(frame.columns)}"
                )

    @property
    def ids(self) -> tuple[str, ...]:
        """The unique_id of each series."""
        return tuple(self.frames)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the only series.

        Raises:
            ValueError: a panel of several.
        """
        if len(self.frames) != 1:
            some = ", ".join(self.ids[:5]) + (", ..." if len(self.ids) > 5 else "")
            raise ValueError(
                f"{self.name}: expected one series. Received: {len(self.frames)}: {some}: "
                f"take one: data[{self.ids[0]!r}]"
            )
        return next(iter(self.frames.values()))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that every series has."""
        first, *others = self.frames.values()
        return tuple(column for column in first.columns if all(column in other for other in others))

    def __len__(self) -> int:
        """Rows of all series together."""
        return sum(len(frame) for frame in self.frames.values())

    def __getitem__(self, unique_id: str) -> "Dataset":
        """The dataset of one of the series."""
        if unique_id not in self.frames:
            raise KeyError(f"{self.name}: no series {unique_id!r}. Expected one of: {', '.join(self.ids)}")
        return replace(self, frames={unique_id: self.frames[unique_id]})

    def __repr__(self) -> str:
        dates = [frame.index for frame in self.frames.values() if len(frame)]
        span = (
            [f"{day(min(one[0] for one in dates))} to {day(max(one[-1] for one in dates))}"] if dates else []
        )
        series = [f"{len(self.frames)} series"] if len(self.frames) > 1 else []
        parts = [*series, f"{len(self)} rows", *span, *self.columns, str(self.calendar)]
        return f"<Dataset {self.name}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        ends = [self.dates(name)[[0, -1]] for name in self.ids if len(self.dates(name))]
        first = next(iter(self.frames.values()))
        rows = {
            **({"series": ", ".join(self.ids[:10])} if len(self.ids) > 1 else {}),
            "rows": len(self),
            "span": f"{day(min(e[0] for e in ends))} to {day(max(e[1] for e in ends))}" if ends else "",
            "calendar": str(self.calendar),
            **({"notes": "; ".join(self.notes)} if self.notes else {}),
        }
        shown = first if len(first) <= 6 else pd.concat([first.head(3), first.tail(3)])
        return facts(f"Dataset {self.name}", rows, shown)

    @property
    def about(self) -> str:
        """Its name, rows and dates in a line, to head a table with."""
        ends = [self.dates(name)[[0, -1]] for name in self.ids]
        first, last = min(one[0] for one in ends), max(one[1] for one in ends)
        series = f"{len(self.ids)} series, " if len(self.ids) > 1 else ""
        return f"{self.name}: {series}{len(self)} rows, {day(first)} to {day(last)}"

    def has(self, *columns: str) -> bool:
        """Whether every series has all these columns."""
        return all(column in frame for frame in self.frames.values() for column in columns)

    def values(self, unique_id: str, columns: Sequence[str] = ("close",)) -> np.ndarray:
        """Columns of a series as numbers, [N, C].

        Raises:
            ValueError: no such column.
        """
        frame = self.frames[unique_id]
        missing = [column for column in columns if column not in frame]
        if missing:
            raise ValueError(
                f"{self.name}: {unique_id}: expected columns {', '.join(columns)}. "
                f"Received: {', '.join(frame.columns)}"
            )
        return frame[list(columns)].to_numpy(dtype="float64")

    def dates(self, unique_id: str) -> pd.Index:
        """The dates of a series, or its row numbers."""
        return self.frames[unique_id].index

    def fingerprint(self) -> str:
        """SHA-256 of the closes and their dates: 64 letters, the same on any machine.

        >>> from seqmem import as_dataset
        >>> as_dataset(pd.Series([1.0, 2.0], pd.to_datetime(["2024-01-02", "2024-01-03"]))).fingerprint()[:12]
        '5a3c1bf2120a'
        """
        digest = hashlib.sha256()
        for unique_id, frame in self.frames.items():
            if len(self.frames) > 1:
                digest.update(unique_id.encode())
            dates = frame.index
            numbers = dates.as_unit("ns").asi8 if isinstance(dates, pd.DatetimeIndex) else dates.to_numpy()
            digest.update(numbers.astype("<i8").tobytes())
            digest.update(frame["close"].to_numpy(dtype="<f8").tobytes())
        return digest.hexdigest()


# What every public function takes: an array is [N] closes, or [N, 3]: high, low, close.
PriceData: TypeAlias = (
    Dataset
    | pd.DataFrame
    | pd.Series
    | np.ndarray
    | str
    | Path
    | Mapping[str, pd.DataFrame | pd.Series]
    | Sequence[float]
)
