"""The adding problem: two numbers of long ago."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from seqmem.experiments.studies.base import Case, Panel
from seqmem.experiments.studies.lags import LagStudy
from seqmem.experiments.studies.problems import Adding, AddingHalves, Problem
from seqmem.experiments.studies.starts import KERAS

MARKS = {"first half": Adding, "each half": AddingHalves}
FAR, EACH = MARKS


@dataclass(frozen=True, kw_only=True)
class AddingStudy(LagStudy):
    """The adding problem; see `problems.Adding`.

    Args:
        easier: whether Keras's start is also tried, at the shortest length, where it is easier: with `wider`
            units, and with the second mark in the second half (`problems.AddingHalves`).
        wider: U.
    """

    claim: ClassVar[str] = "LSTM and GRU add two numbers across 1000 steps, where a plain RNN fails at 100"
    in_1997: ClassVar[dict[int, int]] = {
        100: 74_000,
        500: 209_000,
        1000: 853_000,
    }  # Hochreiter and Schmidhuber, table 7
    panels: ClassVar[tuple[Panel, ...]] = tuple(
        Panel("T", y, ("cell", "start", "units"), log, ("marks", FAR))
        for y, log in (("sequences", "xy"), ("wrong", "x"))
    )

    easier: bool = True
    wider: int = 64

    @classmethod
    def beside_lstm(cls, cell: str) -> dict[str, Any]:
        """In a minute: as the claim has it."""
        return {**super().beside_lstm(cell), "easier": False}

    def settings(self) -> list[tuple[dict[str, Any], tuple[int, ...]]]:
        """With both marks in the first half, and the easier ones."""
        usual = [({**setting, "marks": FAR}, lengths) for setting, lengths in super().settings()]
        wider = {"start": KERAS, "units": self.wider, "marks": FAR}
        halves = {"start": KERAS, "units": self.units, "marks": EACH}
        easier = [(setting, (min(self.lengths),)) for setting in (wider, halves)]
        return [*usual, *easier] if self.easier else usual

    def problem(self, case: Case) -> Problem:
        """Adding."""
        return MARKS[case["marks"]](case["T"])

    def claimed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Both marks in the first half."""
        return table[table["marks"] == FAR]

    def words(self, row: Any) -> str:
        """The setting, and where the marks stand if not where they stood in 1997."""
        return super().words(row) + (", a mark in each half" if row["marks"] == EACH else "")

    def beside(self, row: Any) -> str:
        """LSTM's sequences in 1997."""
        then = self.in_1997.get(row["T"]) if row["marks"] == FAR else None
        return f" ({then:,} in 1997, {then / row['sequences']:.1f} times as many)" if then else ""
