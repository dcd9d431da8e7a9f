"""Read daily prices and refuse what must not be trained on."""

import hashlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.sources import PriceError as PriceError
from seqmem.data.sources import raw_table

DATE_COLUMNS = ("date", "datetime", "timestamp", "time", "day")


def read_prices(
    source: Any,
    column: str = "Close",
    *,
    lookback: int = 30,
    horizon: int = 5,
    date_format: str | None = None,
) -> pd.Series:
    """Daily prices as a checked series: float64, by date, nothing filled, nothing sorted, nothing dropped.

    The index is the trading day: holidays and weekends need no rows. The one exception to "nothing
    dropped" is ``bundled:wti``, whose source (FRED) has an empty row for each holiday.

    Args:
        source: the path of a CSV or Parquet file, ``"bundled:sp500"``, ``"bundled:nasdaq"`` or
            ``"bundled:wti"``, a DataFrame or a Series. Dates stand in the index, in a column called Date
            (or Datetime, Timestamp, Time, Day), or in the first column.
        column: which column holds the prices. A Series needs none.
        lookback: T, how many days a window will read.
        horizon: H, how many days it will forecast.
        date_format: as in `strptime`, where the dates are not ISO (``"%d.%m.%Y"``).

    Raises:
        PriceError: no such file or column; a date or price that does not parse; dates that repeat or do
            not increase; a price that is missing, infinite, zero or negative; fewer than
            lookback + horizon rows. Rows count from 1, the first row of data.

    >>> frame = pd.DataFrame({"Date": ["2024-01-02", "2024-01-03"], "Close": [101.5, -1.0]})
    >>> read_prices(frame, lookback=1, horizon=1)
    Traceback (most recent call last):
        ...
    seqmem.data.faults.PriceError: DataFrame: row 2, 2024-01-03, column 'Close': expected a price above 0.
    Received: -1.0
    """
    frame, name, column = raw_table(source, column)
    dates = _dates(frame, name, column, date_format)
    prices = pd.Series(_numbers(frame[column], dates, name), index=dates, name=column)
    return check_prices(prices, name=name, lookback=lookback, horizon=horizon)


def check_prices(
    prices: pd.Series, *, name: str = "Series", lookback: int = 30, horizon: int = 5
) -> pd.Series:
    """The series itself if its dates increase, its prices are finite and above 0, and it is long enough.

    Raises:
        PriceError: as in `read_prices`.
    """
    dates, values = prices.index, prices.to_numpy()
    _refuse(prices, dates.isna(), name, "expected a date", lambda row: "none", column=dates.name or "Date")
    late = np.concatenate([[False], dates[1:] <= dates[:-1]])
    hint = ""
    if len(dates) > 1 and dates.is_monotonic_decreasing:
        hint = " (the newest row stands first: sort by date)"
    _refuse(
        prices,
        late,
        name,
        "expected dates that increase",
        lambda row: f"{day(dates[row])} after {day(dates[row - 1])}{hint}",
        column=dates.name or "Date",
    )
    _refuse(prices, np.isnan(values), name, "expected a price", lambda row: "nothing")
    _refuse(prices, ~np.isfinite(values), name, "expected a finite price", lambda row: values[row])
    _refuse(prices, values <= 0, name, "expected a price above 0", lambda row: values[row])
    if len(prices) < lookback + horizon:
        raise PriceError(
            f"{name}: column {prices.name!r}: expected at least {lookback + horizon} rows "
            f"(lookback {lookback} + horizon {horizon}). Received: {len(prices)}"
            + (f", the last on {day(dates[-1])}" if len(dates) else "")
        )
    return prices


def fingerprint(prices: pd.Series) -> str:
    """SHA-256 of dates and values: the same data gives the same 64 letters on any machine.

    >>> fingerprint(pd.Series([1.0, 2.0], pd.to_datetime(["2024-01-02", "2024-01-03"])))[:12]
    '5a3c1bf2120a'
    """
    dates = pd.DatetimeIndex(prices.index).as_unit("ns").asi8.astype("<i8")
    digest = hashlib.sha256(dates.tobytes())
    digest.update(prices.to_numpy(dtype="<f8").tobytes())
    return digest.hexdigest()


def as_levels(series: Any) -> np.ndarray:
    """A series [N] as numbers.

    Raises:
        ValueError: it has another shape, or holds what is no number: which row, and its date if it has one.
    """
    values = np.asarray(series, dtype="float64")
    if values.ndim != 1:
        raise ValueError(f"Forecaster: the series must be [N]. Received: {values.shape}")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        row = int(bad[0])
        when = f", {day(series.index[row])}" if hasattr(series, "iloc") else ""
        raise ValueError(f"Forecaster: row {row + 1}{when}: expected a number. Received: {values[row]}")
    return values


def row_spacing(dates: pd.DatetimeIndex) -> float:
    """The median number of days from row to row: 1 for daily prices, weekends or not."""
    return float(np.median(np.diff(dates.to_numpy()) / np.timedelta64(1, "D"))) if len(dates) > 1 else 1.0


def daily(dates: pd.DatetimeIndex) -> bool:
    """Whether rows are about a day apart: a snapshot taken a few seconds late is daily still."""
    return 0.9 < row_spacing(dates) < 1.5


def coming_days(dates: pd.Index, horizon: int) -> pd.Index:
    """The next `horizon` days of a series: weekdays, or every day where the last year had weekends in it.

    Holidays are not known: a forecast for one is a forecast for the trading day after it. Where the index
    holds no dates, the next whole numbers.

    Raises:
        PriceError: rows that are not a day apart.

    >>> coming_days(pd.to_datetime(["2024-01-04", "2024-01-05"]), 2).strftime("%a %d").tolist()
    ['Mon 08', 'Tue 09']
    """
    if not isinstance(dates, pd.DatetimeIndex):
        return pd.RangeIndex(len(dates), len(dates) + horizon)
    days = dates
    if not daily(days):
        raise PriceError(f"expected daily rows. Received: rows {row_spacing(days):g} days apart")
    frequency = "D" if (days[-252:].day_of_week >= 5).any() else "B"
    return pd.date_range(days[-1], periods=horizon + 1, freq=frequency, inclusive="right").normalize()[
        :horizon
    ]


def _dates(frame: pd.DataFrame, name: str, prices: str, date_format: str | None) -> pd.DatetimeIndex:
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.index.tz_localize(None)  # the local day is the trading day
    named = [column for column in frame.columns if str(column).lower() in DATE_COLUMNS]
    raw = frame[named[0]] if named else frame.iloc[:, 0]
    if not named and not isinstance(frame.index, pd.RangeIndex):
        raw = frame.index.to_series()
    label = str(raw.name or "Date")
    if not named and raw.name == prices:
        raise PriceError(f"{name}: no dates: expected them in the index or in a column called Date")
    if pd.api.types.is_numeric_dtype(raw):
        date_format = date_format or "%Y%m%d"  # 20240131; any other number is no date
        raw = raw.astype("string")
    if date_format is None and pd.api.types.is_string_dtype(raw):
        raw = raw.str.replace(r"(?<=:\d\d)\s*(Z|[+-]\d\d:?\d\d)$", "", regex=True)  # the local day, again
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Could not infer format|Parsing dates in", UserWarning)
        parsed = pd.to_datetime(raw, format=date_format, errors="coerce")
    bad = np.flatnonzero(parsed.isna())
    if bad.size:
        row = int(bad[0])
        raise PriceError(
            f"{name}: row {row + 1}, column {label!r}: expected a date"
            f"{f' like {date_format}' if date_format else ''}. Received: {raw.iloc[row]!r}{_more(bad)}"
            f"{'' if date_format else ' (in another form, day first perhaps? say so with date_format)'}"
        )
    return pd.DatetimeIndex(parsed, name=label).tz_localize(None)


def _numbers(raw: pd.Series, dates: pd.DatetimeIndex, name: str) -> np.ndarray:
    numbers = pd.to_numeric(raw, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    words = pd.Series(np.isnan(numbers) & raw.notna().to_numpy(), index=dates, name=raw.name)
    _refuse(words, words.to_numpy(), name, "expected a number", lambda row: repr(raw.iloc[row]))
    return numbers


def _refuse(
    series: pd.Series,
    bad: Any,
    name: str,
    expected: str,
    received: Callable[[int], Any],
    column: Any = None,
) -> None:
    rows = np.flatnonzero(bad)
    if rows.size:
        row = int(rows[0])
        raise PriceError(
            f"{name}: row {row + 1}, {day(series.index[row])}, column {str(column or series.name)!r}: "
            f"{expected}. Received: {received(row)}{_more(rows)}"
        )


def _more(rows: np.ndarray) -> str:
    return f" ({rows.size - 1} more such rows)" if rows.size > 1 else ""


def day(date: Any) -> str:
    """A date as text; the time of day only where there is one."""
    return str(date).removesuffix(" 00:00:00")
