"""How far back the gradient of the last output reaches, by cell and by the way that it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import keras
import numpy as np
import pandas as pd

from seqmem.cells import chrono_init
from seqmem.diagnostics import gradient_flow
from seqmem.experiments.studies.base import Case, Panel, Study, summary
from seqmem.experiments.studies.starts import CHRONO, KERAS, made, starts
from seqmem.recurrence import Recurrent

LAGS = (0, 1, 2, 5, 10, 20, 60, 120, 252, 500, 999)
FLOOR = 1e-30  # nothing below it is told from nothing in single precision


@dataclass(frozen=True, kw_only=True)
class GradientStudy(Study):
    """Cells that are not trained, on standard normal noise, as standardised returns are.

    `memory` is the norm of d h_T / d s_{T-k} for the last state s, which is the cell state of an LSTM, over
    that at lag 0, and `input` that of d h_T / d x_{T-k}: `diagnostics.gradient_flow`.

    Args:
        length: T.
        units: U.
        sequences: that each norm is the root mean square over.
    """

    claim: ClassVar[str] = (
        "an RNN's gradient falls exponentially with the lag, an LSTM's with a forget gate near 1 does not"
    )
    formats: ClassVar[Mapping[str, str]] = dict.fromkeys(("memory", "input", "memory_se", "input_se"), ".1e")
    panels: ClassVar[tuple[Panel, ...]] = (
        Panel("lag", "memory", ("cell", "start"), "y"),
        Panel("lag", "input", ("cell", "start"), "y"),
    )

    length: int = 1000
    units: int = 32
    sequences: int = 4
    seeds: int = 3

    @classmethod
    def full(cls, **given: Any) -> Self:
        """Ten seeds."""
        return cls(**{"seeds": 10, **given})

    def cases(self) -> list[dict[str, Any]]:
        """Every start of every cell."""
        return [
            {"cell": name, "start": start, "seed": seed}
            for name in self.cells
            for start in starts(name)
            for seed in self.repeats()
        ]

    def measure(self, case: Case, earlier: Sequence[Case]) -> list[dict[str, Any]]:
        """The norms at a few lags."""
        keras.utils.set_random_seed(case["seed"])
        layer = Recurrent(made(case["cell"], self.units))
        layer.build((None, self.length, 1))
        if case["start"] == CHRONO:
            chrono_init(layer.cell, self.length, seed=case["seed"])
        noise = np.random.default_rng(case["seed"]).normal(size=(self.sequences, self.length, 1))
        flow = gradient_flow(layer, noise, seed=case["seed"])
        memory = flow.columns[-1]
        flow = flow.loc[[lag for lag in LAGS if lag < self.length]]
        return [
            {"lag": lag, "memory": float(row[memory] / flow[memory].iloc[0]), "input": float(row["input"])}
            for lag, row in flow.iterrows()
        ]

    def verdict(self, rows: pd.DataFrame) -> str:
        """How fast each falls at first and at last: an exponential falls at one rate."""
        said, kinds = [], {}
        for (name, start), own in summary(rows).groupby(["cell", "start"], sort=False):
            norms = own.set_index("lag")["memory"]
            seen = norms[norms > FLOOR]
            middle = seen.index[len(seen) // 2]
            early, late = _fall(seen.loc[:middle]), _fall(seen.loc[middle:])
            kind = "exponentially" if late > early / 2 else "ever more slowly"
            kinds[name, start] = kind
            until = f"at lag {seen.index[-1]} it is {seen.iloc[-1]:.0e} of what it was"
            said.append(
                f"{name}, {start} start: falls {kind}, by {early:.2%} a step up to lag {middle} and by "
                f"{late:.2%} after; {until}."
            )
        return "\n".join(_judged(kinds) + said)


def _judged(kinds: Mapping[tuple[str, str], str]) -> list[str]:
    fast = {case for case, kind in kinds.items() if kind == "exponentially"}
    if not {("rnn", KERAS), ("lstm", CHRONO)} <= kinds.keys():
        return []
    if ("rnn", KERAS) not in fast or ("lstm", CHRONO) in fast:
        return ["It does not hold."]
    if ("lstm", KERAS) in fast:
        return [f"It holds, from {CHRONO} start: at {KERAS} an LSTM's forget gate is not near 1."]
    return ["It holds."]


def _fall(norms: pd.Series) -> float:
    """The share that is lost at each step, on average."""
    steps = norms.index[-1] - norms.index[0]
    return float(1 - (norms.iloc[-1] / norms.iloc[0]) ** (1 / max(1, steps)))
