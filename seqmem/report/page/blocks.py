"""Blocks: what a section is made of. Words, facts, tables and figures, each with a template of its name."""

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from seqmem.data.faults import day
from seqmem.report.page.marks import Mark, plain

MOST_ROWS = 500  # of a table


class Block(ABC):
    """A part of a section; the template ``assets/blocks.html`` has a macro of its `kind`."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Words(Block):
    """A paragraph.

    Attributes:
        text: of it.
        tone: "verdict", "note" or "warning"; empty: plain.
    """

    text: str
    tone: str = ""

    kind = "words"


@dataclass(frozen=True)
class Facts(Block):
    """Names and values, such as those of a card."""

    facts: Mapping[str, Any]

    kind = "facts"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Both as text."""
        return [(str(name), str(value)) for name, value in self.facts.items()]


@dataclass(frozen=True)
class Raw(Block):
    """Text as a program wrote it, folded away.

    Attributes:
        title: what is seen of it.
        text: the rest.
    """

    title: str
    text: str

    kind = "raw"


@dataclass(frozen=True)
class Cell:
    """A cell of a table: what is shown, and what it is sorted by."""

    text: str
    value: str
    number: bool


@dataclass(frozen=True, eq=False)
class Grid(Block):
    """A table whose columns sort it.

    Attributes:
        title: above it.
        frame: its columns become the columns.
        formats: column -> format specification, such as ``".4f"``.
        note: below it.
    """

    title: str
    frame: pd.DataFrame
    formats: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    kind = "grid"

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """The name of each, and whether it holds numbers."""
        return [
            (str(name).replace("_", " "), pd.api.types.is_numeric_dtype(self.frame[name]))
            for name in self.frame
        ]

    @property
    def rows(self) -> list[list[Cell]]:
        """The first rows, as text and as what they are sorted by."""
        shown = self.frame.head(MOST_ROWS)
        return [
            [
                _cell(value, self.formats.get(str(name), ""))
                for name, value in zip(shown.columns, row, strict=True)
            ]
            for row in shown.itertuples(index=False)
        ]

    @property
    def left(self) -> int:
        """How many rows are not shown."""
        return max(0, len(self.frame) - MOST_ROWS)


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        label: what it shows, with its unit.
        scale: "linear", "log", "date" or "category".
        zero: whether it begins at 0.
    """

    label: str
    scale: str = "linear"
    zero: bool = False

    @classmethod
    def of(cls, label: str, index: Any, *, log: bool = False) -> "Axis":
        """The axis that suits these values."""
        values = pd.Index(index)
        if isinstance(values, pd.DatetimeIndex):
            return cls(label, "date")
        if not pd.api.types.is_numeric_dtype(values):
            return cls(label, "category")
        return cls(label, "log" if log else "linear")


@dataclass(frozen=True, eq=False)
class Chart(Block):
    """A figure of marks against two axes.

    Attributes:
        title: series, model and dates.
        x, y: the axes.
        marks: what is drawn, from back to front.
        note: what is drawn, and how a band is to be read.
    """

    title: str
    x: Axis
    y: Axis
    marks: Sequence[Mark]
    note: str = ""

    kind = "chart"

    def to_json(self) -> dict[str, Any]:
        """As the page holds it."""
        axes = {
            name: {"label": axis.label, "scale": axis.scale, "zero": axis.zero}
            for name, axis in (("x", self.x), ("y", self.y))
        }
        return {"title": self.title, **axes, "marks": [mark.to_json() for mark in self.marks]}


@dataclass(frozen=True, eq=False)
class Parallel(Block):
    """Parallel coordinates (Inselberg 1985): an axis for each column, a line for each row.

    Attributes:
        title: above it.
        frame: a row for each line; numbers and text.
        colour: the column that colours them, from its lowest value to its highest.
        names: of the rows.
        note: below it.
    """

    title: str
    frame: pd.DataFrame
    colour: str
    names: Sequence[str]
    note: str = ""

    kind = "parallel"

    def to_json(self) -> dict[str, Any]:
        """As the page holds it."""
        axes = []
        for name in self.frame:
            values = self.frame[name]
            numbers = pd.api.types.is_numeric_dtype(values)
            known = values[np.isfinite(values)] if numbers else values
            wide = numbers and len(known) and known.min() > 0 and known.max() >= 8 * known.min()
            scale = "category" if not numbers else "log" if wide else "linear"
            axes.append({"label": str(name).replace("_", " "), "scale": scale, "values": plain(values)})
        return {
            "title": self.title,
            "axes": axes,
            "names": list(map(str, self.names)),
            "colour": list(self.frame).index(self.colour),
        }


def _cell(value: Any, specification: str) -> Cell:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if number and value != value:
        return Cell("", "", True)
    text = day(value) if isinstance(value, pd.Timestamp) else format(value, specification)
    if number and not specification and isinstance(value, float | np.floating):
        text = f"{value:.6g}"
    return Cell(text, f"{float(value):.17g}" if number else text, number)
