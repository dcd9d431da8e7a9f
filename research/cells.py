"""What each cell gains: variances on folds, and the adding problem: python -m research.evidence cells.

The folds and the network are those of `design_choice.py`, alone (no other series), so no test part is read.
Lower is better. Four seeds, each one network: their standard error tells what difference means nothing.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.tables import of_frame
from research.design_choice import SCORES, folds
from seqmem import (
    Forecaster,
    ResidualRecurrent,
    ScaleFreeVariance,
    evaluate,
    read,
    train,
    variance_forecaster,
)
from seqmem.cells import CELLS
from seqmem.experiments.studies.adding import AddingStudy
from seqmem.experiments.studies.base import summary
from seqmem.experiments.studies.running import run as measure
from seqmem.experiments.studies.starts import CHRONO, KERAS

SEEDS = (0, 1, 2, 3)
UNITS, DROPOUT, LOOKBACK = 16, 0.4, 60
STUDIED = tuple(name for name in CELLS if name != "garch")


def run() -> str:
    """Both tables."""
    return f"{of_frame(variances(), '.2f')}\n{of_frame(adding(), '')}"


def variances() -> pd.DataFrame:
    """100 x QLIKE of both proxies over 1 and 5 days, the lowest mean first; its standard error over seeds."""
    means = [_mean_over_folds(seed) for seed in SEEDS]
    table = sum(means[1:], means[0]) / len(means)
    table["mean"] = table.mean(axis=1)
    each = pd.concat([one.mean(axis=1) for one in means], axis=1)
    table["standard error"] = each.sem(axis=1)
    return table.sort_values("mean")


def _mean_over_folds(seed: int) -> pd.DataFrame:
    recipe = replace(ResidualRecurrent.recipe, seed=seed)
    tables = []
    for data, split in (fold for name in ("sp500", "nasdaq") for fold in folds(read(f"bundled:{name}"))):
        models = {}
        for name in (None, *STUDIED):
            models[name or "no cell"] = train(lambda name=name: _network(name), data, split, recipe)
        losses = evaluate(models, data, split, list(SCORES.values())).losses
        found = losses.groupby(["model", "score", "h"], sort=False)["loss"].mean()
        tables.append(
            pd.DataFrame(
                {
                    f"{words} {h}d": 100 * (found.xs((score.name, h), level=("score", "h")) + np.log(1e4 / h))
                    for words, score in SCORES.items()
                    for h in (1, 5)
                }
            )
        )
    return sum(tables[1:], tables[0]) / len(tables)


def _network(name: str | None) -> Forecaster:
    cell: Any = None if name is None else CELLS[name](UNITS, dropout=DROPOUT)
    return variance_forecaster(cell, ScaleFreeVariance(parkinson_weight=0.5), LOOKBACK)


def adding() -> pd.DataFrame:
    """Sequences until the adding problem is solved, from the better of Keras's start and chrono's."""
    study = AddingStudy(cells=STUDIED, lengths=(100, 500), starts=(KERAS, CHRONO), easier=False, most=64_000)
    rows = summary(measure(study))
    table = {}
    for (cell, start), mine in rows.groupby(["cell", "start"], sort=False):
        for row in mine.itertuples():
            words = f"{row.sequences:,.0f}" if row.solved == 1 else f"not ({row.wrong:.0%} wrong)"
            table.setdefault(f"{cell}, {start} start", {})[f"T = {row.T}"] = words
    return pd.DataFrame.from_dict(table, orient="index").fillna("")
