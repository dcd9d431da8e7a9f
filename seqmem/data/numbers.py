"""Numbers as people write them: $1,204.15, 1.204,15, 1'204.15, 1.2M; never guessed between two readings."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

PLAIN = r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?"
COMMAS = r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?"  # 1,204.15
DOTS = r"[+-]?[0-9]{1,3}(\.[0-9]{3})*(,[0-9]+)?|[+-]?[0-9]+(,[0-9]+)?"  # 1.204,15 and 1204,15
TIMES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


@dataclass(frozen=True)
class Numbers:
    """A column as numbers.

    Attributes:
        values: [N] float64, NaN where there is nothing or what is no number.
        bad: [N] whether a row holds something that is no number.
        ambiguous: a value that can be read in two ways, if that is why: 1,204 is 1204 or 1.204.
    """

    values: np.ndarray
    bad: np.ndarray
    ambiguous: str = ""


def to_numbers(
    raw: pd.Series, *, decimal: str | None = None, thousands: str | None = None, multiples: bool = False
) -> Numbers:
    """Read a column of numbers or of text.

    Args:
        raw: the column.
        decimal: the decimal mark, where it is known.
        thousands: the mark between thousands, where it is known.
        multiples: whether K, M and B stand for a thousand, a million and a billion (volumes).

    >>> to_numbers(pd.Series(["$1,204.15", "998.2"])).values.tolist()
    [1204.15, 998.2]
    >>> to_numbers(pd.Series(["1.204,15", "998,2"])).values.tolist()
    [1204.15, 998.2]
    >>> to_numbers(pd.Series(["1,204", "1,198"])).ambiguous
    '1,204'
    """
    if pd.api.types.is_bool_dtype(raw) or pd.api.types.is_complex_dtype(raw):
        return Numbers(np.full(len(raw), np.nan), np.ones(len(raw), dtype=bool))
    if pd.api.types.is_numeric_dtype(raw):
        values = raw.to_numpy(dtype="float64", na_value=np.nan)
        return Numbers(values, np.zeros(len(raw), dtype=bool))
    text = raw.astype("string").str.strip()
    there = (text.notna() & (text != "")).to_numpy(dtype=bool)
    tidy = text[there].str.replace(r"^([+-]?)\s*[$€£¥₹]\s*", r"\1", regex=True)
    tidy = tidy.str.replace(r"(?<=\d)['’\u00a0\u202f ](?=\d{3})", "", regex=True)  # between thousands alone
    factor = pd.Series(1.0, index=tidy.index)
    if multiples:
        factor = tidy.str[-1:].str.upper().map(TIMES).fillna(1.0).astype("float64")
        tidy = tidy.str.replace(r"\s*[KMBTkmbt]$", "", regex=True).mask(tidy == "-", "nan")
    ambiguous = ""
    if decimal or thousands:
        tidy = _by_marks(tidy, decimal or ".", thousands or ("," if decimal in (None, ".") else "."))
    elif tidy.str.contains(",", regex=False).any():
        tidy, ambiguous = _without_commas(tidy)
    values = np.full(len(raw), np.nan)
    nothing = tidy.str.lower() == "nan"
    right = tidy.str.fullmatch(PLAIN).to_numpy(dtype=bool)
    found = np.full(len(tidy), np.nan)
    found[right] = (
        tidy[right].to_numpy(dtype=object).astype("float64")
    )  # Python's own: exact to the last digit
    values[there] = found * factor.to_numpy()
    bad = np.zeros(len(raw), dtype=bool)
    bad[there] = ~(right | nothing.to_numpy(dtype=bool))
    return Numbers(values, bad, ambiguous)


def _by_marks(text: pd.Series, decimal: str, thousands: str) -> pd.Series:
    return text.str.replace(thousands, "", regex=False).str.replace(decimal, ".", regex=False)


def _without_commas(text: pd.Series) -> tuple[pd.Series, str]:
    """The text with dots for decimals, if only one reading is possible; and a value that has two, if not."""
    commas = text[text.str.contains(",", regex=False)]
    english = text.str.fullmatch(f"{COMMAS}|{PLAIN}").to_numpy(dtype=bool)
    german = text.str.fullmatch(DOTS).to_numpy(dtype=bool)
    if english.sum() > german.sum():  # what fits neither is named as no number
        return _by_marks(text.where(text.str.fullmatch(f"{COMMAS}|{PLAIN}"), other="?"), ".", ","), ""
    if german.sum() > english.sum():
        return _by_marks(text.where(text.str.fullmatch(DOTS), other="?"), ",", "."), ""
    return text, str(commas.iloc[0]) if len(commas) else ""
