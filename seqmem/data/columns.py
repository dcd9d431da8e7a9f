"""Columns: which of a table holds the dates, and which the closes, highs and lows."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.faults import PriceError
from seqmem.data.loading import Table
from seqmem.data.numbers import to_numbers

PRICES = ("open", "high", "low", "close", "adj close", "volume")
ALIASES = {
    "adjclose": "adj close",
    "adj_close": "adj close",
    "adj. close": "adj close",
    "adjusted close": "adj close",
    "adjusted_close": "adj close",
    "vol": "volume",
    "vol.": "volume",
}
QUANTITIES = frozenset(  # what is known of one series, and no name of a series
    (
        *("price", "last", "value", "settle", "settlement", "nav", "bid", "ask", "mid", "vwap", "change"),
        *("market_cap", "total_volume", "turnover", "trades", "count"),
        *("kurs", "schluss", "schlusskurs", "umsatz", "volumen", "dernier", "cierre", "chiusura", "ultimo"),
    )
)
NEAR = 0.1  # in logarithms: columns that are always so near are open, high, low and close of one series
DATES = ("date", "datetime", "timestamp", "time", "day")  # in this order, wherever they stand


@dataclass(frozen=True)
class Options:
    """How a table is to be read: the arguments of `seqmem.read` that say so."""

    column: str | None = None
    high: str | None = None
    low: str | None = None
    date_column: str | None = None
    date_format: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    zone: str | None = None
    calendar_zone: str | None = None
    series: str | None = None
    resample: str | None = None


def plain_name(column: Any) -> str:
    """The name of a column in lower case, without blanks around it, as this package has it.

    >>> plain_name(" Adjusted Close")
    'adj close'
    """
    plain = re.sub(r"\s+", " ", str(column)).strip(" *").lower()  # Yahoo's pages have Close* and Adj Close**
    return ALIASES.get(plain, plain)


def refuse_twins(table: Table, options: Options) -> None:
    """Refuse two columns of one name: nobody knows which is meant.

    Raises:
        PriceError: two columns of closes, highs, lows or dates.
    """
    names = [re.sub(r"\s+", " ", one).strip() for one in table.header]
    for name in sorted({(options.column or "close").lower(), "high", "low", "date"}):
        alike = [one for one in names if one.lower() == name]
        if len(alike) > 1 and (len(set(alike)) < len(alike) or options.column not in alike):
            raise PriceError(
                f"{table.name}: more than one column {alike[0]!r}. Received: columns {', '.join(names)}: "
                "rename or drop one of them"
            )


def date_column(data: pd.DataFrame, table: Table, options: Options) -> tuple[Any, str, pd.DataFrame]:
    """The raw dates (None for rows without any), what they are called, and the other columns.

    Raises:
        PriceError: no dates.
    """
    names = {plain_name(one): one for one in reversed(data.columns)}
    index = data.index
    wanted = next((names[one] for one in DATES if one in names), None)
    if options.date_column is not None:
        wanted = names.get(plain_name(options.date_column))
        if wanted is None and index.name != options.date_column:
            raise PriceError(f"{table.name}: no column {options.date_column!r}. Received: {_listed(data)}")
    dated = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)
    if dated and (options.date_column is None or wanted is None):
        return index, str(index.name or "Date"), data
    if wanted is not None:
        return _with_time(data, wanted)
    if not isinstance(index, pd.RangeIndex):
        return index, str(index.name or "Date"), data
    if not table.file and all(_is_price(data[one]) for one in data.columns):
        return None, "", data
    if len(data.columns) < 2 or plain_name(data.columns[0]) in PRICES:
        raise PriceError(
            f"{table.name}: no dates: expected them in the index or in a column called Date. "
            f"Received: {_listed(data)}{_separated(data)}"
        )
    return data.iloc[:, 0], str(data.columns[0]).strip(), data.iloc[:, 1:]


def price_columns(data: pd.DataFrame, table: Table, options: Options) -> dict[str, Any]:
    """The columns of closes, highs and lows; none for a table of many closes, a column each.

    Raises:
        PriceError: no closes, or one of high and low alone.
    """
    names = {plain_name(one): one for one in reversed(data.columns)}
    exact = {str(one): one for one in data.columns}
    found: dict[str, Any] = {}
    for kind, given in (("close", options.column), ("high", options.high), ("low", options.low)):
        column = exact.get(given, names.get(plain_name(given))) if given else names.get(kind)
        if given is not None and column is None:
            raise PriceError(f"{table.name}: no column {given!r}. Received: {_listed(data)}")
        if column is not None:
            found[kind] = column
    if "close" not in found:
        usable = [one for one in data.columns if is_numeric(data[one])]
        if "adj close" in names:
            found["close"] = names["adj close"]
        elif len(usable) == 1:
            found["close"] = usable[0]
        elif not usable or found or any(plain_name(one) in PRICES for one in usable):
            hint = ": --column says which holds the closes" if usable else ""
            raise PriceError(f"{table.name}: no column 'Close'. Received: {_listed(data)}{hint}")
        else:
            _refuse_one_series(data[usable], table, options)
            return {}
    if ("high" in found) != ("low" in found):
        there, missing = ("high", "Low") if "high" in found else ("low", "High")
        raise PriceError(f"{table.name}: column {str(found[there])!r} without column {missing!r}")
    return found


def _refuse_one_series(data: pd.DataFrame, table: Table, options: Options) -> None:
    """Refuse columns that look like the prices of one series, under names that are not known."""
    if options.series is not None:
        return
    known = any(plain_name(one) in QUANTITIES for one in data.columns)
    values = [to_numbers(data[one]).values for one in data.columns]
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = [np.abs(np.log(later / one)) for one, later in pairwise(values)]
    near = len(data) >= 30 and any(np.nanmax(np.where(np.isfinite(one), one, 0)) < NEAR for one in apart)
    if known or near:
        raise PriceError(
            f"{table.name}: no column 'Close'. Received: {_listed(data)}: --column says which holds the "
            "closes; if they are many series, a column each: --series '*'"
        )


def is_numeric(raw: pd.Series) -> bool:
    """Whether a column holds numbers, or text that is mostly numbers."""
    if str(raw.name).startswith("Unnamed") or not raw.notna().any():
        return False
    return pd.api.types.is_numeric_dtype(raw) or bool(to_numbers(raw.dropna().iloc[:50]).bad.mean() < 0.5)


def _with_time(data: pd.DataFrame, wanted: Any) -> tuple[Any, str, pd.DataFrame]:
    """The dates of a column; with the time of day, where that is a column of its own and changes."""
    raw, rest = data[wanted], data.drop(columns=wanted)
    time = next((one for one in rest.columns if plain_name(one) == "time"), None)
    if time is not None and plain_name(wanted) == "date":
        if rest[time].nunique() > 1:
            raw = raw.astype("string").str.strip() + " " + rest[time].astype("string").str.strip()
        rest = rest.drop(columns=time)
    return raw, str(wanted).strip(), rest


def _is_price(raw: pd.Series) -> bool:
    return plain_name(raw.name) in PRICES and pd.api.types.is_numeric_dtype(raw)


def _separated(data: pd.DataFrame) -> str:
    marks = [mark for mark in ";|\t " if len(data.columns) == 1 and mark in str(data.columns[0])]
    return f": are the values separated by {marks[0]!r}? --separator {marks[0]!r}" if marks else ""


def _listed(data: pd.DataFrame) -> str:
    return f"columns {[str(one) for one in data.columns]}"
