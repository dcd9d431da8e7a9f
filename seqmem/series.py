"""Read daily prices and refuse what must not be trained on."""

import hashlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

# name -> (module of the package `arch` that carries the file, the column of its closes there)
BUNDLED = {
    "sp500": ("arch.data.sp500", "Close"),
    "nasdaq": ("arch.data.nasdaq", "Close"),
    "wti": ("arch.data.wti", "DCOILWTICO"),
}
DATE_COLUMNS = ("date", "datetime", "timestamp", "time", "day")


class PriceError(ValueError):
    """Prices that cannot be used: says the source, the row, the date and the column."""


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
    seqmem.series.PriceError: DataFrame: row 2, 2024-01-03, column 'Close': expected a price above 0.
    Received: -1.0
    """
    frame, name, column = _frame(source, column)
    dates = _dates(frame, name, date_format)
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


def coming_days(dates: pd.Index, horizon: int) -> pd.DatetimeIndex:
    """The next `horizon` days of a series: weekdays, or every day where the last year had weekends in it.

    Holidays are not known: a forecast for one is a forecast for the trading day after it.

    >>> coming_days(pd.to_datetime(["2024-01-04", "2024-01-05"]), 2).strftime("%a %d").tolist()
    ['Mon 08', 'Tue 09']
    """
    days = pd.DatetimeIndex(dates)
    frequency = "D" if (days[-252:].day_of_week >= 5).any() else "B"
    return pd.date_range(days[-1], periods=horizon + 1, freq=frequency, inclusive="right").normalize()[
        :horizon
    ]


def _frame(source: Any, column: str) -> tuple[pd.DataFrame, str, str]:
    """The raw table, what to call it in an error, and its column of prices."""
    if isinstance(source, pd.Series):
        return source.to_frame(name=source.name or column), "Series", source.name or column
    if isinstance(source, pd.DataFrame):
        frame, name = source, "DataFrame"
    elif isinstance(source, str) and source.startswith("bundled:"):
        frame, name = _bundled(source, column), source
    elif isinstance(source, str | Path):
        frame, name = _file(Path(source)), str(source)
    else:
        raise PriceError(
            f"expected a path, 'bundled:NAME', a DataFrame or a Series. Received: {type(source)}"
        )
    if frame.columns.has_duplicates and list(frame.columns).count(column) > 1:
        raise PriceError(f"{name}: expected one column {column!r}. Received: columns {list(frame.columns)}")
    if column not in frame.columns:
        raise PriceError(f"{name}: no column {column!r}. Received: columns {list(map(str, frame.columns))}")
    return frame, name, column


def _bundled(source: str, column: str) -> pd.DataFrame:
    name = source.removeprefix("bundled:")
    if name not in BUNDLED:
        raise PriceError(f"no bundled series {name!r}. Expected one of: {', '.join(BUNDLED)}")
    module, close = BUNDLED[name]
    frame: pd.DataFrame = import_module(module).load()
    return frame.dropna().rename(columns={close: "Close"})


def _file(path: Path) -> pd.DataFrame:
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    kind = next((suffix for suffix in path.suffixes[-2:] if suffix in readers), None)
    if not path.is_file():
        raise PriceError(f"{path}: no such file")
    if kind is None:
        raise PriceError(f"{path}: expected a name that ends in .csv or .parquet. Received: {path.name}")
    try:
        return readers[kind](path)
    except (ValueError, OSError) as error:  # pandas's and pyarrow's parser errors are ValueErrors
        raise PriceError(f"{path}: cannot be read as {kind[1:]}: {error}") from error


def _dates(frame: pd.DataFrame, name: str, date_format: str | None) -> pd.DatetimeIndex:
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.index
    named = [column for column in frame.columns if str(column).lower() in DATE_COLUMNS]
    raw = frame[named[0]] if named else frame.iloc[:, 0]
    if not named and not isinstance(frame.index, pd.RangeIndex):
        raw = frame.index.to_series()
    label = str(raw.name or "Date")
    if pd.api.types.is_numeric_dtype(raw):
        date_format = date_format or "%Y%m%d"  # 20240131; any other number is no date
        raw = raw.astype("string")
    parsed = pd.to_datetime(raw, format=date_format, errors="coerce")
    bad = np.flatnonzero(parsed.isna())
    if bad.size:
        row = int(bad[0])
        raise PriceError(
            f"{name}: row {row + 1}, column {label!r}: expected a date"
            f"{f' like {date_format}' if date_format else ''}. Received: {raw.iloc[row]!r}{_more(bad)}"
        )
    return pd.DatetimeIndex(parsed, name=label)


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
