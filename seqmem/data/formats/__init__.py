"""Formats: how the sources that people download from write prices; a small file each, found by itself."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import ClassVar

import pandas as pd

ID = "unique_id"  # the column that names the series of a long table


class Format(ABC):
    """A way to write prices: how it is recognised by its columns and first rows, and how it is made plain.

    Plain is what pandas itself would write: columns Date, Open, High, Low, Close, Adj Close, Volume, one row
    a day; and `unique_id` where there are many series in one column.

    Attributes:
        name: who writes so, in tables and notes.
        newest_first: whether its newest row stands first, so that it may be turned round.
        holidays: whether it has a row without a price for each holiday, which may be dropped.
        date_format: of its dates, where it is known and others could be read so as well.
    """

    name: ClassVar[str]
    newest_first: ClassVar[bool] = False
    holidays: ClassVar[bool] = False
    date_format: ClassVar[str | None] = None
    one_alone: ClassVar[bool] = False

    @abstractmethod
    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """Whether a table is of this kind.

        Args:
            header: the names of its columns (of a frame, those of its index before them), in lower case; of a
                text without a header, its first row.
            rows: its first rows as text, the header not among them.
        """

    @abstractmethod
    def write(self, bars: pd.DataFrame) -> str | pd.DataFrame:
        """A sample for the laws: bars (open, high, low, close, volume) as this source would write them."""

    def header(self, rows: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
        """How many lines of a text are its header, and the names of its columns."""
        return 1, [str(value) for value in rows[0]]

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with plain names."""
        return table


@cache
def formats() -> tuple[Format, ...]:
    """All formats: the files of this folder."""
    found = []
    for module in sorted(one.name for one in iter_modules([str(Path(__file__).parent)])):
        members = vars(import_module(f"{__name__}.{module}"))
        found += [
            one()
            for one in members.values()
            if isinstance(one, type) and issubclass(one, Format) and one.__module__ == f"{__name__}.{module}"
        ]
    return tuple(found)


def recognise(header: Sequence[object], rows: Sequence[Sequence[str]]) -> Format | None:
    """The format of a table, or None where it is plain."""
    names = [str(one).strip().lower() for one in header]
    return next((one for one in formats() if one.recognises(names, rows)), None)


def renamed(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The table with some columns renamed, whatever the case and the blanks of their names are."""
    return table.rename(columns=lambda one: names.get(re.sub(r"\s+", " ", str(one)).strip().lower(), one))
