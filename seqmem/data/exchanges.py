"""The calendars of exchanges, by the package exchange_calendars."""

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from seqmem.data.calendars import NAMES, Calendar, EveryDay, Weekdays, days_of_week


@dataclass(frozen=True)
class Exchange(Calendar):
    """The sessions of an exchange, by the package `exchange_calendars` (``pip install seqmem[calendars]``).

    Args:
        code: its code there, the ISO 10383 MIC of most: XNYS New York, XLON London, XTAE Tel Aviv.

    Raises:
        ValueError: a code that the package does not know, or the package is not installed.
    """

    code: str
    periods_per_year: ClassVar[float] = 252.0  # type: ignore[misc]

    def __post_init__(self) -> None:
        known = _exchange_calendars().get_calendar_names()
        if self.code not in known:
            raise ValueError(
                f"Exchange: expected a code such as XNYS, XLON, XTKS. Received: {self.code!r}. All of them: "
                'python -c "import exchange_calendars; print(exchange_calendars.get_calendar_names())"'
            )

    @property
    def zone(self) -> str:
        """The time zone in which the exchange counts its days."""
        return str(self._calendar().tz)

    def after(self, last: Any, n: int) -> pd.DatetimeIndex:
        """The next `n` sessions; beyond the years that the package knows, its days of the week."""
        last = pd.Timestamp(last).tz_localize(None).normalize()
        known = self.sessions(last + pd.Timedelta(days=1), last + pd.Timedelta(days=2 * n + 30))[:n]
        if len(known) == n:
            return known
        sessions = pd.DatetimeIndex(self._calendar().sessions)
        start = known[-1] if len(known) else last
        return known.append(Weekdays(days_of_week(sessions)).after(start, n - len(known)))

    def sessions(self, first: Any, last: Any) -> pd.DatetimeIndex:
        """The sessions from one day to another, as far as the package knows them."""
        calendar = self._calendar()
        if first < calendar.first_session or last > calendar.last_session:
            low, high = type(calendar).bound_min(), type(calendar).bound_max()
            start = max(low or first, min(first, calendar.first_session))
            end = min(high or last, max(last, calendar.last_session))
            calendar = self._calendar(start=start, end=end)
        days = pd.DatetimeIndex(calendar.sessions.as_unit("ns"), freq=None)
        return days[(days >= first) & (days <= last)]

    def _calendar(self, **span: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # exchange_calendars 4.13 uses what pandas 3.1 deprecates
            try:
                return _exchange_calendars().get_calendar(self.code, **span)
            except ValueError as error:
                raise ValueError(
                    f"Exchange: exchange_calendars cannot make {self.code}: {str(error)[:80]}: name its "
                    "days of the week: Weekdays((6, 0, 1, 2, 3)) in Python, --calendar sun,mon,tue,wed,thu"
                ) from error


def parse_calendar(text: str) -> Calendar:
    """A calendar by its name: the code of an exchange, days of the week, or ``daily``.

    Raises:
        ValueError: none of these.

    >>> parse_calendar("sun,mon,tue,wed,thu"), parse_calendar("daily")
    (Weekdays(days=(0, 1, 2, 3, 6), holidays=()), EveryDay())
    """
    if text.lower() == "daily":
        return EveryDay()
    names = [one.strip().capitalize()[:3] for one in text.split(",")]
    if all(one in NAMES for one in names):
        return Weekdays(tuple(NAMES.index(one) for one in names))
    return Exchange(text)


def _exchange_calendars() -> Any:
    try:
        import exchange_calendars
    except ImportError as error:
        raise ValueError(f"Exchange: {error}: pip install 'seqmem[calendars]'") from error
    return exchange_calendars
