"""Read prices from a file, a frame or an array: the one door through which data comes in."""

import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.calendars import Calendar, Rows, infer
from seqmem.data.checks import check_dates, check_values, doubts, session_notes
from seqmem.data.columns import Options
from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.exchanges import Exchange
from seqmem.data.faults import Fault, Findings, PriceError, PriceWarning, Where
from seqmem.data.loading import ArrowStream, Table, load
from seqmem.data.periods import PERIODS, infer_period
from seqmem.data.tables import Series, floats_of, frame_of, series_of

LOOKED_AT = {"split", "tick", "range", "unchanged", "spacing"}  # what is bundled: Apple did lose half in 2000


def read(
    source: PriceData,
    *,
    column: str | None = None,
    high: str | None = None,
    low: str | None = None,
    series: str | None = None,
    date_column: str | None = None,
    date_format: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    zone: str | None = None,
    calendar: Calendar | None = None,
    period: str = "day",
    resample: str | None = None,
    allow_negative: bool = False,
    past: Collection[str] = (),
    known: Collection[str] = (),
    static: Collection[str] = (),
    allow: Collection[str] = (),
) -> Dataset:
    """Read prices and refuse what must not be trained on: nothing is filled, nothing is dropped in silence.

    Args:
        source: a path, ``"bundled:sp500"``, a DataFrame (of pandas, polars or pyarrow), a Series, an array
            [N] of closes or [N, 3] of high, low and close, or a mapping from unique_id to any of these. Files
            may be CSV, Parquet, Feather or Excel; how yfinance, Stooq, FRED and others write is recognised.
        column: which column holds the closes; None: Close, in any case.
        high: which column holds the highs; None: High.
        low: which column holds the lows; None: Low.
        series: which of several series is read; ``"*"``: all, as a panel.
        date_column: which column holds the dates; None: Date, Datetime, Timestamp, Time, Day, or the first.
        date_format: of the dates, as in `strptime`; None: the one form that fits all.
        separator: between the values of a CSV; None: as its first lines show.
        decimal: the decimal mark of numbers; None: as they show.
        thousands: the mark between thousands; None: as they show.
        encoding: of a CSV; None: UTF-8, or UTF-16 where it is marked so.
        sheet: of an Excel file; None: the first.
        zone: in which days are counted, where stamps carry another: ``"America/New_York"``.
        calendar: when rows are due; None: as most weeks of the last year show.
        period: what a row is: ``"day"``, ``"week"`` or ``"month"``.
        resample: ``"1D"``: make days of rows within them, with their realised variance as a column.
        allow_negative: whether values may be 0 or below: spreads and rates.
        past: columns that are known up to the origin.
        known: columns that are known over the horizon as well.
        static: columns that are one value to a series.
        allow: names of doubts that are set aside (`seqmem.data.faults.DOUBTS`; an error names its own).

    Raises:
        PriceError: what cannot be read, is surely wrong, or probably so and not allowed: all faults of it.

    Warns:
        PriceWarning: a live price as the last row.

    >>> read("bundled:sp500").columns
    ('open', 'high', 'low', 'close', 'adj close', 'volume')
    """
    if isinstance(source, Dataset):
        return source
    if period not in PERIODS or resample not in (None, "1D"):
        raise ValueError(
            f"read: expected a period of {', '.join(PERIODS)} and resample 1D. "
            f"Received: {period!r}, {resample!r}"
        )
    calendar_zone = calendar.zone if isinstance(calendar, Exchange) else None
    options = Options(
        column, high, low, date_column, date_format, decimal, thousands, zone, calendar_zone, series, resample
    )
    found, name, written = _series(source, options, separator=separator, encoding=encoding, sheet=sheet)
    findings = Findings(name, LOOKED_AT | set(allow) if name.startswith("bundled:") else allow)
    named = calendar is not None or period != "day"
    if calendar is None:
        index = _union([one.frame.index for one in found.values()])
        calendar = (
            infer(index)
            if period == "day" or not isinstance(index, pd.DatetimeIndex)
            else infer_period(index, period)
        )
    if not isinstance(next(iter(found.values())).frame.index, pd.DatetimeIndex):
        calendar = Rows()  # whatever was said: there are no dates
    for unique_id, one in found.items():
        _check(one, unique_id if len(found) > 1 else "", calendar, findings, named, allow_negative)
    if isinstance(calendar, Exchange):
        findings.notes += session_notes([one.frame.index for one in found.values()], calendar)
    findings.settle()
    for text in findings.warnings:
        warnings.warn(f"{name}: {text}", PriceWarning, stacklevel=2)
    frames = {unique_id: one.frame for unique_id, one in found.items()}
    first = next(iter(found.values()))
    return Dataset(
        frames,
        calendar,
        name,
        first.label if len({one.label for one in found.values()}) == 1 else "Close",
        tuple(past),
        tuple(known),
        tuple(static),
        notes=tuple(dict.fromkeys((*written.notes, *findings.notes, *findings.warnings))),
        doubts=findings.doubts(),
        format=written.format.name if written.format else "",
        zone=first.zone,
    )


def as_dataset(
    data: PriceData,
    *,
    allow: Collection[str] = (),
    allow_negative: bool = False,
    calendar: Calendar | None = None,
    column: str | None = None,
) -> Dataset:
    """The data as a dataset: what every public function calls first. A Dataset comes back as it is.

    Args:
        data: as `read` takes it.
        allow: doubts that are set aside.
        allow_negative: whether values may be 0 or below.
        calendar: when rows are due; None: as most weeks of the last year show.
        column: which column holds the closes; None: Close.

    Raises:
        PriceError: as `read` does.
    """
    if isinstance(data, Dataset):
        return data
    period = calendar.period if calendar is not None and calendar.period in PERIODS else "day"
    return read(
        data, allow=allow, allow_negative=allow_negative, calendar=calendar, period=period, column=column
    )


def _series(source: Any, options: Options, **text: Any) -> tuple[dict[str, Series], str, Table]:
    """The series of a source, what to call it, and its table."""
    nothing = Table(pd.DataFrame(), "data")
    if isinstance(source, Mapping):
        found = {}
        for unique_id, one in source.items():
            inner = _series(one, options, **text)[0]
            found[str(unique_id)] = next(iter(inner.values()))
            if len(inner) > 1:
                raise PriceError(f"{unique_id}: expected one series. Received: {', '.join(inner)}")
        if not found:
            raise PriceError("mapping: expected at least one series. Received: none")
        return found, "mapping", nothing
    if isinstance(source, pd.Series):
        label = str(source.name) if source.name is not None else "Close"
        unique_id = str(source.name) if source.name is not None else "series"
        values = source.to_frame(label)
        if isinstance(source.index, pd.RangeIndex):
            frame = pd.DataFrame({"close": floats_of(source)})
            return {unique_id: Series(frame, np.arange(len(frame)), label)}, "Series", nothing
        table = Table(values, "Series")
        (one,) = series_of(table, replace(options, column=label)).values()
        return {unique_id: one}, "Series", table
    if isinstance(source, str | Path | pd.DataFrame | ArrowStream):
        table = load(source, **text)
        found = series_of(table, options)
        if not found:
            raise PriceError(f"{table.name}: expected columns of prices. Received: none")
        return found, table.name, table
    frame = frame_of(source)
    return {"series": Series(frame, np.arange(len(frame)))}, "array", nothing


def _check(
    one: Series, series: str, calendar: Calendar, findings: Findings, named: bool, negative: bool
) -> None:
    index = one.frame.index
    findings.notes += one.notes
    findings.warnings += [f"{series}: {text}" if series else text for text in one.warnings]
    where = Where(index, series, one.numbers)
    if not len(index):
        findings.add([Fault(f"{series + ': ' if series else ''}expected rows. Received: none")])
        return
    prefix = f"{series}: " if series else ""
    faults = [replace(fault, text=prefix + fault.text) for fault in (*one.date_faults, *one.faults)]
    faults += [] if one.date_faults else check_dates(index, where)
    faults += [] if one.faults else check_values(one.frame, one.label, where, negative=negative)
    if not faults:
        faults += doubts(one.frame, one.label, where, calendar, named=named, negative=negative)
    findings.add(faults)


def _union(indices: list[pd.Index]) -> pd.Index:
    union = indices[0]
    if isinstance(union, pd.DatetimeIndex):
        union = union.dropna().sort_values()
    for index in indices[1:]:
        union = union.union(index.dropna() if isinstance(index, pd.DatetimeIndex) else index)
    return union
