"""Whether there is a best lookback, and whether it is 60 days, as folklore says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pandas as pd

from seqmem.experiments.studies.base import Case, Panel, Study, summary
from seqmem.experiments.studies.trials import TASKS, KnownMemory, paired

FOLKLORE = 60


@dataclass(frozen=True, kw_only=True)
class LookbackStudy(Study):
    """Networks of several lookbacks, learning from the same origins and scored on the same later ones.

    `score` is what `trials` says of each task: a ratio to the mean return, a ratio to EWMA, and a regret. Its
    error is that of the mean over folds and seeds; lookbacks are compared within each fold and seed.

    Args:
        tasks: names in `trials.TASKS`.
        lookbacks: T.
        units: U.
        folds: that walk forward.
    """

    claim: ClassVar[str] = (
        "a lookback of 60 days is the sweet spot between too little context and too much noise"
    )
    formats: ClassVar[Mapping[str, str]] = dict.fromkeys(("score", "score_se"), ".4f")
    panels: ClassVar[tuple[Panel, ...]] = tuple(
        Panel("T", "score", ("cell",), "x", only=("task", task)) for task in TASKS
    )

    cells: tuple[str, ...] = ("lstm",)
    tasks: tuple[str, ...] = tuple(TASKS)
    lookbacks: tuple[int, ...] = (10, 20, 60, 120, 252)
    units: int = 16
    folds: int = 3
    seeds: int = 2

    @classmethod
    def full(cls, **given: Any) -> Self:
        """Four folds, ten seeds."""
        return cls(**{"seeds": 10, "folds": 4, **given})

    def cases(self) -> list[dict[str, Any]]:
        """Every lookback of every cell on every task, fold by fold."""
        return [
            {"task": task, "cell": cell, "T": lookback, "fold": fold, "seed": seed}
            for task in self.tasks
            for cell in self.cells
            for fold in range(self.folds)
            for seed in self.repeats()
            for lookback in self.lookbacks
        ]

    def measure(self, case: Case, earlier: Sequence[Case]) -> list[dict[str, Any]]:
        """One training."""
        task, longest = TASKS[case["task"]](), max(self.lookbacks)
        found = task.trial(
            case["cell"], self.units, case["T"], longest, case["fold"], self.folds, case["seed"]
        )
        return [{"score": found.score}]

    def verdict(self, rows: pd.DataFrame) -> str:
        """The best lookback of each task, and whether 60 differs from it by more than noise."""
        groups = rows.groupby(["task", "cell"], sort=False)
        said = [self._of_task(str(task), str(cell), own) for (task, cell), own in groups]
        return "\n".join(self._judged(rows) + said)

    def _judged(self, rows: pd.DataFrame) -> list[str]:
        """It holds of the tasks where an LSTM is worse both with the fewest days and with the most."""
        ends = (min(self.lookbacks), max(self.lookbacks))
        if "lstm" not in self.cells or not ends[0] < FOLKLORE < ends[1]:
            return []
        held = []
        for task, own in rows[rows["cell"] == "lstm"].groupby("task", sort=False):
            more = [paired(own, "T", end, FOLKLORE) for end in ends]
            if all(mean > 2 * error for mean, error in more):
                held.append(str(task))
        if len(held) == len(self.tasks):
            return ["It holds."]
        return [f"It holds in part: on {', '.join(held)}." if held else "It does not hold."]

    def _of_task(self, task: str, cell: str, rows: pd.DataFrame) -> str:
        table = summary(rows).set_index("T")
        best = table["score"].idxmin()
        said = f"{task}, {cell}: the best mean is at T = {best} ({table['score'][best]:.4f})"
        others = []
        for lookback in table.index.drop(best):
            more, error = paired(rows, "T", lookback, best)
            if more > 2 * error:
                others.append(str(lookback))
        if len(others) == len(table) - 1:
            said += ", and all others are worse by more than two standard errors"
        elif others:
            said += f"; worse by more than two standard errors: {', '.join(others)}"
        else:
            said += "; no other lookback is worse by more than two standard errors"
        if FOLKLORE in table.index and best != FOLKLORE:
            more, error = paired(rows, "T", FOLKLORE, best)
            said += f". T = {FOLKLORE} is {more:.4f} worse (standard error {error:.4f})"
        if task == "simulated":
            said += f". The memory of that series is {KnownMemory.memory} days"
        if task == "returns" and table["score"][best] > 1:
            said += ". None forecasts better than the mean return"
        return f"{said}."
