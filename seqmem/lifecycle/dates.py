"""The dates of a model's card, as borders in the rows of a series. Imports nothing slow."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.faults import day
from seqmem.data.splits import Split

ROWS_BEFORE = 504  # two years of days


def last_known(card: Mapping[str, Any], *kinds: str) -> str | None:
    """The last date that a model knows, as its card has it; of an older card the last of its data.

    Args:
        card: of the model.
        *kinds: of trained, scored and data; none for all of them.
    """
    dates = card.get("dates") or {}
    named = [dates.get(kind) for kind in kinds or ("trained", "scored", "data")]
    found = [one if isinstance(one, str) else one[-1] for one in named if one]
    if found:
        return max(found, key=_order)
    data = card.get("data") or {}
    ends = [one.get("last") for one in (data.get("series") or {"": data}).values()]
    return max((day(one) for one in ends if one), key=_order, default=None)


def _order(text: str) -> tuple[int, str]:
    """Dates in ISO's form stand in the order of their letters, row numbers in that of their lengths."""
    return (len(text) if text.isdecimal() else 0, text)


def union(data: Dataset) -> pd.Index:
    """The dates of all series together, or row numbers."""
    dates = data.dates(data.ids[0])
    for name in data.ids[1:]:
        dates = dates.union(data.dates(name))
    return dates


def border(data: Dataset, text: str) -> Any:
    """A date of a card as the index of these data has it.

    Raises:
        ValueError: a date where the data have row numbers, or the other way round.
    """
    dated = isinstance(union(data), pd.DatetimeIndex)
    if text.isdecimal() == dated:
        kind = "dates" if dated else "row numbers"
        raise ValueError(f"{data.name}: has {kind}, and the model was made from rows up to {text}")
    return pd.Timestamp(text) if dated else int(text)


def trained_until(data: Dataset, split: Split) -> str:
    """The last date before the test part of a split."""
    dates = union(data)
    return day(dates[dates < split.test_start][-1])


def first_to_score(data: Dataset, later: pd.Index) -> Any:
    """The first date of `later` that leaves rows enough before it, or half of all.

    A series may begin after all that a model knows. What it is compared with is fitted on what comes before,
    and so is the scale of its range.
    """
    dates = union(data)
    return max(later[0], dates[min(ROWS_BEFORE, len(dates) // 2)])


def rows_after(data: Dataset, texts: Iterable[str | None]) -> pd.Index:
    """The dates after the last of the given ones; all where none is given."""
    dates = union(data)
    for text in texts:
        if text is not None:
            dates = dates[dates > border(data, text)]
    return dates
