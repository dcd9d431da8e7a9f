"""Risk: how often value at risk was exceeded, by every model, and when."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from seqmem.data.faults import day
from seqmem.evaluation import CONFIDENCE
from seqmem.report.page.blocks import Axis, Block, Chart, Grid, Words
from seqmem.report.page.marks import Line, Mark, Points, Sticks
from seqmem.report.page.section import Section
from seqmem.report.risk import P_VALUES_NOTE

if TYPE_CHECKING:
    from seqmem.experiments.risk import RiskReport

MOST_SERIES = 3


class RiskSection(Section):
    """Value at risk and expected shortfall: from the last row, and tested on what came.

    Args:
        found: the risk report.
        shown: the model that is on at first; empty: the one with the lowest Fissler-Ziegel loss.
    """

    title: ClassVar[str] = "Risk"
    place: ClassVar[int] = 55

    def __init__(self, found: "RiskReport", shown: str = "") -> None:
        self.found = found
        score, h = found.evaluation.headline
        values = {name: found.evaluation.value(score, name, h) for name in found.evaluation.models}
        self.order = sorted(values, key=lambda name: values[name])
        self.shown = shown or self.order[0]

    def blocks(self) -> list[Block]:
        """Today's numbers, breaches drawn, and their tests."""
        found = self.found
        today = found.today.sort_values(["series", "h", "level"], kind="stable")
        blocks: list[Block] = [
            Grid(
                "From the last row: value at risk and expected shortfall, share of the price",
                today,
                {"VaR": ".2%", "ES": ".2%", "level": ".0%"},
            )
        ]
        names = [name for name, _ in found.evaluation.outcome.series()]
        levels = list(dict.fromkeys(found.table.index.get_level_values("level")))
        blocks += [self._chart(name, level) for name in names[:MOST_SERIES] for level in levels]
        if len(names) > MOST_SERIES:
            blocks.append(Words(f"{len(names) - MOST_SERIES} more series are not drawn.", "note"))
        sizes = ", ".join(f"{name} {value:.1%}" for name, value in found.sizing.items())
        sized = f"Sized to 10% a year by its forecast, a position had a volatility of: {sizes}."
        return [*blocks, self._tests(), Words(sized)]

    def _tests(self) -> Grid:
        rows = self.found.table.reset_index()
        scores = self.found.scores
        keys = [(f"FZ {one.level:g} {one.side}", one.h, one.model) for one in rows.itertuples()]
        rows["FZ"] = [scores["value"].loc[key] for key in keys]
        rows["set"] = ["yes" if scores["mcs"].loc[key] >= CONFIDENCE else "no" for key in keys]
        formats = dict.fromkeys([name for name in rows if str(name).endswith(" p")], ".3f")
        formats |= {"level": ".0%", "expected": ".1f", "FZ": ".3f"}
        return Grid("Breaches of value at risk, and their tests", rows, formats, P_VALUES_NOTE)

    def _chart(self, unique_id: str, level: float) -> Chart:
        outcome, forecasts = self.found.evaluation.outcome, self.found.evaluation.forecasts
        mine, column = outcome.unique_id == unique_id, int(np.argmin(outcome.horizons))
        returns = 100 * np.log(outcome.value()[mine, column] / outcome.last[mine])
        dates = pd.Index(next(iter(forecasts.values())).ds[mine, column])
        marks: list[Mark] = [Sticks("log return", "muted", x=dates, y=returns)]
        for name in self.order:
            low = -100 * forecasts[name].var(level)[mine, column]
            high = 100 * forecasts[name].var(level, short=True)[mine, column]
            out = (returns < low) | (returns > high)
            on = name == self.shown
            marks += [Line(name, shown=on, x=dates, y=low), Line(name, shown=on, x=dates, y=high)]
            marks.append(
                Points(name, shown=on, x=dates[out], y=returns[out], words=["breach"] * int(out.sum()))
            )
        series = outcome.data.name if len(outcome.data.ids) == 1 else unique_id
        title = f"{series}: {level:.0%} value at risk a day ahead, {day(dates[0])} to {day(dates[-1])}"
        note = (
            "Lower line: what a long position loses at most; upper line: what a short one does. Dots are "
            f"breaches: {level:.0%} of the days on each side, if the model is right."
        )
        label = "date" if isinstance(dates, pd.DatetimeIndex) else "row"
        return Chart(title, Axis.of(label, dates), Axis("log return of a day, %"), marks, note)
