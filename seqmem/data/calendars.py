"""Trading calendars: on which days rows are due, and how many of them are a year."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
import pandas as pd

EVERY = (0, 1, 2, 3, 4, 5, 6)  # Monday is 0, as in pandas
YEAR = pd.Timedelta(days=364)  # whole weeks
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Calendar(ABC):
    """When the rows of a series are due, and what a year of them is.

    A subclass is a frozen dataclass of plain values, so that a model's card can carry it as JSON.

    Attributes:
        periods_per_year: rows that are a year: what a variance is annualised with.
        period: what one row is called in a sentence.
        spacing: days from row to row, at least and at most, of a usual one.
        longest: days from row to row that are no gap yet.
    """

    periods_per_year: float
    period: ClassVar[str] = "day"
    spacing: ClassVar[tuple[float, float]] = (0.9, 1.6)
    longest: ClassVar[float] = 5.0
    _classes: ClassVar[dict[str, type["Calendar"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Calendar._classes[cls.__name__] = cls

    @abstractmethod
    def after(self, last: Any, n: int) -> pd.Index:
        """The dates of the next `n` rows, all after `last`."""

    def to_config(self) -> dict[str, Any]:
        """The calendar as JSON can hold it."""
        values = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}  # type: ignore[arg-type]
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        return {"class_name": type(self).__name__, **plain}

    @staticmethod
    def from_config(config: Mapping[str, Any]) -> "Calendar":
        """The calendar that `to_config` wrote down.

        Raises:
            ValueError: a class that is not known: one of your own must be imported first.

        >>> Calendar.from_config(Weekdays((6, 0, 1, 2, 3)).to_config())
        Weekdays(days=(0, 1, 2, 3, 6), holidays=())
        """
        for module in ("exchanges", "periods"):  # ours that stand elsewhere
            import_module(f"seqmem.data.{module}")
        values = dict(config)
        name = values.pop("class_name", None)
        if name not in Calendar._classes:
            raise ValueError(
                f"Calendar: expected one of {', '.join(Calendar._classes)}. Received: {name!r}. "
                "If it is your own, import its module first"
            )
        plain = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        return Calendar._classes[name](**plain)


@dataclass(frozen=True)
class Weekdays(Calendar):
    """Some days of every week: Monday to Friday, or Sunday to Thursday, but for the holidays that are given.

    Args:
        days: of the week, Monday is 0.
        holidays: without a row: ``"2024-12-25"``, or ``"12-25"`` for that day of every year.

    Raises:
        ValueError: no day, a day that is none, or a holiday that is no date.

    >>> Weekdays(holidays=("01-01",)).after(pd.Timestamp("2024-12-30"), 3).strftime("%a %d").tolist()
    ['Tue 31', 'Thu 02', 'Fri 03']
    """

    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", tuple(sorted({int(day) for day in self.days})))
        object.__setattr__(self, "holidays", tuple(sorted(str(day) for day in self.holidays)))
        if not self.days or not set(self.days) <= set(EVERY):
            raise ValueError(f"Weekdays: expected days from 0 (Monday) to 6. Received: {self.days}")
        self._closed(2000, 2000)  # so that a holiday that is no date is refused here

    @property
    def periods_per_year(self) -> float:  # type: ignore[override]
        """252 for five days a week, 365 for seven."""
        return 365.0 if len(self.days) == 7 else 252 * len(self.days) / 5

    def after(self, last: Any, n: int) -> pd.DatetimeIndex:
        """The next `n` of these days."""
        last = pd.Timestamp(last)
        closed = self._closed(last.year, last.year + 2 + n // (50 * len(self.days)))
        start = np.datetime64(last.date(), "D")
        mask = [day in self.days for day in EVERY]
        found = np.busday_offset(start, np.arange(1, n + 1), roll="backward", weekmask=mask, holidays=closed)
        return pd.DatetimeIndex(found.astype("datetime64[ns]"))

    def _closed(self, first: int, last: int) -> np.ndarray:
        found = []
        for one in self.holidays:
            try:
                dates = [one] if len(one) == 10 else [f"{year}-{one}" for year in range(first, last + 1)]
                leap = one == "02-29"
                found += [np.datetime64(date, "D") for date in dates if not leap or _is_leap(int(date[:4]))]
            except ValueError as error:
                raise ValueError(
                    f"Weekdays: expected holidays like 2024-12-25 or 12-25. Received: {one!r}"
                ) from error
        return np.array(found, dtype="datetime64[D]")


@dataclass(frozen=True)
class EveryDay(Calendar):
    """Every day of the week: crypto-currencies, the weather.

    >>> EveryDay().after(pd.Timestamp("2024-01-05"), 2).strftime("%a").tolist()
    ['Sat', 'Sun']
    """

    periods_per_year: ClassVar[float] = 365.0  # type: ignore[misc]

    def after(self, last: Any, n: int) -> pd.DatetimeIndex:
        """The next `n` days."""
        return pd.date_range(pd.Timestamp(last).normalize(), periods=n + 1, freq="D", unit="ns")[1:]


@dataclass(frozen=True)
class Rows(Calendar):
    """No dates: rows are counted, 252 of them to a year.

    >>> list(Rows().after(6, 2))
    [7, 8]
    """

    periods_per_year: ClassVar[float] = 252.0  # type: ignore[misc]
    period = "row"

    def after(self, last: Any, n: int) -> pd.Index:
        """The next whole numbers."""
        return pd.RangeIndex(int(last) + 1, int(last) + 1 + n)


def infer(index: pd.Index) -> Calendar:
    """The calendar that most weeks of the last year show; `Rows` where the index holds no dates.

    A day of the week counts where most weeks have it, so a single special Saturday does not. A day of the
    year that fell on such days in five years or more, and never had a row, is a holiday of every year.

    >>> infer(pd.bdate_range("2023-01-02", "2024-01-05"))
    Weekdays(days=(0, 1, 2, 3, 4), holidays=())
    >>> infer(pd.date_range("2023-01-02", "2024-01-05"))
    EveryDay()
    """
    if not isinstance(index, pd.DatetimeIndex):
        return Rows()
    if not len(index):
        return Weekdays()
    dates = index.normalize().unique()
    days = days_of_week(dates)
    return EveryDay() if len(days) == 7 else Weekdays(days, _holidays(dates, days))


def days_of_week(dates: pd.DatetimeIndex) -> tuple[int, ...]:
    """The days of the week that most weeks of the last year have, Monday is 0."""
    year = dates[dates > dates[-1] - YEAR] if len(dates) else dates
    if not len(year) or year[-1] - year[0] < pd.Timedelta(days=14):  # too few to tell: Monday to Friday, and
        return tuple(sorted({0, 1, 2, 3, 4} | {int(day) for day in year.day_of_week}))
    weeks = (year - year[-1]).days // 7
    shares = np.bincount(year.day_of_week, minlength=7) / len(weeks.unique())
    return tuple(np.flatnonzero(shares > min(0.5, shares.max() / 2)).tolist())


def _holidays(dates: pd.DatetimeIndex, days: tuple[int, ...]) -> tuple[str, ...]:
    """The days of the year that never have a row, of a series that has nearly all others."""
    due = pd.date_range(dates[0], dates[-1]) if len(dates) > 1000 else dates[:0]
    due = due[due.day_of_week.isin(days)]
    there = due.isin(dates)
    if not len(due) or there.mean() < 0.9:
        return ()
    seen = pd.Series(there).groupby(due.strftime("%m-%d")).agg(["sum", "size"])
    return tuple(seen.index[(seen["sum"] == 0) & (seen["size"] >= 5)])


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
