"""Series from a table: dates as trading days, prices as numbers, one frame to a unique_id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.columns import Options, date_column, is_numeric, plain_name, price_columns, refuse_twins
from seqmem.data.dates import to_stamps
from seqmem.data.days import resample_days, to_days, to_wall
from seqmem.data.faults import Fault, PriceError, Where
from seqmem.data.formats import ID
from seqmem.data.loading import Table
from seqmem.data.numbers import Numbers, to_numbers

MARKS = "a number in other marks? --decimal , --thousands ."


@dataclass
class Series:
    """One series of a table, as far as it could be read.

    Attributes:
        frame: columns of float64 in lower case, by trading day.
        numbers: of its rows in the source, from 0.
        label: what the source calls the closes.
        zone: that its stamps carried.
        date_faults: of its dates.
        faults: of its numbers.
        notes: what was done.
        warnings: what is possible and probably wrong.
    """

    frame: pd.DataFrame
    numbers: np.ndarray
    label: str = "Close"
    zone: str = ""
    date_faults: list[Fault] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def keep(self, rows: Any) -> None:
        """Keep some of the rows, or all in another order."""
        self.frame, self.numbers = self.frame[rows], self.numbers[rows]


def series_of(table: Table, options: Options) -> dict[str, Series]:
    """The series of a table, by unique_id.

    Raises:
        PriceError: no column of prices or dates, or more than one that could be it.
    """
    refuse_twins(table, options)
    data = table.data.reset_index() if table.data.index.nlevels > 1 else table.data
    if ID in data:
        return _of_long(table, data, options)
    raw, label, data = date_column(data, table, options)
    columns = price_columns(data, table, options)
    if columns:
        return {"series": _series(data, raw, label, columns, table, options)}
    found = {}
    for one in data.columns:
        if is_numeric(data[one]) and options.series in (None, "*", str(one)):
            series = _series(data[[one]], raw, label, {"close": one}, table, options)
            series.keep(
                slice(int(series.frame["close"].notna().to_numpy().argmax()), None)
            )  # others began before
            found[str(one)] = series
    if not found:
        raise PriceError(
            f"{table.name}: no series {options.series!r}. Received: {', '.join(map(str, data.columns))}"
        )
    return found


def _of_long(table: Table, data: pd.DataFrame, options: Options) -> dict[str, Series]:
    """The series that stand below one another, each row with the name of its own."""
    keys = [str(one) for one in data[ID].unique()]
    if options.series is not None and options.series != "*":
        if options.series not in keys:
            raise PriceError(f"{table.name}: no series {options.series!r}. Received: {', '.join(keys)}")
        keys = [options.series]
    elif table.format is not None and table.format.one_alone and options.series is None:
        raise PriceError(
            f"{table.name}: expected one ticker. Received: {len(keys)}: {', '.join(keys)}: take one: "
            f"--series {keys[0]}, or all as a panel: --series '*' (series={keys[0]!r} in Python)"
        )
    found = {}
    names = data[ID].astype(str).to_numpy()
    for key in keys:
        rows = np.flatnonzero(names == key)
        one = data.iloc[rows].drop(columns=ID).reset_index(drop=True).dropna(axis=1, how="all")
        raw, label, one = date_column(one, table, options)
        columns = price_columns(one, table, options)
        if not columns:
            raise PriceError(f"{table.name}: {key}: no column 'Close'. Received: columns {list(one.columns)}")
        found[key] = _series(one, raw, label, columns, table, options)
        found[key].numbers = rows[found[key].numbers]
    return found


def _series(
    data: pd.DataFrame, raw: Any, label: str, columns: Mapping[str, Any], table: Table, options: Options
) -> Series:
    index: pd.Index = pd.RangeIndex(len(data))
    date_faults: tuple[Fault, ...] = ()
    if raw is not None:
        form = options.date_format or (table.format.date_format if table.format else None)
        stamps = to_stamps(raw, label, form)
        index, date_faults = stamps.index.rename(label), stamps.faults
    series = Series(pd.DataFrame(index=index), np.arange(len(data)), str(columns["close"]).strip())
    series.date_faults += date_faults
    taken = {str(one) for one in columns.values()}
    others = {plain_name(one): one for one in reversed(data.columns) if str(one) not in taken}
    kinds = {**{kind: one for kind, one in others.items() if kind not in columns}, **columns}
    first = [kind for kind in ("open", "high", "low", "close") if kind in kinds]
    for kind in (*first, *(kind for kind in reversed(kinds) if kind not in first)):
        column = data[kinds[kind]]
        found = to_numbers(
            column, decimal=options.decimal, thousands=options.thousands, multiples=kind == "volume"
        )
        if kind in ("high", "low", "close"):
            series.faults += _bad_numbers(found, column, index, str(kinds[kind]).strip())
        elif found.bad.any() or found.ambiguous or not np.isfinite(found.values).any():
            continue  # text, or nothing: no covariate
        if column.dtype == "float16":
            series.notes.append(f"column {str(kinds[kind])!r} has three digits alone: it is of float16")
        series.frame[kind] = found.values
    _tidy(series, table, str(others.get("adj close", "")))
    return _by_day(series, options) if isinstance(series.frame.index, pd.DatetimeIndex) else series


def _tidy(series: Series, table: Table, adjusted: str) -> None:
    """Leave out the holidays of a format that has them, turn the newest row to the end; say so."""
    frame = series.frame
    empty = frame["close"].isna().to_numpy()
    if table.format is not None and table.format.holidays and empty.any():
        name = table.format.name
        series.notes.append(f"{empty.sum()} rows without a price are left out: {name} has them for holidays")
        series.keep(~empty)
    index = series.frame.index
    turns = table.file or (table.format is not None and table.format.newest_first)
    if turns and len(index) > 1 and index[0] > index[-1] and index[::-1].is_monotonic_increasing:
        series.notes.append("the newest row stood first: the rows are turned round")
        series.keep(slice(None, None, -1))
    if adjusted and "adj close" in frame:
        differs = int((np.abs(frame["adj close"] - frame["close"]) > 1e-6 * np.abs(frame["close"])).sum())
        if differs:
            other = f"{adjusted} differs on {differs} rows: --column {adjusted!r} reads it"
            series.notes.append(f"{series.label} is read; {other}")


def _by_day(series: Series, options: Options) -> Series:
    """The series by trading day."""
    stamps = pd.DatetimeIndex(series.frame.index)
    where = Where(stamps.tz_localize(None), numbers=series.numbers)
    zones = {"zone": options.zone, "calendar_zone": options.calendar_zone}
    if options.resample is not None and not (series.faults or series.date_faults):
        wall, series.zone = to_wall(stamps, **zones)
        late = np.flatnonzero(wall[1:] <= wall[:-1])
        if late.size:
            row = int(late[0]) + 1
            text = f"expected stamps that increase. Received: {wall[row]} after {wall[row - 1]}"
            series.date_faults.append(Fault(f"{where.row(row)}: {text}"))
            return series
        made = f"{len(wall)} rows are made into days: last close, high, low and realized_variance"
        series.notes.append(made)
        series.frame = resample_days(series.frame.set_axis(wall))
        series.numbers = np.arange(len(series.frame))
        return series
    days = to_days(stamps, where=where, **zones)
    series.date_faults += days.faults
    series.notes += days.notes
    series.warnings += days.warnings
    series.zone = days.zone
    series.frame = series.frame.set_axis(days.index.rename(stamps.name))
    return series


def _bad_numbers(found: Numbers, raw: pd.Series, index: pd.Index, label: str) -> list[Fault]:
    if found.ambiguous:
        text = f"column {label!r}: expected numbers of one reading. Received: {found.ambiguous!r}"
        return [
            Fault(text, cure="is the comma a decimal mark? --decimal ,; or between thousands? --thousands ,")
        ]
    where = Where(index.tz_localize(None) if isinstance(index, pd.DatetimeIndex) else index)
    cure = MARKS if pd.api.types.is_string_dtype(raw) else ""
    return where(found.bad, label, "expected a number", lambda row: repr(str(raw.iloc[row])), cure=cure)


def floats_of(source: pd.Series) -> np.ndarray:
    """The values of a Series without dates.

    Raises:
        PriceError: values that are no numbers.
    """
    try:
        return source.to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise PriceError(f"Series: expected numbers. Received: {error}") from error


def frame_of(values: Any) -> pd.DataFrame:
    """The rows of an array: [N] closes, or [N, 3] high, low, close.

    Raises:
        PriceError: another shape, or no numbers.
    """
    try:
        numbers = np.asarray(values)
        numbers = numbers if numbers.dtype.kind in "bcUSO" else numbers.astype("float64", copy=False)
    except (TypeError, ValueError):
        numbers = np.array(None)
    if numbers.dtype != "float64" or numbers.ndim == 0:
        raise PriceError(
            "expected a path, 'bundled:NAME', a DataFrame, a Series or an array of numbers. "
            f"Received: {type(values)}"
        )
    if numbers.ndim == 2 and numbers.shape[1] in (1, 3):
        return pd.DataFrame(numbers, columns=["high", "low", "close"][-numbers.shape[1] :])
    if numbers.ndim != 1:
        raise PriceError(
            f"array: expected [N] closes, or [N, 3] high, low, close. Received: shape {numbers.shape}"
        )
    return pd.DataFrame({"close": numbers}, copy=False)
