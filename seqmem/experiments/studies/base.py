"""What a study is: a claim, and how it is measured."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

Case = Mapping[str, Any]
REPEATS = ("seed", "fold")  # what is averaged over
LABELS: Mapping[str, str] = {
    "T": "T, steps that are read",
    "lag": "lag, steps",
    "sequences": "training sequences until it is solved",
    "wrong": "share of answers that are wrong",
    "memory": "norm of the derivative by the last state, over that at lag 0",
    "input": "norm of the derivative by the input",
    "score": "score of later days (lower is better)",
    "recovered": "share of the season's variance in the forecast",
    "level": "price at which the test windows end",
    "error": "error of the next day, over that of the last close",
    "saturated": "share of gates within 5% of a limit",
}
"""What a plot calls the columns of studies."""


class Panel(NamedTuple):
    """A plot of a study: the column `y` against the column `x`, a line for each value of the columns `by`.

    Attributes:
        log: the axes that are logarithmic: "", "x", "y" or "xy".
        only: a column, and the value of it that is drawn. None: all rows are.
    """

    x: str
    y: str
    by: tuple[str, ...]
    log: str = ""
    only: tuple[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Study(ABC):
    """One claim, measured: cases, each measured by itself, a table, plots and a verdict.

    Args:
        cells: names in `seqmem.cells.CELLS`, or ``module:Class``.
        seeds: each case is measured so many times, from other first weights and other draws.
        seed: the first of them.
    """

    claim: ClassVar[str]
    panels: ClassVar[tuple[Panel, ...]]
    formats: ClassVar[Mapping[str, str]] = {}
    labels: ClassVar[Mapping[str, str]] = LABELS

    cells: tuple[str, ...] = ("rnn", "lstm", "gru")
    seeds: int = 1
    seed: int = 0

    @classmethod
    def full(cls, **given: Any) -> Self:
        """The long form: more seeds; a study may have more."""
        return cls(**{"seeds": 5, **given})

    @classmethod
    def beside_lstm(cls, cell: str) -> dict[str, Any]:
        """The arguments with which a cell of one's own is measured beside the LSTM."""
        return {"cells": tuple(dict.fromkeys((cell, "lstm")))}

    @abstractmethod
    def cases(self) -> list[dict[str, Any]]:
        """What is measured, in order: what tells one case from all others, such as cell, length and seed."""

    @abstractmethod
    def measure(self, case: Case, earlier: Sequence[Case]) -> list[dict[str, Any]]:
        """Measure a case: rows of what was found. `earlier` are the rows, cases included, found before."""

    @abstractmethod
    def verdict(self, rows: pd.DataFrame) -> str:
        """Whether the claim holds, in plain words, from the cases and what was measured of each.

        The first line says it holds, in part, or does not; it is left out where what the claim is about is
        not among the cells.
        """

    def repeats(self) -> list[int]:
        """The seeds."""
        return list(range(self.seed, self.seed + self.seeds))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The means over seeds and folds; beside each, as ``NAME_se``, the standard error of the mean.

    Text and whole rows that differ in it stay apart. Without repetitions, and for what does not vary, there
    is no standard error.

    >>> rows = pd.DataFrame({"cell": ["lstm", "lstm"], "seed": [0, 1], "loss": [1.0, 3.0]})
    >>> summary(rows).to_dict("records")
    [{'cell': 'lstm', 'loss': 2.0, 'loss_se': 1.0}]
    """
    measured = [name for name in rows if rows[name].dtype.kind == "f"]
    keys = [name for name in rows if name not in (*measured, *REPEATS)]
    groups = rows.groupby(keys, sort=False, dropna=False)[measured]
    means, errors = groups.mean(), groups.sem()
    found = {}
    for name in measured:
        found[name] = means[name]
        if np.nanmax(errors[name].fillna(0)) > 0:
            found[f"{name}_se"] = errors[name]
    return pd.DataFrame(found).reset_index()
