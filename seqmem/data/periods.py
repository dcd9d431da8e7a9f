"""Calendars of weeks and months: rows that are not days, where that was said."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from seqmem.data.calendars import NAMES, Calendar


@dataclass(frozen=True)
class Weekly(Calendar):
    """A row a week.

    Args:
        day: of the week, Monday is 0.

    >>> Weekly(4).after(pd.Timestamp("2024-01-05"), 2).strftime("%a %d").tolist()
    ['Fri 12', 'Fri 19']
    """

    day: int = 4
    periods_per_year: ClassVar[float] = 52.0  # type: ignore[misc]
    period: ClassVar[str] = "week"
    spacing: ClassVar[tuple[float, float]] = (6.5, 7.5)
    longest: ClassVar[float] = 11.0

    def after(self, last: Any, n: int) -> pd.DatetimeIndex:
        """That day of the next `n` weeks."""
        start = pd.Timestamp(last).normalize() + pd.Timedelta(days=1)
        return pd.date_range(start, periods=n, freq=f"W-{NAMES[self.day].upper()}", unit="ns")


@dataclass(frozen=True)
class Monthly(Calendar):
    """A row a month.

    Args:
        anchor: pandas's word for its day: ME its last day, BME its last weekday, MS and BMS its first.

    >>> Monthly("ME").after(pd.Timestamp("2024-01-31"), 2).strftime("%Y-%m-%d").tolist()
    ['2024-02-29', '2024-03-31']
    """

    anchor: str = "ME"
    periods_per_year: ClassVar[float] = 12.0  # type: ignore[misc]
    period: ClassVar[str] = "month"
    spacing: ClassVar[tuple[float, float]] = (27.5, 31.5)
    longest: ClassVar[float] = 36.0

    def after(self, last: Any, n: int) -> pd.DatetimeIndex:
        """The day of the next `n` months."""
        last = pd.Timestamp(last)
        coming = pd.date_range(last.replace(day=1), periods=n + 1, freq="MS", unit="ns").to_period("M")[1:]
        starts = pd.DatetimeIndex(coming.to_timestamp())
        days = [pd.date_range(start, periods=1, freq=self.anchor, unit="ns")[0] for start in starts]
        return pd.DatetimeIndex(days).normalize()


PERIODS = ("day", "week", "month")


def infer_period(index: pd.DatetimeIndex, period: str) -> Calendar:
    """The calendar of a series of weeks or months, by the day on which most of its rows stand."""
    if period == "week":
        return Weekly(int(np.bincount(index.day_of_week, minlength=7).argmax()) if len(index) else 4)
    shares = {anchor: _share(index, anchor) for anchor in ("ME", "BME", "MS", "BMS")}
    return Monthly(max(shares, key=lambda anchor: shares[anchor]))


def _share(index: pd.DatetimeIndex, anchor: str) -> float:
    offset = pd.tseries.frequencies.to_offset(anchor)
    return float(np.mean([offset.is_on_offset(one) for one in index])) if len(index) else 0.0
