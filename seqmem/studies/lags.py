"""Long time lags: how many sequences each cell needs until it bridges them."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pandas as pd

from seqmem.studies.base import Case, Panel, Study, summary
from seqmem.studies.problems import Adding, Copying, Problem
from seqmem.studies.solving import solve
from seqmem.studies.starts import CHRONO, KERAS, made, starts

CLIP = 1.0
UNCLIPPED = "chrono, no clipping"


@dataclass(frozen=True, kw_only=True)
class LagStudy(Study):
    """A problem at growing T for each cell and each way to start it; who fails at one T is not asked longer.

    Args:
        lengths: T, increasing.
        units: U of each cell.
        starts: of each cell, where it has them: `KERAS`, `CHRONO` and `UNCLIPPED`.
        most: sequences until it is given up.
    """

    formats: ClassVar = {
        "solved": ".0%",
        "sequences": ",.0f",
        "sequences_se": ",.0f",
        "wrong": ".2%",
        "seconds": ".1f",
        "seconds_se": ".1f",
        "step_ms": ".1f",
    }
    panels: ClassVar = (
        Panel("T", "sequences", ("cell", "start"), "xy"),
        Panel("T", "wrong", ("cell", "start"), "x"),
    )

    lengths: tuple[int, ...] = (100, 500, 1000)
    units: int = 16
    starts: tuple[str, ...] = (KERAS, CHRONO, UNCLIPPED)
    most: int = 128_000

    @classmethod
    def beside_lstm(cls, cell: str) -> dict[str, Any]:
        """Clipping is not asked about: half of the time."""
        return {**super().beside_lstm(cell), "starts": (KERAS, CHRONO)}

    @abstractmethod
    def problem(self, length: int) -> Problem:
        """The problem at T = `length`."""

    def cases(self) -> list[dict[str, Any]]:
        """Every start of every cell, at every length."""
        return [
            {"cell": name, "start": start, "T": length, "seed": seed}
            for name in self.cells
            for start in self.starts
            if start == KERAS or CHRONO in starts(name)
            for length in self.lengths
            for seed in self.repeats()
        ]

    def measure(self, case: Case, earlier: Sequence[Case]) -> list[dict[str, Any]]:
        """Sequences until it is solved; nothing where a shorter lag was not bridged."""
        same = ("cell", "start", "seed")
        shorter = [row for row in earlier if all(row[key] == case[key] for key in same)]
        if any(row["solved"] < 1 for row in shorter):
            return []
        keras.utils.set_random_seed(case["seed"])
        problem = self.problem(case["T"])
        found = solve(
            made(case["cell"], self.units),
            problem,
            most=self.most,
            clip=None if case["start"] == UNCLIPPED else CLIP,
            chrono=None if case["start"] == KERAS else problem.steps,
            seed=case["seed"],
        )
        solved = found.wrong == 0
        return [
            {
                "solved": float(solved),
                "sequences": float(found.sequences) if solved else np.nan,
                "wrong": found.wrong,
                "seconds": found.seconds,
                "step_ms": found.step_ms,
            }
        ]

    def verdict(self, rows: pd.DataFrame) -> str:
        """How far each cell comes."""
        table = summary(rows)
        lines = [self._far(str(name), own) for name, own in table.groupby("cell", sort=False)]
        return "\n".join(self._judged(table) + lines)

    def _judged(self, table: pd.DataFrame) -> list[str]:
        """It holds of the gated cells that bridge the longest lag, if the RNN does not."""
        if not {"rnn", "lstm", "gru"} <= set(table["cell"]):
            return []
        whole = table[(table["T"] == max(self.lengths)) & (table["solved"] == 1)]
        bridged = {name: own["start"].tolist() for name, own in whole.groupby("cell")}
        gated = [name for name in ("lstm", "gru") if name in bridged]
        if "rnn" in bridged or not gated:
            return ["It does not hold."]
        alone = "" if any(KERAS in bridged[name] for name in gated) else f", from {CHRONO} start alone"
        if len(gated) == 2:
            return [f"It holds{alone}."]
        return [f"It holds in part: of the {gated[0].upper()}{alone}."]

    def _far(self, name: str, own: pd.DataFrame) -> str:
        said = []
        for start, rows in own.groupby("start", sort=False):
            bridged = rows[rows["solved"] == 1]
            failed = rows[rows["solved"] < 1]
            if len(bridged):
                last = bridged.iloc[-1]
                said.append(
                    f"from {start} start up to T = {last['T']}, after {last['sequences']:,.0f} sequences"
                    f"{self.beside(int(last['T']), last['sequences'])}"
                )
            if len(failed):
                first = failed.iloc[0]
                share = f" by {1 - first['solved']:.0%} of the seeds" if first["solved"] else ""
                said.append(f"from {start} start T = {first['T']} is not solved{share} in {self.most:,}")
        return f"{name}: {'; '.join(said)}."

    def beside(self, length: int, sequences: float) -> str:
        """What others needed for the same, in words."""
        return ""


@dataclass(frozen=True, kw_only=True)
class AddingStudy(LagStudy):
    """The adding problem; see `problems.Adding`."""

    claim: ClassVar = "LSTM and GRU add two numbers across 1000 steps, where a plain RNN fails at 100"
    in_1997: ClassVar = {100: 74_000, 500: 209_000, 1000: 853_000}  # Hochreiter and Schmidhuber, table 7

    def problem(self, length: int) -> Problem:
        """Adding."""
        return Adding(length)

    def beside(self, length: int, sequences: float) -> str:
        """LSTM's sequences in 1997."""
        then = self.in_1997.get(length)
        return f" ({then:,} in 1997, {then / sequences:.0f} times as many)" if then else ""


@dataclass(frozen=True, kw_only=True)
class CopyStudy(LagStudy):
    """The copy problem; see `problems.Copying`."""

    claim: ClassVar = "LSTM and GRU say again what they were told T steps before, where a plain RNN cannot"

    lengths: tuple[int, ...] = (20, 100, 300)
    units: int = 32

    def problem(self, length: int) -> Problem:
        """Copying three symbols of four."""
        return Copying(length)
