"""Trading days: the day that a stamp belongs to, by its zone; days made of rows within them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqmem.data.faults import Fault, Where, day

WEEKEND = 0.02  # share of the rows on Saturdays and Sundays: special sessions
SOON, LATE = pd.Timedelta(hours=12), pd.Timedelta(hours=20)
HALF_DAY = pd.Timedelta(hours=12)
RESAMPLE = "take days of them: --resample 1D (the last close, the high, the low and the realised variance)"


@dataclass(frozen=True)
class Days:
    """The trading days of stamps.

    Attributes:
        index: [N], without a zone, at midnight.
        zone: that the stamps carried; empty where they carried none.
        faults: stamps that belong to no day that can be known.
        notes: what was done.
        warnings: what is possible and probably wrong.
    """

    index: pd.DatetimeIndex
    zone: str = ""
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def to_wall(
    stamps: pd.DatetimeIndex, zone: str | None, calendar_zone: str | None = None
) -> tuple[pd.DatetimeIndex, str]:
    """The clock on the wall where the rows were made, and the zone that they carry.

    Args:
        stamps: with their zone if they carry one.
        zone: of the wall; stamps that carry none, and are no midnights, are taken to be in UTC then.
        calendar_zone: of the wall, if the stamps carry another and are no midnights.
    """
    carried = "" if stamps.tz is None else str(stamps.tz)
    plain = stamps.tz_localize(None)
    there = plain.dropna()
    midnights = bool((there == there.normalize()).all())
    if zone is not None and stamps.tz is None and not midnights:
        stamps = stamps.tz_localize("UTC")
    if stamps.tz is None or not (zone or (calendar_zone and not midnights)):
        return plain, carried
    chosen = zone or calendar_zone
    return stamps.tz_convert(chosen).tz_localize(None), str(chosen)


def to_days(
    stamps: pd.DatetimeIndex, *, zone: str | None = None, calendar_zone: str | None = None, where: Where
) -> Days:
    """The trading day of each stamp.

    Midnights of another zone that are written in UTC come out as the day that begins then, where the days of
    the week show it; else they are refused.

    Args:
        stamps: of the rows, with their zone if they carry one.
        zone: in which the days are counted; None: as the stamps show.
        calendar_zone: of the exchange, where it was named.
        where: says rows in errors.
    """
    wall, carried = to_wall(stamps, zone, calendar_zone)
    there = wall[~wall.isna()]
    times = there - there.normalize()
    if not len(there) or (times == pd.Timedelta(0)).all():
        return Days(wall.normalize(), carried)
    if intraday(there):
        spacing = pd.Timedelta(np.median(np.diff(there.to_numpy())))
        text = f"expected a row a day. Received: rows {_in_words(spacing)} apart"
        return Days(wall.normalize(), carried, (Fault(text, cure=RESAMPLE),))
    midnights = times == pd.Timedelta(0)
    if midnights.mean() > 0.9:
        return _with_live(wall, carried, where)
    twice = np.flatnonzero(there.normalize()[1:] == there.normalize()[:-1])
    if twice.size:
        row = int(twice[0]) + 1
        times_of = f"at {there[row - 1]:%H:%M} and {there[row]:%H:%M}"
        text = f"{where.row(row)}: two rows on {there[row]:%Y-%m-%d}, {times_of}"
        return Days(
            wall.normalize(), carried, (Fault(text, rows=tuple((twice + 1).tolist()), cure=RESAMPLE),)
        )
    if zone is not None or (calendar_zone is not None and carried == calendar_zone):
        return Days(wall.normalize(), carried)
    rounded = (there + HALF_DAY).normalize()
    plain = _weekend(there) <= WEEKEND
    if plain or (times < SOON).all() or (times >= pd.Timedelta(hours=23, minutes=59)).all():
        return Days(wall.normalize(), carried)
    hours = ", ".join(sorted({str(one)[7:12] for one in times.unique()[:3]}))
    if carried and _weekend(rounded) <= WEEKEND and rounded.is_unique:
        said = f"stamps at {hours} {carried}: each is the midnight at which its trading day begins"
        return Days((wall + HALF_DAY).normalize(), carried, notes=(said,))
    if not carried and (times < LATE).all():
        return Days(wall.normalize())
    expected = "expected a stamp that shows its trading day"
    text = f"{where.row(0)}: {expected}. Received: {day(stamps[0])}, {hours} in all"
    return Days(wall.normalize(), carried, (Fault(text, cure="say in which zone: --zone Europe/Berlin"),))


def intraday(wall: pd.DatetimeIndex) -> bool:
    """Whether most days have more than one row."""
    return len(wall) > 3 and len(wall.normalize().unique()) < 0.75 * len(wall)


def _with_live(wall: pd.DatetimeIndex, zone: str, where: Where) -> Days:
    """Days among which some rows have a time of day: a live price at the end, most often."""
    days = wall.normalize()
    timed = np.flatnonzero((wall != days) & ~wall.isna())
    again = [row for row in timed.tolist() if row and days[row] == days[row - 1]]
    if again:
        text = f"{where.row(again[-1])}: two rows on {day(days[again[-1]])}; the last has a time of day"
        return Days(
            days,
            zone,
            (Fault(text, rows=tuple(again), cure="a live price? Drop that row: frame[:-1] in pandas"),),
        )
    row = int(timed[-1])
    text = f"{where.row(row)} has a time of day: a live price? Drop that row: frame[:-1] in pandas"
    return Days(days, zone, warnings=(text,))


def _weekend(dates: pd.DatetimeIndex) -> float:
    return float((dates.day_of_week >= 5).mean())


def _in_words(spacing: pd.Timedelta) -> str:
    minutes = spacing / pd.Timedelta(minutes=1)
    return f"{minutes:.3g} minutes" if minutes < 60 else f"{minutes / 60:.3g} hours"


def resample_days(frame: pd.DataFrame) -> pd.DataFrame:
    """Days from rows within them: first open, last close, high, low, volume and realised variance.

    The realised variance of a day is the sum of the squared log returns from row to row within it, without
    the return over night (Andersen and Bollerslev 1998).

    Args:
        frame: columns close and others by stamp, in order.
    """
    rules = {"open": "first", "high": "max", "low": "min", "volume": "sum"}
    days = pd.DatetimeIndex(frame.index).normalize()
    frame = frame.assign(**{one: frame["close"] for one in ("high", "low") if "high" not in frame})
    found = frame.groupby(days).agg({column: rules.get(column, "last") for column in frame.columns})
    returns = np.log(frame["close"]).diff().mask(np.concatenate([[True], days[1:] != days[:-1]]))
    found["realized_variance"] = (returns**2).groupby(days).sum()
    return found
