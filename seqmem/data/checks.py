"""Checks of prices: what is surely wrong is refused; what is probably wrong, unless allowed by name."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.dataset import day
from seqmem.data.sources import PriceError as PriceError

SPLIT = 1.9  # a factor from one close to the next that no market makes
SMALL_SPLIT = 1.5  # upwards, within 4% of it; downwards a third has been lost in a day (oil, 1991-01-17)
SCALES = 10  # times the usual change: a series of wild changes is not full of splits
LOCAL_SCALES = 5  # times the usual change of the days around it
ENOUGH = 30  # rows: fewer show no scale


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a series, or probably so.

    Attributes:
        text: what, in words, with row, date and column.
        doubt: the name of the judgement, by which it may be allowed; empty where it is surely wrong.
    """

    text: str
    doubt: str = ""


def check(frame: pd.DataFrame, *, name: str, column: str = "Close", allow: Collection[str] = ()) -> None:
    """Refuse the rows of one series if they are surely wrong, or probably so and not allowed.

    Args:
        frame: columns close, and high and low where there is a range, by date.
        name: of the source, in errors.
        column: what the source calls the closes.
        allow: names of judgements that are not to be made.

    Raises:
        PriceError: all that was found.
    """
    found = [fault for fault in _faults(frame, column) if not fault.doubt or fault.doubt not in allow]
    if not found:
        return
    words = [fault.text + (f" [{fault.doubt}]" if fault.doubt else "") for fault in found]
    raise PriceError(f"{name}: {words[0]}" if len(words) == 1 else "\n  ".join([f"{name}:", *words]))


def _faults(frame: pd.DataFrame, column: str) -> list[Fault]:
    where = _Where(frame.index)
    sure = list(_sure(frame, column, where))
    return sure or list(_doubtful(frame["close"].to_numpy(), column, where))


def _sure(frame: pd.DataFrame, column: str, where: "_Where") -> Iterator[Fault]:
    dates = frame.index
    if isinstance(dates, pd.DatetimeIndex):
        yield from where(dates.isna(), dates.name or "Date", "expected a date", lambda row: "none")
        late = np.concatenate([[False], dates[1:] <= dates[:-1]])[: len(dates)]
        newest = len(dates) > 1 and dates.is_monotonic_decreasing
        hint = " (the newest row stands first: sort by date)" if newest else ""
        yield from where(
            late,
            dates.name or "Date",
            "expected dates that increase",
            lambda row: f"{day(dates[row])} after {day(dates[row - 1])}{hint}",
        )
    for own, label in (("close", column), ("high", "High"), ("low", "Low")):
        if own in frame:
            values = frame[own].to_numpy()
            missing, infinite = np.isnan(values), np.isinf(values)
            yield from where(missing, label, "expected a price", lambda row: "nothing")
            yield from where(infinite, label, "expected a finite price", _of(values))
            yield from where(values <= 0, label, "expected a price above 0", _of(values))
    if "high" in frame:
        high, low = frame["high"].to_numpy(), frame["low"].to_numpy()
        yield from where(
            high < low,
            "High",
            "expected a high of at least the low",
            lambda row: f"high {high[row]:g}, low {low[row]:g}",
        )


def _doubtful(closes: np.ndarray, column: str, where: "_Where") -> Iterator[Fault]:
    if len(closes) < ENOUGH:
        return
    returns = np.diff(np.log(closes))
    moves = np.abs(returns)
    split = (moves > np.log(SPLIT)) | (np.abs(returns - np.log(SMALL_SPLIT)) < 0.04)
    split &= moves > SCALES * (np.median(moves) or moves.mean())
    for row in np.flatnonzero(split).tolist():  # where all changes are large, none is a split
        split[row] = moves[row] > LOCAL_SCALES * np.median(moves[max(0, row - 5) : row + 6])
    yield from where(
        np.concatenate([[False], split]),
        column,
        "expected a change that a market makes (a split, or another unit?)",
        lambda row: f"{closes[row]:g} after {closes[row - 1]:g}",
        doubt="split",
    )


def _of(values: np.ndarray) -> Callable[[int], Any]:
    return lambda row: values[row]


@dataclass(frozen=True)
class _Where:
    """Says where a fault lies: the first of its rows, its date, and how many more there are."""

    index: pd.Index

    def __call__(
        self, bad: Any, column: Any, expected: str, received: Callable[[int], Any], doubt: str = ""
    ) -> Iterator[Fault]:
        rows = np.flatnonzero(bad)
        if rows.size:
            row = int(rows[0])
            date = f", {day(self.index[row])}" if isinstance(self.index, pd.DatetimeIndex) else ""
            more = f" ({rows.size - 1} more such rows)" if rows.size > 1 else ""
            yield Fault(
                f"row {row + 1}{date}, column {str(column)!r}: {expected}. Received: {received(row)}{more}",
                doubt,
            )
