"""The data: span, calendar, what reading had to say, and the closes with what is doubted."""

from typing import Any, ClassVar

import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.faults import day
from seqmem.data.inspection import Inspection, SeriesInspection
from seqmem.report.inspection import calendar_text, panel_table
from seqmem.report.page.blocks import Axis, Block, Chart, Facts, Grid, Words
from seqmem.report.page.marks import Line, Mark, Points, Shade
from seqmem.report.page.section import Section

MOST_SERIES = 6  # that are drawn
WIDE = 5  # highest over lowest close from which an axis is logarithmic


class DataSection(Section):
    """What the numbers come from.

    Args:
        found: an inspection of the data.
        test_start: the first date that is scored; None: it is not marked.
    """

    title: ClassVar[str] = "Data"
    place: ClassVar[int] = 10

    def __init__(self, found: Inspection, test_start: Any = None) -> None:
        self.found = found
        self.test_start = test_start

    def blocks(self) -> list[Block]:
        """Facts, notes, problems, and a chart for each of the first series."""
        found, data = self.found, self.found.data
        blocks: list[Block] = [Facts(_facts(data))]
        blocks += [Words(note, "note") for note in data.notes]
        blocks += [Words(problem, "warning") for problem in found.problems]
        if len(found.series) > 1:
            blocks.append(Grid("Series", panel_table(found)))
        for unique_id, one in list(found.series.items())[:MOST_SERIES]:
            blocks.append(self._chart(unique_id, one))
            name = f"{unique_id}: " if len(found.series) > 1 else ""
            if len(one.suspicious):
                blocks.append(Grid(f"{name}rows that are doubted", one.suspicious))
            if len(one.gaps):
                title = f"{name}gaps of more than {data.calendar.longest:g} days; nothing is filled"
                blocks.append(Grid(title, one.gaps))
        if len(found.series) > MOST_SERIES:
            blocks.append(Words(f"{len(found.series) - MOST_SERIES} more series are not drawn.", "note"))
        return blocks

    def _chart(self, unique_id: str, one: SeriesInspection) -> Chart:
        closes, data = one.frame["close"], self.found.data
        name = data.name if len(self.found.series) == 1 else unique_id
        marks: list[Mark] = [Line(data.column, "ink", x=closes.index, y=closes)]
        for doubt, rows in one.suspicious.groupby("doubt"):
            marked = closes.iloc[rows["row"].to_numpy(dtype=int) - 1]
            marks.append(Points(f"doubted: {doubt}", "alarm", x=marked.index, y=marked, words=rows["what"]))
        if self.test_start is not None:
            later = closes.index[closes.index >= self.test_start]
            if len(later):
                marks.append(Shade("scored: the test part", start=later[:1], stop=later[-1:]))
        low, high = closes.min(), closes.max()
        log = low > 0 and high > WIDE * low
        span = f"{day(closes.index[0])} to {day(closes.index[-1])}"
        note = "Logarithmic: equal distances are equal changes in percent." if log else ""
        label = "date" if isinstance(closes.index, pd.DatetimeIndex) else "row"
        y = Axis(f"{data.column}, as in the file", "log" if log else "linear")
        return Chart(f"{name}: closes, {span}", Axis.of(label, closes.index), y, marks, note)


def _facts(data: Dataset) -> dict[str, Any]:
    ends = [data.dates(name)[[0, -1]] for name in data.ids]
    series = {"series": len(data.ids)} if len(data.ids) > 1 else {}
    return {
        "source": data.name,
        **series,
        "rows": len(data),
        "from": day(min(one[0] for one in ends)),
        "to": day(max(one[1] for one in ends)),
        "closes": f"{data.column!r}",
        "columns": ", ".join(data.columns),
        "calendar": calendar_text(data.calendar),
        "written as": data.format or "plain",
        **({"zone of its stamps": data.zone} if data.zone else {}),
        "fingerprint": data.fingerprint()[:12],
    }
