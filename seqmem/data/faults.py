"""Faults of prices: row, date and column, what was expected and received, and what to do about it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

# the judgements that may be set aside by name, and what each suspects
DOUBTS = {
    "calendar": "the dates are not those of the calendar that was named",
    "future": "dates that have not come yet",
    "range": "closes outside their high and low, or highs that are the lows",
    "spacing": "rows that are not a day apart, or not always",
    "split": "a change that no market makes: a split, or another unit",
    "tick": "a price that the next day undoes",
    "unchanged": "prices that mostly stand still",
}


class PriceError(ValueError):
    """Prices that cannot be used: says the source, the row, the date and the column."""


class PriceWarning(UserWarning):
    """Prices that are possible, and probably wrong: says the row and the date."""


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a series, or probably so.

    Attributes:
        text: what, in words.
        doubt: the name of the judgement, one of `DOUBTS`, by which it may be allowed; empty where it is sure.
        rows: where, counted from 0.
        cure: what to do about it.
    """

    text: str
    doubt: str = ""
    rows: tuple[int, ...] = ()
    cure: str = ""

    def __str__(self) -> str:
        cure = f" ({self.cure})" if self.cure else ""
        return f"{self.text}{cure}{f' [{self.doubt}]' if self.doubt else ''}"


@dataclass
class Findings:
    """What reading found: faults, and notes on what was done.

    Args:
        name: of the source, in errors.
        allow: the doubts that are set aside.
    """

    name: str
    allow: Collection[str] = ()
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        unknown = [one for one in self.allow if one not in DOUBTS]
        if unknown:
            raise ValueError(
                f"allow: expected names among {', '.join(DOUBTS)}. Received: {', '.join(unknown)}"
            )

    def add(self, faults: Iterable[Fault]) -> None:
        """Add faults."""
        self.faults.extend(faults)

    def sure(self) -> bool:
        """Whether something is surely wrong."""
        return any(not fault.doubt for fault in self.faults)

    def doubts(self) -> tuple[str, ...]:
        """What was doubted and allowed, a line each."""
        return tuple(str(fault) for fault in self.faults if fault.doubt)

    def settle(self) -> None:
        """Refuse what is surely wrong, or doubtful and not allowed.

        Raises:
            PriceError: all of it.
        """
        found = [fault for fault in self.faults if fault.doubt not in self.allow or not fault.doubt]
        if not found:
            return
        lines = [str(fault) for fault in found]
        text = f"{self.name}: {lines[0]}" if len(lines) == 1 else "\n  ".join([f"{self.name}:", *lines])
        names = list(dict.fromkeys(fault.doubt for fault in found if fault.doubt))
        if len(names) and all(fault.doubt for fault in found):
            text += f". If it is right as it is: --anyway, or allow={names} in Python"
        raise PriceError(text)


@dataclass(frozen=True)
class Where:
    """Says where a fault lies: the first of its rows, its date, and how many more there are.

    Args:
        index: the dates of the rows, or their numbers.
        series: the series of a panel; empty where there is one alone.
        numbers: of the rows in their source, from 0, where some were left out or all turned round.
    """

    index: pd.Index
    series: str = ""
    numbers: np.ndarray | None = None

    def __call__(
        self,
        bad: Any,
        column: Any,
        expected: str,
        received: Callable[[int], Any],
        *,
        doubt: str = "",
        cure: str = "",
    ) -> list[Fault]:
        """The fault of the rows that a mask names; none where it names none."""
        rows = np.flatnonzero(bad)
        if not rows.size:
            return []
        row = int(rows[0])
        when = f"{self.row(row)}, column {str(column)!r}"
        more = f" ({rows.size - 1} more such row{'s' * (rows.size > 2)})" if rows.size > 1 else ""
        text = f"{when}: {expected}. Received: {received(row)}{more}"
        return [Fault(text, doubt, tuple(rows.tolist()), cure)]

    def row(self, row: int) -> str:
        """The row in words: its number, and its date where there is one."""
        series = f"{self.series}: " if self.series else ""
        dated = isinstance(self.index, pd.DatetimeIndex) and not pd.isna(self.index[row])
        number = row if self.numbers is None else int(self.numbers[row])
        return f"{series}row {number + 1}{f', {day(self.index[row])}' if dated else ''}"


def day(date: object) -> str:
    """A date as text; the time of day only where there is one."""
    return str(date).removesuffix(" 00:00:00")
