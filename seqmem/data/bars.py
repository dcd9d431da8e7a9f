"""Daily bars: closes, and the highs and lows where there are any; and the variances that they show."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.faults import PriceWarning as PriceWarning
from seqmem.data.series import PriceError, as_levels, day, read_prices
from seqmem.data.sources import raw_table, wide_table

BAR = ("High", "Low", "Close")
STILL = 22  # rows without a change: a variance of 0, whose logarithm is no number
LARGE_MOVE = 0.4  # of the price, in a day


def read_bars(
    source: Any,
    *,
    close: str = "Close",
    high: str = "High",
    low: str = "Low",
    rows: int = 252,
    date_format: str | None = None,
) -> pd.DataFrame:
    """Daily bars as a checked frame, by date: High, Low and Close, or Close alone where there is no range.

    Args:
        source: what `read_prices` takes: a file, ``"bundled:NAME"``, a DataFrame or a Series.
        close: the column of closes.
        high: the column of highs.
        low: the column of lows.
        rows: how many are needed.
        date_format: as in `read_prices`.

    Raises:
        PriceError: what `read_prices` refuses; one of high and low without the other; a high below the low;
            closes that mostly lie outside their range; 22 rows or more without a change; too few rows.

    Warns:
        PriceWarning: a move of more than 40% in a day (a split?), a few closes outside their range, or highs
            and lows under other names.

    >>> read_bars("bundled:sp500").columns.tolist(), read_bars("bundled:wti").columns.tolist()
    (['High', 'Low', 'Close'], ['Close'])
    """
    options: dict[str, Any] = {"lookback": rows, "horizon": 0, "date_format": date_format}
    bars = read_prices(source, close, **options).to_frame("Close")
    columns = {"High": high, "Low": low}
    found = {} if isinstance(source, pd.Series) else {k: c for k, c in columns.items() if _has(source, c)}
    if len(found) == 1:
        (there,) = found
        missing = "Low" if there == "High" else "High"
        raise PriceError(f"{_name(source)}: column {found[there]!r} without column {columns[missing]!r}")
    if not found and not isinstance(source, pd.Series):
        _warn_of_others(raw_table(source, close)[0], high, low, _name(source))
    for name, column in found.items():
        bars[name] = read_prices(source, column, **options)
    return check_bars(bars[list(BAR)] if found else bars, name=_name(source))


def read_panel(source: Any, *, rows: int = 252, date_format: str | None = None) -> dict[str, pd.DataFrame]:
    """Closes of many series from a wide table, a column each, checked one by one: name -> bars.

    A series may begin later than others: empty rows before its first close are dropped.

    Args:
        source: a file or a DataFrame as `read_prices` takes them, or ``"bundled:stocks"``: twenty American
            stocks since 1990, from the package skfolio (``pip install seqmem[stocks]``).
        rows: how many each needs.
        date_format: as in `read_prices`.

    Raises:
        PriceError: no table, or no series in it that can be used.

    Warns:
        PriceWarning: a series that cannot be used, and why; it is left out.
    """
    table = wide_table(source)
    if {"high", "low", "close"} <= {str(column).lower() for column in table.columns}:
        raise PriceError(f"{_name(source)}: these are bars of one series: expected closes of many")
    found: dict[str, pd.DataFrame] = {}
    for column in table.columns[0 if isinstance(table.index, pd.DatetimeIndex) else 1 :]:
        begins = table[column].first_valid_index()
        try:
            own = table.loc[begins:]
            closes = read_prices(own, str(column), lookback=rows, horizon=0, date_format=date_format)
            found[str(column)] = check_bars(closes.to_frame("Close"), name=str(column))
        except PriceError as error:
            _warn(f"left out: {error}")
    if not found:
        raise PriceError(f"{_name(source)}: expected columns of closes. Received: none that can be used")
    return found


def check_bars(bars: pd.DataFrame, *, name: str = "DataFrame") -> pd.DataFrame:
    """The bars themselves, whose prices `read_prices` has checked, if one can be read beside the other.

    Raises, warns: as `read_bars` does.
    """
    closes = bars["Close"].to_numpy()
    begins = np.flatnonzero(np.concatenate([[True], np.diff(closes) != 0]))
    lengths = np.diff(np.concatenate([begins, [len(closes)]]))
    longest = int(np.argmax(lengths))
    if lengths[longest] >= STILL:
        row, last = int(begins[longest]), int(begins[longest] + lengths[longest] - 1)
        raise PriceError(
            f"{name}: row {row + 1}, {day(bars.index[row])}, column 'Close': expected prices that change. "
            f"Received: {closes[row]:g} on {lengths[longest]} rows, to {day(bars.index[last])}"
        )
    changes = closes[1:] / closes[:-1] - 1
    for row in (np.flatnonzero(np.abs(changes) > LARGE_MOVE) + 1).tolist():
        when = f"{name}: row {row + 1}, {day(bars.index[row])}"
        _warn(f"{when}: a move of {changes[row - 1]:+.0%} in a day: a split?")
    if "High" in bars:
        _check_range(bars, name)
    return bars


def _check_range(bars: pd.DataFrame, name: str) -> None:
    high, low, closes = (bars[column].to_numpy() for column in BAR)
    flat = np.flatnonzero(high == low)
    if flat.size > 0.1 * len(bars):
        when = f"{name}: row {flat[0] + 1}, {day(bars.index[flat[0]])}"
        raise PriceError(
            f"{when}: the high is the low, on {flat.size} rows in all: highs and lows that are none? "
            "Read the closes alone"
        )
    for row in np.flatnonzero(high < low)[:1].tolist():
        raise PriceError(
            f"{name}: row {row + 1}, {day(bars.index[row])}: expected a high of at least the low. "
            f"Received: high {high[row]:g}, low {low[row]:g}"
        )
    outside = np.flatnonzero((closes > high * (1 + 1e-6)) | (closes < low * (1 - 1e-6)))
    if outside.size:
        row = int(outside[0])
        said = (
            f"{name}: row {row + 1}, {day(bars.index[row])}: the close {closes[row]:g} lies outside "
            f"{low[row]:g} to {high[row]:g}, on {outside.size} rows in all"
        )
        if outside.size > 0.01 * len(bars):
            raise PriceError(f"{said}: are the closes adjusted, and highs and lows not?")
        _warn(said)


def as_bars(series: Any) -> np.ndarray:
    """Bars [N, 3] (high, low, close), or [N, 1] where there are closes alone, as numbers.

    Raises:
        ValueError: neither, or what is no number; of a frame, also prices that are not above 0, a high below
            the low, or dates that do not increase (`read_bars` says more, and checks more).
    """
    if isinstance(series, pd.DataFrame):
        columns = [column for column in BAR if column in series]
        if columns not in (list(BAR), ["Close"]):
            raise ValueError(f"bars: expected columns {BAR} or Close. Received: {list(series.columns)}")
        values = np.stack([as_levels(series[column]) for column in columns], axis=1)
        _check_frame(series, values)
        return values
    values = np.asarray(series, dtype="float64")
    if values.ndim == 2 and values.shape[1] in (1, 3):
        return np.stack([as_levels(column) for column in values.T], axis=1)
    return as_levels(series)[:, None]


def _check_frame(frame: pd.DataFrame, values: np.ndarray) -> None:
    wrong: dict[str, Any] = {
        "expected prices above 0": (values <= 0).any(axis=1),
        "expected a high of at least the low": values[:, 0] < values[:, -2] if values.shape[1] > 1 else [],
        "expected dates that increase": np.concatenate([[False], frame.index[1:] <= frame.index[:-1]]),
    }
    for words, rows in wrong.items():
        for row in np.flatnonzero(rows)[:1].tolist():
            received = values[row].tolist()
            raise ValueError(f"bars: row {row + 1}, {day(frame.index[row])}: {words}. Received: {received}")


def _warn_of_others(frame: pd.DataFrame, high: str, low: str, name: str) -> None:
    alike = [str(one) for one in frame.columns if str(one).lower() in (high.lower(), low.lower())]
    if alike:
        _warn(f"{name}: closes alone are read: no columns {high!r} and {low!r}, but {' and '.join(alike)}")


def _has(source: Any, column: str) -> bool:
    try:
        raw_table(source, column)
    except PriceError:
        return False
    return True


def _name(source: Any) -> str:
    return source if isinstance(source, str) else type(source).__name__


def _warn(text: str) -> None:
    warnings.warn(text, PriceWarning, stacklevel=4)
