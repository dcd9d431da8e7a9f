"""Volatility: what each model forecast, beside what came."""

from collections.abc import Sequence
from typing import ClassVar

import pandas as pd

from seqmem.data.faults import day
from seqmem.evaluation import Evaluation, Proxy
from seqmem.report.page.blocks import Axis, Block, Chart, Words
from seqmem.report.page.marks import Band, Line, Mark, Shade
from seqmem.report.page.section import Section
from seqmem.report.page.sections.scores import ranked
from seqmem.report.volatility import SMOOTH, annualised, realised

MOST_SERIES = 4


class VolatilitySection(Section):
    """Forecast volatility of every model by date, each to be switched on and off, and what came.

    Args:
        evaluation: of variances.
        proxy: of what came.
        shown: models that are on at first; none: the best, and the first.
    """

    title: ClassVar[str] = "Volatility"
    place: ClassVar[int] = 50

    def __init__(self, evaluation: Evaluation, proxy: Proxy, shown: Sequence[str] = ()) -> None:
        self.evaluation = evaluation
        self.proxy = proxy
        self.shown = tuple(shown) or tuple({*ranked(evaluation)[:1], evaluation.models[0]})

    def blocks(self) -> list[Block]:
        """A chart for each of the first series."""
        names = [name for name, _ in self.evaluation.outcome.series()]
        more = len(names) - MOST_SERIES
        left: list[Block] = [Words(f"{more} more series are not drawn.", "note")] if more > 0 else []
        return [*(self._chart(name) for name in names[:MOST_SERIES]), *left]

    def _chart(self, unique_id: str) -> Chart:
        evaluation, outcome = self.evaluation, self.evaluation.outcome
        mine = outcome.unique_id == unique_id
        dates = pd.Index(outcome.cutoff[mine])
        came = realised(evaluation, self.proxy)[mine]
        label = f"realised ({self.proxy.name}, mean of {SMOOTH} days around)"
        marks: list[Mark] = [Band(label, "muted", x=dates, low=0 * came, high=came)]
        for regime in evaluation.regimes[1:]:
            marks.append(Shade.where(regime.title, dates, evaluation.masks[regime.name][mine]))
        for name in ranked(evaluation):
            values = annualised(evaluation.forecasts[name])[mine]
            marks.append(Line(name, shown=name in self.shown, x=dates, y=values))
        series = outcome.data.name if len(outcome.data.ids) == 1 else unique_id
        title = f"{series}: volatility forecast a day ahead, {day(dates[0])} to {day(dates[-1])}"
        axis = Axis("annualised volatility, %", zero=True)
        note = "Of the models, the one with the lowest score stands first. What came is itself an estimate."
        x = Axis.of("date of the forecast" if isinstance(dates, pd.DatetimeIndex) else "row", dates)
        return Chart(title, x, axis, marks, note)
