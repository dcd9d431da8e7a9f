"""A study: a claim, what was measured, and whether it holds."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd

from seqmem.report.page.blocks import Axis, Block, Chart, Grid, Words
from seqmem.report.page.marks import Line, Mark
from seqmem.report.page.section import Section
from seqmem.report.studies import ERROR, shown_panels, study_table

MEASURED = "Mean over seeds and folds"


class StudySection(Section):
    """What was measured: a table, and a chart for each panel.

    Args:
        claim: what was to be shown.
        table: a `studies.base.summary`: means, and their standard errors.
        panels: each a `studies.base.Panel`.
        formats: column -> format specification.
        certificate: of a cell of the user's own; empty: none.
        labels: column -> what its axis is called.
    """

    title: ClassVar[str] = "Study"
    place: ClassVar[int] = 20

    def __init__(
        self,
        claim: str,
        table: pd.DataFrame,
        panels: Sequence[Any],
        formats: Mapping[str, str],
        certificate: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.claim = claim
        self.table = table
        self.panels = tuple(panels)
        self.formats = formats
        self.certificate = certificate
        self.labels = labels or {}

    def blocks(self) -> list[Block]:
        """The claim, the charts, the table."""
        own = [Words(self.certificate)] if self.certificate else []
        charts = [self._chart(panel) for panel in shown_panels(self.table, self.panels)]
        measured = Grid(f"{MEASURED}, ± its standard error", study_table(self.table, self.formats))
        return [Words(f"Claim: {self.claim}."), *own, *charts, measured]

    def _chart(self, panel: Any) -> Chart:
        rows = self.table if panel.only is None else self.table[self.table[panel.only[0]] == panel.only[1]]
        groups = rows.groupby(list(panel.by), sort=False) if panel.by else [(("all",), rows)]
        marks: list[Mark] = []
        for key, own in groups:
            name = ", ".join(map(str, key))
            errors = own.get(f"{panel.y}{ERROR}")
            marks.append(Line(name, x=own[panel.x].to_numpy(), y=own[panel.y], error=errors, points=True))
        which = "" if panel.only is None else f", {panel.only[0]} {panel.only[1]}"
        what = str(panel.y).replace("_", " ")
        label = self.labels.get(panel.y, what)
        x = Axis.of(self.labels.get(panel.x, panel.x), rows[panel.x], log="x" in panel.log)
        log = "y" in panel.log and bool((rows[panel.y] > 0).any())
        note = (
            f"{MEASURED}; bars: one standard error on both sides."
            if any(mark.to_json().get("error") for mark in marks)
            else ""
        )
        return Chart(
            f"{what} against {panel.x}{which}", x, Axis(label, "log" if log else "linear"), marks, note
        )
