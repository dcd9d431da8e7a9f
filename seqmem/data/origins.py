"""Origins: the last observed rows of windows, given as rows, dates, slices or masks."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.faults import day

Origins: TypeAlias = (
    int
    | Sequence[int]
    | np.ndarray
    | slice
    | pd.DatetimeIndex
    | Sequence[pd.Timestamp | str]
    | Mapping[str, "Origins"]
    | None
)


def origins_between(start: int, stop: int, context_length: int, horizon: int) -> np.ndarray:
    """The origins with `context_length` rows up to them, whose future lies within the rows [start, stop).

    >>> origins_between(6, 10, 3, 2)
    array([5, 6, 7])
    """
    return np.arange(max(start - 1, context_length - 1), stop - horizon)


def as_origins(
    data: Dataset, origins: Origins, *, context_length: int, ahead: int = 0
) -> dict[str, np.ndarray]:
    """Origins as row numbers by unique_id, checked.

    Args:
        data: one series or a panel.
        origins: row numbers, dates, a slice of either, a boolean mask of the rows, or a mapping from
            unique_id to one of these; None: the last row of each series. An open end of a slice is as far
            as windows reach.
        context_length: rows that a window reads up to its origin.
        ahead: rows needed after it.

    Raises:
        ValueError: no origin, one that is no row, or one too close to an end of its series.

    >>> from seqmem import read
    >>> as_origins(read("bundled:sp500"), ["2018-12-28"], context_length=61)
    {'series': array([5029])}
    """
    if isinstance(origins, Mapping):
        unknown = [name for name in origins if name not in data.frames]
        if unknown:
            raise ValueError(f"origins: {data.name}: expected series {data.ids}. Received: {unknown}")
    given = origins if isinstance(origins, Mapping) else dict.fromkeys(data.frames, origins)
    return {
        unique_id: _rows_of(data.dates(unique_id), one, unique_id, context_length - 1, ahead)
        for unique_id, one in given.items()
    }


def _rows_of(index: pd.Index, origins: Any, unique_id: str, low: int, ahead: int) -> np.ndarray:
    high = len(index) - 1 - ahead
    if high < low:
        needs = f"a window reads {low + 1}" + (f", and {ahead} are needed ahead" if ahead else "")
        raise ValueError(
            f"origins: {unique_id}: expected at least {low + 1 + ahead} rows ({needs}). "
            f"Received: {len(index)}"
        )
    if origins is None:
        rows = np.array([high], dtype=int)
    elif isinstance(origins, slice):
        rows = _rows_of_slice(index, origins, low, high)
    else:
        rows = np.atleast_1d(np.asarray(origins))
        if rows.dtype == bool:
            if len(rows) != len(index):
                raise ValueError(
                    f"origins: {unique_id}: expected a mask of {len(index)} rows. Received: {len(rows)}"
                )
            rows = np.flatnonzero(rows)
        elif rows.dtype.kind not in "iuf" and rows.size:
            rows = _rows_of_dates(index, origins, unique_id)
    if not rows.size or rows.dtype.kind not in "iu" or rows.min() < low or rows.max() > high:
        raise ValueError(
            f"origins: {unique_id}: expected whole numbers from {low} (a window reads {low + 1} rows) "
            f"to {high} (the series has {len(index)} rows, {ahead} of them needed ahead). Received: "
            + (f"{rows.min()} to {rows.max()}, {rows.dtype}" if rows.size else "none")
        )
    return rows


def _rows_of_slice(index: pd.Index, origins: slice, low: int, high: int) -> np.ndarray:
    dated = any(
        end is not None and not isinstance(end, int | np.integer) for end in (origins.start, origins.stop)
    )
    given = index.slice_indexer(origins.start, origins.stop) if dated else origins
    start, stop, step = slice(given.start, given.stop, origins.step).indices(len(index))
    start = max(start, low) if origins.start is None else start
    return np.arange(start, min(stop, high + 1) if origins.stop is None else stop, step)


def _rows_of_dates(index: pd.Index, origins: Any, unique_id: str) -> np.ndarray:
    if not isinstance(index, pd.DatetimeIndex):
        raise ValueError(f"origins: {unique_id}: the series has no dates: expected row numbers")
    wanted = pd.DatetimeIndex(
        pd.to_datetime([origins] if isinstance(origins, str | pd.Timestamp) else origins)
    )
    rows = index.get_indexer(wanted)
    for place in np.flatnonzero(rows < 0)[:1].tolist():
        near = index[min(int(index.searchsorted(wanted[place])), len(index) - 1)]
        raise ValueError(
            f"origins: {unique_id}: expected dates that have a row. Received: {day(wanted[place])}; "
            f"the next with one is {day(near)}"
        )
    return np.asarray(rows)


def as_border(value: Any) -> Any:
    """A border in time: a Timestamp, or a row number where there are no dates; None stays None."""
    if value is None:
        return None
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    return pd.Timestamp(value)


def row_of(index: pd.Index, border: Any) -> int:
    """How many rows lie before a border."""
    if border is None:
        return len(index)
    if isinstance(border, int) == isinstance(index, pd.DatetimeIndex):
        raise ValueError(
            "Split: expected dates where the series has dates, row numbers where it has none. "
            f"Received: {day(border)}"
        )
    return int(index.searchsorted(border))
