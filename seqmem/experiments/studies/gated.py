"""RNN, LSTM and GRU at equal parameters: which is faster, and which is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Self

import pandas as pd

from seqmem.cells import cell_class
from seqmem.experiments.studies.base import Case, Panel, Study
from seqmem.experiments.studies.trials import TASKS, paired

LOOKBACK = 60


@dataclass(frozen=True, kw_only=True)
class CellStudy(Study):
    """Cells of as many weights as `units` of the LSTM have, on financial noise, in turns.

    `score` is what `trials` says of each task, lower is better; `epoch_ms` the median epoch of a training.

    Args:
        tasks: names in `trials.TASKS`.
        units: U of the LSTM.
        folds: that walk forward.
    """

    claim: ClassVar[str] = "a GRU trains faster than an LSTM, and is as good"
    formats: ClassVar[Mapping[str, str]] = dict.fromkeys(("score", "score_se"), ".4f") | dict.fromkeys(
        ("best_epoch", "best_epoch_se", "epoch_ms", "epoch_ms_se"), ".1f"
    )
    panels: ClassVar[tuple[Panel, ...]] = tuple(
        Panel("cell", "score", (), only=("task", task)) for task in TASKS
    )

    tasks: tuple[str, ...] = tuple(TASKS)
    units: int = 16
    folds: int = 3
    seeds: int = 3

    @classmethod
    def full(cls, **given: Any) -> Self:
        """Four folds, ten seeds."""
        return cls(**{"seeds": 10, "folds": 4, **given})

    def cases(self) -> list[dict[str, Any]]:
        """Every cell on every task, fold by fold."""
        return [
            {"task": task, "cell": cell, "fold": fold, "seed": seed}
            for task in self.tasks
            for fold in range(self.folds)
            for seed in self.repeats()
            for cell in self.cells
        ]

    def measure(self, case: Case, earlier: Sequence[Case]) -> list[dict[str, Any]]:
        """One training."""
        units = as_many(case["cell"], parameters("lstm", self.units))
        task = TASKS[case["task"]]()
        found = task.trial(case["cell"], units, LOOKBACK, LOOKBACK, case["fold"], self.folds, case["seed"])
        return [{"units": units, "parameters": parameters(case["cell"], units), **found._asdict()}]

    def verdict(self, rows: pd.DataFrame) -> str:
        """Each two cells beside each other."""
        said = self._judged(rows)
        for task, own in rows.groupby("task", sort=False):
            times = own.groupby("cell", sort=False)["epoch_ms"].median()
            for second, first in combinations(times.index, 2):
                more, error = paired(own, "cell", first, second)
                apart = "within" if abs(more) <= 2 * error else "more than"
                which = "worse" if more > 0 else "better"
                said.append(
                    f"{task}: {first} takes {times[first] / times[second]:.2f} of the time that {second} "
                    f"takes for an epoch, and scores {abs(more):.4f} {which}, {apart} two standard errors of "
                    f"{error:.4f}."
                )
        return "\n".join(said)

    def _judged(self, rows: pd.DataFrame) -> list[str]:
        """It holds if an epoch of the GRU is shorter on most tasks, and it is significantly worse on none."""
        if not {"lstm", "gru"} <= set(self.cells):
            return []
        tasks = [own for _, own in rows.groupby("task")]
        times = [own.groupby("cell")["epoch_ms"].median() for own in tasks]
        faster = sum(one["gru"] < one["lstm"] for one in times) > len(tasks) / 2
        differences = [paired(own, "cell", "gru", "lstm") for own in tasks]
        good = all(more <= 2 * error for more, error in differences)
        if faster == good:
            return ["It holds." if good else "It does not hold."]
        return [f"It holds in part: a GRU is {'as good, but not faster' if good else 'faster, but worse'}."]


def parameters(cell: str, units: int, features: int = 1) -> int:
    """The weights of a cell."""
    made = cell_class(cell)(units)
    made.build((None, features))
    return int(made.count_params())


def as_many(cell: str, weights: int) -> int:
    """The units with which a cell comes closest to so many weights.

    >>> as_many("rnn", parameters("lstm", 16)), as_many("gru", parameters("lstm", 16))
    (33, 18)
    """
    units = 1
    while parameters(cell, units) < weights:
        units += 1
    below = parameters(cell, max(1, units - 1))
    return units if parameters(cell, units) - weights < weights - below else max(1, units - 1)
