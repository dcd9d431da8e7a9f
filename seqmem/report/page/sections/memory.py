"""Memory: what the gates do by date, how far back the gradient reaches, how long units remember."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from seqmem.data.faults import day
from seqmem.diagnostics import Diagnosis
from seqmem.report.page.blocks import Axis, Block, Chart, Grid
from seqmem.report.page.marks import Band, Line, Mark
from seqmem.report.page.section import Section


class MemorySection(Section):
    """What each recurrence of a model remembers of these prices.

    Args:
        found: a diagnosis of each.
        series: the name of the prices.
    """

    title: ClassVar[str] = "Memory"
    place: ClassVar[int] = 60

    def __init__(self, found: Sequence[Diagnosis], series: str = "") -> None:
        self.found = tuple(found)
        self.series = series

    def blocks(self) -> list[Block]:
        """For each recurrence: gates by date, gradient against lag, half-lives, saturation."""
        return [block for one in self.found for block in self._of(one)]

    def _of(self, one: Diagnosis) -> list[Block]:
        formats = dict.fromkeys(("mean", "low", "high"), ".3f")
        stuck = one.saturation.reset_index()
        note = "low, high: the share of the time near the lower and the upper limit of the gate."
        cells = one.gates.columns.get_level_values("cell").unique()
        return [
            *(self._gates(one, int(cell)) for cell in cells),
            self._gradient(one),
            self._lives(one),
            Grid(f"{one.name}: gates, and the share of the time near a limit", stuck, formats, note),
        ]

    def _gates(self, one: Diagnosis, cell: int) -> Chart:
        gates = one.gates[cell]
        dates, marks = gates.index, list[Mark]()
        own = one.saturation.loc[cell].index
        states = [name for name in gates.columns.get_level_values("name").unique() if name not in own]
        named = {name: name for name in own} | {name: f"state {name}" for name in states}
        for name, shown in named.items():
            low, high = gates[name].min(axis=1), gates[name].max(axis=1)
            marks.append(Band(shown, shown=name in own, x=dates, low=low, high=high))
        for name, shown in named.items():
            marks.append(Line(shown, shown=name in own, x=dates, y=gates[name].mean(axis=1)))
        which = f", cell {cell}" if one.gates.columns.get_level_values("cell").nunique() > 1 else ""
        about = f"{self.series}: " if self.series else ""
        title = f"{about}gates of {one.name}{which}, {day(dates[0])} to {day(dates[-1])}"
        note = "At the last day of each window. Line: the mean of all units; band: all of them."
        label = "date" if isinstance(dates, pd.DatetimeIndex) else "row"
        return Chart(title, Axis.of(label, dates), Axis("activation"), marks, note)

    def _gradient(self, one: Diagnosis) -> Chart:
        marks: list[Mark] = [
            Line(str(name), x=norms.index, y=norms.where(norms > 0)) for name, norms in one.flow.items()
        ]
        title = f"{one.name}: how far back the last output reaches"
        note = "input: of what was read at that lag; the others: of each state of each cell at that lag."
        y = Axis("norm of the derivative of the last output", "log")
        return Chart(title, Axis("lag, days"), y, marks, note)

    def _lives(self, one: Diagnosis) -> Chart:
        marks: list[Mark] = []
        for cell, own in one.half_lives["half_life"].groupby("cell"):
            known = own[np.isfinite(own) & (own > 0)].sort_values()
            marks.append(Line(f"cell {cell}", x=np.arange(1, len(known) + 1), y=known, points=True))
        note = "After how many days a unit has forgotten half of what it wrote."
        return Chart(
            f"{one.name}: half-lives of memory",
            Axis("unit, the shortest memory first"),
            Axis("half-life, days", "log"),
            marks,
            note,
        )
