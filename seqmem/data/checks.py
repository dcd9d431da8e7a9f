"""Checks of prices: what is surely wrong is refused; what is probably wrong, unless allowed by name."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.calendars import NAMES, Calendar, Weekdays
from seqmem.data.exchanges import Exchange
from seqmem.data.faults import Fault, Where, day

ENOUGH = 30  # rows: fewer show no usual change
SPLIT = 1.9  # a factor from one close to the next that hardly a market makes (oil, 1991-01-17: 1.5)
TICK = 0.22  # of the price, there and back again (UnitedHealth on 2008-09-29: 0.19)
RANGE = 0.25  # of the price, beyond the closes around it
SCALES = 20  # times the usual change: a series of wild changes is not full of splits
LOCAL_SCALES = 8  # times the usual change of the days around it
STILL = 22  # rows without a change: a variance of 0, whose logarithm is no number
OLDEST = pd.Timestamp("1700-01-01")
SPLIT_CURE = "a split that the prices are not adjusted for, or another unit: use adjusted closes"


def check_dates(index: pd.Index, where: Where) -> list[Fault]:
    """Dates that surely are none: they do not increase, or lie in years that have no prices."""
    if not isinstance(index, pd.DatetimeIndex) or not len(index):
        return []
    label = index.name or "Date"
    faults = where(index.isna(), label, "expected a date", lambda row: "none")
    if faults:
        return faults
    old = (index < OLDEST) | (index.year > 2261)
    faults += where(old, label, "expected a year from 1700 to 2261", lambda row: day(index[row]))
    late = np.concatenate([[False], index[1:] <= index[:-1]])
    newest = len(index) > 2 and index.is_monotonic_decreasing
    twice = bool(late.any()) and index[int(late.argmax())] == index[int(late.argmax()) - 1]
    cure = "the newest row stands first: sort by date: frame.sort_index()" if newest else ""
    cure = cure or ("one of the two may go: frame[~frame.index.duplicated()]" if twice else "")
    return faults + where(
        late,
        label,
        "expected dates that increase",
        lambda row: f"{day(index[row])} after {day(index[row - 1])}",
        cure=cure,
    )


def check_values(frame: pd.DataFrame, label: str, where: Where, *, negative: bool = False) -> list[Fault]:
    """Values that surely are no prices: missing, infinite, not above 0, or a high below its low."""
    faults = []
    for own, name in (("close", label), ("high", "High"), ("low", "Low")):
        if own not in frame:
            continue
        values = frame[own].to_numpy()
        cure = "drop such rows knowingly: frame.dropna(subset=['Close'])"
        faults += where(np.isnan(values), name, "expected a price", lambda row: "nothing", cure=cure)
        faults += where(np.isinf(values), name, "expected a finite price", _of(values))
        if not negative:
            cure = "a spread or a rate? --allow-negative and a Difference transform"
            faults += where(values <= 0, name, "expected a price above 0", _of(values), cure=cure)
    if "high" in frame:
        high, low = frame["high"].to_numpy(), frame["low"].to_numpy()
        received = lambda row: f"high {high[row]:g}, low {low[row]:g}"  # noqa: E731
        faults += where(high < low, "High", "expected a high of at least the low", received)
    return faults


def doubts(
    frame: pd.DataFrame,
    label: str,
    where: Where,
    calendar: Calendar,
    *,
    named: bool = False,
    negative: bool = False,
) -> list[Fault]:
    """What is probably wrong with rows that are not surely so, each by the name of the judgement."""
    index = frame.index
    faults = []
    if isinstance(index, pd.DatetimeIndex) and len(index):
        today = pd.Timestamp.now().normalize() + pd.Timedelta(days=2)
        name = index.name or "Date"
        received = lambda row: f"{day(index[row])} lies in the future"  # noqa: E731
        faults += where(index > today, name, "expected a date that has come", received, doubt="future")
        faults += _off_calendar(index, calendar, named, where)
    if len(frame) < ENOUGH:
        return faults
    faults += _unchanged(frame["close"].to_numpy(), label, where)
    if negative:
        return faults
    faults += _moves(frame["close"].to_numpy(), label, where)
    return faults + (_ranges(frame, label, where) if "high" in frame else [])


def _moves(closes: np.ndarray, label: str, where: Where) -> list[Fault]:
    returns = np.diff(np.log(closes))
    moves = np.abs(returns)
    usual = float(np.median(moves) or moves.mean())
    there = np.minimum(moves[:-1], moves[1:])
    back = np.abs(returns[:-1] + returns[1:]) < 0.3 * there
    tick = np.concatenate([[False], (there > max(TICK, SCALES * usual)) & back, [False]])
    for row in np.flatnonzero(tick).tolist():
        tick[row] = moves[row] > LOCAL_SCALES * _around(moves, row - 1, (row - 1, row))
    split = (moves > max(np.log(SPLIT), SCALES * usual)) & ~tick[:-1] & ~tick[1:]
    for row in np.flatnonzero(split).tolist():  # where all changes around are large, none is a split
        split[row] = moves[row] > LOCAL_SCALES * _around(moves, row, (row,))
    received = lambda row: f"{closes[row]:g} after {closes[row - 1]:g}"  # noqa: E731
    expected = "expected a change that a market makes"
    faults = where(
        np.concatenate([[False], split]), label, expected, received, doubt="split", cure=SPLIT_CURE
    )
    between = lambda row: f"{closes[row]:g} between {closes[row - 1]:g} and {closes[row + 1]:g}"  # noqa: E731
    return faults + where(tick, label, "expected a close near those around it", between, doubt="tick")


def _around(moves: np.ndarray, row: int, without: tuple[int, ...]) -> float:
    rows = [one for one in range(max(0, row - 5), min(len(moves), row + 7)) if one not in without]
    return float(np.median(moves[rows]))


def _ranges(frame: pd.DataFrame, label: str, where: Where) -> list[Fault]:
    high, low, closes = (frame[one].to_numpy() for one in ("high", "low", "close"))
    faults = []
    flat = high == low
    if flat.mean() > 0.1:
        cure = "highs and lows that are none? Read the closes alone"
        faults += where(
            flat, "High", "expected a range", lambda row: "the high is the low", doubt="range", cure=cure
        )
    outside = (closes > high * (1 + 1e-6)) | (closes < low * (1 - 1e-6))
    if outside.mean() > 0.01:
        received = lambda row: f"{closes[row]:g}, outside {low[row]:g} to {high[row]:g}"  # noqa: E731
        cure = "closes adjusted, and highs and lows not?"
        faults += where(
            outside, label, "expected a close within its range", received, doubt="range", cure=cure
        )
    near = np.stack([np.roll(closes, 1), closes, np.roll(closes, -1)])
    near[0, 0], near[2, -1] = closes[0], closes[-1]
    usual = float(np.median(np.log(high / low)))
    for name, values, beyond in (
        ("High", high, np.log(high / near.max(axis=0))),
        ("Low", low, np.log(near.min(axis=0) / low)),
    ):
        bad = beyond > max(RANGE, SCALES * usual)
        expected = "expected a price near the closes around it"
        faults += where(bad, name, expected, _beside(values, closes), doubt="tick")
    return faults


def _unchanged(closes: np.ndarray, label: str, where: Where) -> list[Fault]:
    same = np.concatenate([[False], closes[1:] == closes[:-1]])
    begins = np.flatnonzero(~same)
    lengths = np.diff(np.concatenate([begins, [len(closes)]]))
    longest = int(lengths.argmax())
    row, last = int(begins[longest]), int(begins[longest] + lengths[longest] - 1)
    if lengths[longest] >= STILL:
        text = f"{closes[row]:g} on {lengths[longest]} rows"
        until = f", to {day(where.index[last])}" if isinstance(where.index, pd.DatetimeIndex) else ""
        only = np.arange(len(closes)) == row
        return where(only, label, "expected prices that change", lambda row: text + until, doubt="unchanged")
    if same.mean() > 0.5:
        share = f"{same.mean():.0%} repeat the one before"
        text = f"column {label!r}: expected prices that change. Received: {share}"
        return [Fault(text, "unchanged", tuple(np.flatnonzero(same).tolist()))]
    return []


def _off_calendar(index: pd.DatetimeIndex, calendar: Calendar, named: bool, where: Where) -> Iterator[Fault]:
    """Rows on days without a session, sessions without a row; or rows too near or too far apart."""
    if isinstance(calendar, Exchange):
        closed, missing = off_sessions(index, calendar)
        if closed.mean() > 0.01:
            received = lambda row: f"{index[row]:%a %Y-%m-%d}"  # noqa: E731
            expected = f"expected a session of {calendar.code}"
            yield from where(closed, index.name or "Date", expected, received, doubt="calendar")
        if len(missing) > 0.02 * len(index):
            text = f"expected a row for each session of {calendar.code}. Received: none for {len(missing)}"
            yield Fault(f"{text}, the first {day(missing[0])}", "calendar")
        return
    if len(index) < ENOUGH:
        return
    if named and isinstance(calendar, Weekdays):
        other = ~index.day_of_week.isin(calendar.days)
        if other.mean() > 0.01:
            received = lambda row: f"{index[row]:%a %Y-%m-%d}"  # noqa: E731
            expected = f"expected the days {', '.join(NAMES[one] for one in calendar.days)}"
            yield from where(other, index.name or "Date", expected, received, doubt="calendar")
        if len(calendar.days) < 5:
            return
    gaps = np.diff(index.to_numpy()) / np.timedelta64(1, "D")
    low, high = calendar.spacing
    usual = float(np.median(gaps))
    apart = (gaps > calendar.longest) | (gaps < low)
    text = f"expected a row a {calendar.period}. Received: "
    if not low <= usual <= high:
        period = "week" if 6 < usual < 8 else "month" if 27 < usual < 32 else ""
        cure = f"--period {period} reads them as {period}s" if period else ""
        yield Fault(f"{text}rows {usual:g} days apart", "spacing", cure=cure)
    elif apart.mean() > 0.05:
        share = f"{apart.mean():.0%} of the rows are {np.median(gaps[apart]):g} days apart"
        rows = tuple((np.flatnonzero(apart) + 1).tolist())
        yield Fault(text + share, "spacing", rows, "daily rows after weekly ones?")


def off_sessions(index: pd.DatetimeIndex, calendar: Exchange) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Whether a row stands on a day without a session, [N]; and the sessions that have no row."""
    sessions = calendar.sessions(index[0], index[-1])
    return ~index.isin(sessions), sessions.difference(index)


def session_notes(indices: Iterable[pd.Index], calendar: Exchange) -> list[str]:
    """How far the dates of series are those of the exchange that was named, a line each."""
    notes = []
    for index in indices:
        if isinstance(index, pd.DatetimeIndex) and len(index) and not index.hasnans:
            closed, missing = off_sessions(index, calendar)
            found = ((index[closed], "rows on days without"), (missing, "days without a row but with"))
            for dates, what in found:
                if len(dates):
                    some = ", ".join(day(date) for date in dates[:3]) + (", ..." if len(dates) > 3 else "")
                    notes.append(f"{len(dates)} {what} a session of {calendar.code}: {some}")
    return notes


def _beside(values: np.ndarray, closes: np.ndarray) -> Callable[[int], Any]:
    return lambda row: f"{values[row]:g}, close {closes[row]:g}"


def _of(values: np.ndarray) -> Callable[[int], Any]:
    return lambda row: values[row]
