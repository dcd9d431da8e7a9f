"""Long time lags: how many sequences each cell needs until it bridges them."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pandas as pd

from seqmem.experiments.studies.base import Case, Panel, Study, summary
from seqmem.experiments.studies.problems import Problem
from seqmem.experiments.studies.solving import solve
from seqmem.experiments.studies.starts import CHRONO, KERAS, made, starts

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

    formats: ClassVar[Mapping[str, str]] = {
        "solved": ".0%",
        "sequences": ",.0f",
        "sequences_se": ",.0f",
        "wrong": ".2%",
        "seconds": ".1f",
        "seconds_se": ".1f",
        "step_ms": ".1f",
    }
    panels: ClassVar[tuple[Panel, ...]] = (
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
    def problem(self, case: Case) -> Problem:
        """What is asked."""

    def settings(self) -> list[tuple[dict[str, Any], tuple[int, ...]]]:
        """How a cell is asked, a `start` and `units` among it, and at which lengths."""
        return [({"start": start, "units": self.units}, self.lengths) for start in self.starts]

    def cases(self) -> list[dict[str, Any]]:
        """Every setting of every cell, at each of its lengths."""
        return [
            {"cell": name, **setting, "T": length, "seed": seed}
            for name in self.cells
            for setting, lengths in self.settings()
            if setting["start"] == KERAS or CHRONO in starts(name)
            for length in lengths
            for seed in self.repeats()
        ]

    def measure(self, case: Case, earlier: Sequence[Case]) -> list[dict[str, Any]]:
        """Sequences until it is solved; nothing where a shorter lag was not bridged."""
        same = {key: value for key, value in case.items() if key != "T"}
        shorter = [row for row in earlier if same.items() <= row.items()]
        if any(row["solved"] < 1 for row in shorter):
            return []
        keras.utils.set_random_seed(case["seed"])
        problem = self.problem(case)
        found = solve(
            made(case["cell"], case["units"]),
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
        asked = ["cell", *self.settings()[0][0]]
        lines = [self._far(rows) for _, rows in table.groupby(asked, sort=False)]
        return "\n".join(self._judged(self.claimed(table)) + lines)

    def claimed(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows that the claim is about."""
        return table

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

    def _far(self, rows: pd.DataFrame) -> str:
        said = []
        bridged = rows[rows["solved"] == 1]
        failed = rows[rows["solved"] < 1]
        if len(bridged):
            last = bridged.iloc[-1]
            said.append(
                f"solved up to T = {last['T']}, after {last['sequences']:,.0f} sequences{self.beside(last)}"
            )
        if len(failed):
            first = failed.iloc[0]
            share = f" by {1 - first['solved']:.0%} of the seeds" if first["solved"] else ""
            said.append(f"T = {first['T']} is not solved{share} in {self.most:,}, {first['wrong']:.1%} wrong")
        return f"{rows['cell'].iloc[0]}, {self.words(rows.iloc[0])}: {'; '.join(said)}."

    def words(self, row: Any) -> str:
        """The setting of a row of the table."""
        start, clipping = row["start"], ""
        if start == UNCLIPPED:
            start, clipping = CHRONO, " without clipping"
        return f"{row['units']} units from {start} start{clipping}"

    def beside(self, row: Any) -> str:
        """What others needed for the same as a row of the table, in words."""
        return ""
