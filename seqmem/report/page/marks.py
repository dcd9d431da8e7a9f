"""Marks: what is drawn in a chart. Each is data alone; `assets/chart.js` draws it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

MOST_POINTS = 1500  # of a line: more than a screen is wide
DIGITS = 5  # that are written of each number


@dataclass(frozen=True, eq=False)
class Mark(ABC):
    """Something drawn against x, switched on and off by its name in the legend.

    Attributes:
        name: in the legend; marks of one name are switched together.
        tone: "ink", "muted" or "alarm"; empty: a colour of its own.
        shown: whether it is on at first.
    """

    name: str
    tone: str = ""
    shown: bool = True

    kind: ClassVar[str]

    @abstractmethod
    def arrays(self) -> dict[str, Sequence[Any] | np.ndarray | pd.Index]:
        """Columns of equal length by name; ``x`` among them."""

    def thinned(self) -> np.ndarray | None:
        """Which points are drawn; None: all."""
        return None

    def to_json(self) -> dict[str, Any]:
        """As the page holds it."""
        kept = self.thinned()
        columns = {
            name: plain(values if kept is None else np.asarray(values)[kept])
            for name, values in self.arrays().items()
        }
        return {"kind": self.kind, "name": self.name, "tone": self.tone, "shown": self.shown, **columns}


@dataclass(frozen=True, eq=False, kw_only=True)
class Line(Mark):
    """A line through y; broken where y is not known. Long ones are thinned to their peaks and troughs.

    Attributes:
        points: whether each point is marked too.
        error: of each y, a bar on both sides; None: none is known.
    """

    x: Sequence[Any] | np.ndarray | pd.Index
    y: Sequence[float] | np.ndarray | pd.Series
    points: bool = False
    error: Sequence[float] | np.ndarray | pd.Series | None = None

    kind = "line"

    def arrays(self) -> dict[str, Any]:
        """x, y, and what they are uncertain by."""
        return {"x": self.x, "y": self.y} | ({} if self.error is None else {"error": self.error})

    def thinned(self) -> np.ndarray | None:
        """The highest and the lowest point of each stretch."""
        values = np.asarray(self.y, dtype="float64")
        return None if len(values) <= MOST_POINTS else extremes(values, MOST_POINTS)

    def to_json(self) -> dict[str, Any]:
        """As the page holds it."""
        return super().to_json() | {"points": self.points}


@dataclass(frozen=True, eq=False, kw_only=True)
class Points(Mark):
    """Points, none of which is left out; each may have words that are read out.

    Attributes:
        words: of each.
    """

    x: Sequence[Any] | np.ndarray | pd.Index
    y: Sequence[float] | np.ndarray | pd.Series
    words: Sequence[str] | None = None

    kind = "points"

    def arrays(self) -> dict[str, Any]:
        """x, y and words."""
        return {"x": self.x, "y": self.y} | ({} if self.words is None else {"words": list(self.words)})


@dataclass(frozen=True, eq=False, kw_only=True)
class Band(Mark):
    """What lies between low and high."""

    x: Sequence[Any] | np.ndarray | pd.Index
    low: Sequence[float] | np.ndarray | pd.Series
    high: Sequence[float] | np.ndarray | pd.Series

    kind = "band"

    def arrays(self) -> dict[str, Any]:
        """x, and both edges."""
        return {"x": self.x, "low": self.low, "high": self.high}

    def thinned(self) -> np.ndarray | None:
        """Where the upper edge peaks or dips."""
        values = np.asarray(self.high, dtype="float64")
        return None if len(values) <= MOST_POINTS else extremes(values, MOST_POINTS)


@dataclass(frozen=True, eq=False, kw_only=True)
class Sticks(Mark):
    """A thin stick from 0 to each y: returns by date."""

    x: Sequence[Any] | np.ndarray | pd.Index
    y: Sequence[float] | np.ndarray | pd.Series

    kind = "sticks"

    def arrays(self) -> dict[str, Any]:
        """X and y."""
        return {"x": self.x, "y": self.y}

    def thinned(self) -> np.ndarray | None:
        """The highest and the lowest of each stretch."""
        values = np.asarray(self.y, dtype="float64")
        return None if len(values) <= MOST_POINTS else extremes(values, MOST_POINTS)


@dataclass(frozen=True, eq=False, kw_only=True)
class Shade(Mark):
    """Stretches of x, shaded from top to bottom."""

    start: Sequence[Any] | pd.Index
    stop: Sequence[Any] | pd.Index

    kind = "shade"

    def arrays(self) -> dict[str, Any]:
        """Where each begins and ends."""
        return {"x": self.start, "stop": self.stop}

    @classmethod
    def where(cls, name: str, dates: pd.Index, mask: np.ndarray) -> "Shade":
        """The stretches in which a mask holds."""
        edges = np.diff(np.concatenate([[0], np.asarray(mask, dtype=int), [0]]))
        starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        return cls(name, "alarm", start=dates[starts], stop=dates[stops])


def extremes(values: np.ndarray, most: int) -> np.ndarray:
    """Rows of the highest and the lowest value of each of `most` / 2 stretches; the first and last too.

    >>> extremes(np.array([0.0, 9.0, 1.0, 1.0, -9.0, 0.0]), 4).tolist()
    [0, 1, 3, 4, 5]
    """
    found = {0, len(values) - 1}
    for rows in np.array_split(np.arange(len(values)), min(len(values), max(1, most // 2))):
        here = values[rows]
        if np.isfinite(here).any():
            found |= {int(rows[np.nanargmin(here)]), int(rows[np.nanargmax(here)])}
        else:
            found.add(int(rows[0]))
    return np.array(sorted(found))


def plain(values: Any) -> list[Any]:
    """Dates as days since 1970, numbers with five digits, what is not known as None; text as it is.

    >>> plain(pd.to_datetime(["1970-01-02"])), plain([0.1234567, float("nan")]), plain(["lstm"])
    ([1], [0.12346, None], ['lstm'])
    """
    if not isinstance(values, np.ndarray):
        values = np.array(values) if not isinstance(values, pd.Index | pd.Series) else values.to_numpy()
    if np.issubdtype(values.dtype, np.datetime64):
        days = values.astype("datetime64[s]").astype("int64") / 86400
        return [int(one) if one == int(one) else round(float(one), 5) for one in days]
    if np.issubdtype(values.dtype, np.number):
        return [_number(float(one)) for one in values]
    return [str(one) for one in values]


def _number(value: float) -> float | int | None:
    if not np.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1e15 else float(f"{value:.{DIGITS}g}")
