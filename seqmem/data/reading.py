"""Read prices from a file, a frame or an array: the one door through which data comes in."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.calendars import Calendar, infer
from seqmem.data.checks import PriceError, check
from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.series import _dates, _numbers
from seqmem.data.sources import open_table

PRICES = ("open", "high", "low", "close", "adj close", "volume")
ARRAY = ("high", "low", "close")


def read(
    source: PriceData,
    *,
    column: str | None = None,
    high: str | None = None,
    low: str | None = None,
    date_format: str | None = None,
    calendar: Calendar | None = None,
    past: Collection[str] = (),
    known: Collection[str] = (),
    static: Collection[str] = (),
    allow: Collection[str] = (),
) -> Dataset:
    """Read prices and refuse what must not be trained on: nothing is filled, sorted or dropped in silence.

    Args:
        source: a path, ``"bundled:sp500"``, a DataFrame, a Series, an array [N] of closes or [N, 3]
            of high, low and close, or a mapping from unique_id to any of these. Dates stand in the index, in
            a column Date (or Datetime, Timestamp, Time, Day), or in the first column.
        column: which column holds the closes; None: Close, in any case.
        high: which column holds the highs; None: High.
        low: which column holds the lows; None: Low.
        date_format: as in `strptime`, where the dates are not ISO (``"%d.%m.%Y"``).
        calendar: when rows are due; None: as most weeks of the last year show.
        past: columns that are known up to the origin.
        known: columns that are known over the horizon as well.
        static: columns that are one value to a series.
        allow: names of judgements (they stand in the error) that are not to be made.

    Raises:
        PriceError: what cannot be read, is surely wrong, or probably so and not allowed.

    >>> read("bundled:sp500").columns
    ('open', 'high', 'low', 'close', 'adj close', 'volume')
    """
    if isinstance(source, Dataset):
        return source
    own = {"close": column, "high": high, "low": low}
    frames: dict[str, pd.DataFrame] = {}
    name, label, notes = "data", column or "Close", list[str]()
    if isinstance(source, Mapping):
        for unique_id, one in source.items():
            inner = read(one, column=column, high=high, low=low, date_format=date_format, allow=allow)
            frames[str(unique_id)] = inner.frame
    elif isinstance(source, pd.Series):
        label = str(source.name or label)
        name = "Series"
        frames = {str(source.name or "series"): _from_series(source, label, date_format)}
    elif isinstance(source, str | Path | pd.DataFrame):
        table, name = open_table(source)
        frames, label = _split_table(table, name, own, date_format)
    else:
        frames = {"series": _from_array(source)}
        name = "array"
    if name.startswith("bundled:"):  # looked at: Apple did lose half on 2000-09-29
        allow = {*allow, "split"}
    for unique_id, frame in frames.items():
        check(frame, name=name if len(frames) == 1 else f"{name}: {unique_id}", column=label, allow=allow)
    indices = [frame.index for frame in frames.values()]
    if calendar is None:
        calendar = infer(indices[0] if len(indices) == 1 else _union(indices))
    return Dataset(
        frames, calendar, name, label, tuple(past), tuple(known), tuple(static), notes=tuple(notes)
    )


def as_dataset(data: PriceData, *, allow: Collection[str] = ()) -> Dataset:
    """The data as a dataset: what every public function calls first. A Dataset comes back as it is.

    Raises:
        PriceError: as `read` does.
    """
    return data if isinstance(data, Dataset) else read(data, allow=allow)


def _from_array(values: Any) -> pd.DataFrame:
    try:
        numbers = np.asarray(values, dtype="float64")
    except (TypeError, ValueError) as error:
        raise PriceError(
            f"expected a path, 'bundled:NAME', a DataFrame, a Series or an array. Received: {type(values)}"
        ) from error
    if numbers.ndim == 2 and numbers.shape[1] in (1, 3):
        return pd.DataFrame(numbers, columns=list(ARRAY[-numbers.shape[1] :]))
    if numbers.ndim != 1:
        raise PriceError(
            f"array: expected [N] closes, or [N, 3] high, low, close. Received: shape {numbers.shape}"
        )
    return pd.DataFrame({"close": numbers}, copy=False)


def _from_series(values: pd.Series, label: str, date_format: str | None) -> pd.DataFrame:
    if isinstance(values.index, pd.RangeIndex):
        index: pd.Index = pd.RangeIndex(len(values))
    else:
        index = _dates(values.to_frame(label), "Series", label, date_format)
    return pd.DataFrame({"close": _numbers(values, index, "Series")}, index=index)


def _split_table(
    table: pd.DataFrame, name: str, own: Mapping[str, str | None], date_format: str | None
) -> tuple[dict[str, pd.DataFrame], str]:
    """The series of a table, by unique_id, and what it calls the closes."""
    table = _flat(table, name)
    closes = _named(table, own["close"] or "close", name, exact=own["close"] is not None)
    index, rest = _index(table, closes, name, date_format)
    if closes is None:
        if len(rest) == 1:
            closes = rest[0]
        elif not rest or any(str(one).lower() in PRICES for one in rest) or own["close"]:
            received = [str(one) for one in rest]
            raise PriceError(f"{name}: no column {own['close'] or 'Close'!r}. Received: columns {received}")
        else:  # closes of many series, a column each
            return {str(one): _begun(table[one], index, name) for one in rest}, "Close"
    columns = {"close": closes}
    for kind in ("high", "low"):
        given = own[kind]
        found = _named(table, given or kind, name, exact=given is not None)
        if found is not None:
            columns[kind] = found
    taken = set(columns.values())
    columns |= {str(one).lower(): one for one in rest if one not in taken and str(one).lower() not in columns}
    if ("high" in columns) != ("low" in columns):
        there, missing = ("high", "Low") if "high" in columns else ("low", "High")
        raise PriceError(f"{name}: column {columns[there]!r} without column {missing!r}")
    frame = pd.DataFrame(index=index)
    order = [one for one in ("open", "high", "low", "close") if one in columns]
    for kind in (*order, *(one for one in columns if one not in order)):
        raw = table[columns[kind]]
        if kind in PRICES or pd.api.types.is_numeric_dtype(raw):
            frame[kind] = _numbers(raw, index, name)
    return {"series": frame}, str(closes)


def _begun(raw: pd.Series, index: pd.Index, name: str) -> pd.DataFrame:
    """The closes of one series of many, from its first: others may have begun before."""
    frame = pd.DataFrame({"close": _numbers(raw, index, name)}, index=index)
    return frame.loc[frame["close"].first_valid_index() :]


def _flat(table: pd.DataFrame, name: str) -> pd.DataFrame:
    if table.columns.nlevels == 1:
        return table
    tickers = table.columns.get_level_values(1).unique()
    if len(tickers) != 1:
        raise PriceError(
            f"{name}: expected the columns of one ticker. Received: {', '.join(map(str, tickers))}"
        )
    return table.droplevel(1, axis=1)


def _named(table: pd.DataFrame, wanted: str, name: str, *, exact: bool) -> Any | None:
    found = [one for one in table.columns if str(one) == wanted]
    if not found and not exact:
        found = [one for one in table.columns if str(one).lower() == wanted]
    if len(found) > 1:
        raise PriceError(f"{name}: more than one column {wanted!r}. Received: columns {list(table.columns)}")
    if exact and not found:
        raise PriceError(
            f"{name}: no column {wanted!r}. Received: columns {[str(one) for one in table.columns]}"
        )
    return found[0] if found else None


def _index(
    table: pd.DataFrame, closes: Any, name: str, date_format: str | None
) -> tuple[pd.Index, list[Any]]:
    """The dates of the rows, or their numbers where a frame holds prices alone; and the other columns."""
    columns = list(table.columns)
    numbers = isinstance(table.index, pd.RangeIndex)
    if numbers and not name.endswith((".csv", ".parquet")) and all(_is_price(table[one]) for one in columns):
        return pd.RangeIndex(len(table)), columns
    dates = _dates(table, name, str(closes), date_format)
    return dates, [one for one in columns if str(one) != dates.name]


def _is_price(raw: pd.Series) -> bool:
    return str(raw.name).lower() in PRICES and pd.api.types.is_numeric_dtype(raw)


def _union(indices: list[pd.Index]) -> pd.Index:
    union = indices[0]
    for index in indices[1:]:
        union = union.union(index)
    return union
