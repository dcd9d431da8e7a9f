"""Dates as people write them: ISO, day or month first, epochs by magnitude, serials of Excel; zones."""

import re
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqmem.data.faults import Fault

# One of these must fit every row, and no other one that says another day.
FORMS = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%a %b %d %Y",
    "%a, %d %b %Y",
    "%Y年%m月%d日",
)
TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S")
EPOCHS = ((1e8, "s"), (1e11, "ms"), (1e14, "us"), (1e17, "ns"))  # from here on; 1e8 seconds is 1973
SERIALS = (22_000, 73_000)  # Excel's days since 1899-12-30, from 1960 to 2099
OFFSET = r"(?<=\d)\s*(Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)$"
ISO = r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?"
FEW = 300  # rows that are tried first


@dataclass(frozen=True)
class Stamps:
    """The stamps of the rows.

    Attributes:
        index: [N]; with its zone where the stamps carry one; NaT where there is no date.
        faults: rows whose dates cannot be read.
    """

    index: pd.DatetimeIndex
    faults: tuple[Fault, ...] = ()


def to_stamps(raw: pd.Series | pd.Index, label: str, date_format: str | None = None) -> Stamps:
    """Read a column of dates.

    Args:
        raw: dates, text or numbers.
        label: what the column is called, for errors.
        date_format: as in `strptime`; None: the form that every row has, if there is only one.

    >>> to_stamps(pd.Series(["31/01/2024", "01/02/2024"]), "Date").index.strftime("%Y-%m-%d").tolist()
    ['2024-01-31', '2024-02-01']
    >>> print(to_stamps(pd.Series(["01/02/2024", "02/02/2024"]), "Date").faults[0].cure)
    is it %d/%m/%Y or %m/%d/%Y? Say so with date_format (--date-format)
    """
    raw = pd.Series(raw).reset_index(drop=True)
    if isinstance(raw.dtype, pd.PeriodDtype):
        return Stamps(pd.DatetimeIndex(raw.dt.to_timestamp()))
    if isinstance(raw.dtype, pd.DatetimeTZDtype) or raw.dtype.kind == "M":
        return Stamps(pd.DatetimeIndex(raw))
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        return (
            _from_numbers(raw, label) if date_format is None else _by_form(_digits(raw), label, date_format)
        )
    if date_format is None and raw.iloc[:FEW].astype("string").str.fullmatch(ISO).all():
        try:  # what most files have, without a look at each row
            return Stamps(pd.DatetimeIndex(pd.to_datetime(raw, format="ISO8601")))
        except (ValueError, TypeError):
            pass  # some row is of another form
    text = raw.astype("string").str.strip().str.replace(r"\s+", " ", regex=True)
    if date_format is not None:
        return _by_form(text, label, date_format)
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.notna().mean() > 0.5 and not text.str.fullmatch(r"\d{8}").all():
        return _from_numbers(numbers, label, text)
    return _from_text(text, label)


def _digits(raw: pd.Series) -> pd.Series:
    whole = raw.dropna() == raw.dropna().round()
    return (raw.astype("Int64") if whole.all() else raw).astype("string")


def _from_numbers(raw: pd.Series, label: str, text: pd.Series | None = None) -> Stamps:
    """20240131, or an epoch by the magnitude of each row, or Excel's serials."""
    values = raw.to_numpy(dtype="float64", na_value=np.nan)
    received = raw if text is None else text
    low, high = SERIALS
    with np.errstate(invalid="ignore"):
        if np.nanmean((values > 17e6) & (values < 22e6)) > 0.5:
            return _by_form(_digits(raw), label, "%Y%m%d", received)
        if np.nanmean((values > low) & (values < high)) > 0.5:
            good = (values > low) & (values < high)
            days = np.where(good, values, np.nan)
            found = pd.to_datetime(pd.Series(days), unit="D", origin="1899-12-30").dt.round("s")
            return _stamps(pd.DatetimeIndex(found), received, label, "a serial of Excel")
        scaled = np.full(len(values), np.nan)
        for start, unit in EPOCHS:  # row by row: some sources went from milliseconds to microseconds
            here = (values >= start) & (values < start * 1000)
            scaled[here] = values[here] * {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]
    if np.isnan(scaled).all():
        return _stamps(pd.DatetimeIndex([pd.NaT] * len(values)), received, label, "a date like 20240131")
    micros = pd.Series(np.round(scaled * 1e6)).astype("Int64")
    return _stamps(pd.DatetimeIndex(pd.to_datetime(micros, unit="us", utc=True)), received, label, "an epoch")


def _from_text(text: pd.Series, label: str) -> Stamps:
    offsets = text.str.extract(OFFSET, flags=re.IGNORECASE)[0]
    timed = text.str.contains(":", regex=False).fillna(False) & offsets.notna()
    wall = text.where(~timed, text.str.replace(OFFSET, "", regex=True, flags=re.IGNORECASE))
    utc = timed.any() and offsets[timed].str.fullmatch(r"(Z|UTC|GMT|[+-]00:?(00)?)", case=False).all()
    iso = pd.to_datetime(wall, format="ISO8601", errors="coerce", utc=False)
    stamps = iso if iso.notna().mean() > 0.5 else None
    if stamps is None:
        forms = _forms(wall)
        days = {form: found.dt.normalize() for form, found in forms.items()}
        readings = list(days)
        others = [one for one in readings[1:] if not days[one].equals(days[readings[0]])]
        if others:
            both = " or ".join(sorted({readings[0], *others}))
            where = f"row 1, column {label!r}"
            cure = f"is it {both}? Say so with date_format (--date-format)"
            fault = Fault(f"{where}: expected dates of one reading. Received: {text.iloc[0]!r}", cure=cure)
            return Stamps(pd.DatetimeIndex([pd.NaT] * len(text)), (fault,))
        stamps = forms[readings[0]] if readings else iso
    index = pd.DatetimeIndex(stamps)
    # the wall clock's day is the trading day; only what is all in UTC may be another zone's midnight
    index = index.tz_localize("UTC") if utc and index.tz is None else index
    cure = "in another form, day first perhaps? Say so with date_format (--date-format)"
    return _stamps(index, text, label, "a date", cure)


def _forms(text: pd.Series) -> dict[str, pd.Series]:
    """The forms that fit every row; if there is none, the one that fits most, if it fits more than half."""
    few, best = text.iloc[:FEW], ("", 0.5)
    found = {}
    for form in FORMS:
        for time in TIMES:
            share = _parse(few, form + time).notna().mean()
            if share == 1:
                whole = _parse(text, form + time)
                if whole.notna().all():
                    found[form + time] = whole
                share = whole.notna().mean()
            best = max(best, (form + time, share), key=lambda one: one[1])
    return found or ({best[0]: _parse(text, best[0])} if best[0] else {})


def _by_form(text: pd.Series, label: str, form: str, received: pd.Series | None = None) -> Stamps:
    index = pd.DatetimeIndex(_parse(text, form))
    return _stamps(index, text if received is None else received, label, f"a date like {form}")


def _parse(text: pd.Series, form: str) -> pd.Series:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return pd.to_datetime(text, format=form, errors="coerce")


def _stamps(index: pd.DatetimeIndex, raw: pd.Series, label: str, expected: str, cure: str = "") -> Stamps:
    bad = np.flatnonzero(index.isna())
    if not bad.size:
        return Stamps(index)
    row = int(bad[0])
    more = f" ({bad.size - 1} more such row{'s' * (bad.size > 2)})" if bad.size > 1 else ""
    received = "nothing" if pd.isna(raw.iloc[row]) else repr(str(raw.iloc[row]))
    text = f"row {row + 1}, column {label!r}: expected {expected}. Received: {received}{more}"
    return Stamps(index, (Fault(text, rows=tuple(bad.tolist()), cure=cure),))
