"""How the volatility network was chosen: on the first 70% of two series, two folds forward.

Each fold trains on the rows before it (the last fifth of them stop it early) and is scored on the 14% of the
series after them: 100 x the mean of log v + y / v, in percent squared, over both folds of both series.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.tables import of_frame
from seqmem import (
    Dataset,
    Forecaster,
    GRUCell,
    LSTMCell,
    ParkinsonRange,
    Pool,
    RawVariance,
    ResidualRecurrent,
    RNNCell,
    ScaleFreeVariance,
    Split,
    SquaredReturns,
    evaluate,
    read,
    train,
    variance_forecaster,
)
from seqmem.evaluation import QLIKE
from seqmem.models.classics import GARCH, GeometricMean, LogHAR, RangeHAR, RealisedGARCH, WalkForward
from seqmem.models.refit import RefitNetwork

FOLDS = ((0.42, 0.56), (0.56, 0.70))
CELLS = {"LSTM": LSTMCell, "GRU": GRUCell, "RNN": RNNCell}
SCORES = {"squared returns": QLIKE(SquaredReturns()), "range": QLIKE(ParkinsonRange())}
Design = Callable[[], Forecaster]


def _network(
    cell: str | None, *, units: int = 16, dropout: float = 0.4, lookback: int = 60, weight: float = 0.5
) -> Design:
    def make() -> Forecaster:
        made = None if cell is None else CELLS[cell](units, dropout=dropout)
        return variance_forecaster(made, ScaleFreeVariance(parkinson_weight=weight), lookback, 5)

    return make


POOLED = ("GRU, pooled", "GRU, pooled, trained on each year")  # with the other index
DESIGNS: dict[str, tuple[Design, dict[str, Any]]] = {  # and what differs from the network's own recipe
    "linear skip alone": (_network(None), {}),
    "LSTM": (_network("LSTM"), {}),
    "GRU": (_network("GRU"), {}),
    "RNN": (_network("RNN"), {}),
    "GRU, 32 units": (_network("GRU", units=32), {}),
    "GRU, lookback 20": (_network("GRU", lookback=20), {}),
    "GRU, lookback 120": (_network("GRU", lookback=120), {}),
    "GRU, no dropout": (_network("GRU", dropout=0.0), {}),
    "GRU, dropout .2": (_network("GRU", dropout=0.2), {}),
    "GRU, learns from squared returns alone": (_network("GRU", weight=0.0), {}),
    "GRU, learns from the range alone": (_network("GRU", weight=1.0), {}),
    "GRU, learning rate .003": (_network("GRU"), {"learning_rate": 3e-3}),
    "LSTM on squared returns": (
        lambda: variance_forecaster(LSTMCell(16), RawVariance(), ensemble_size=5),
        {},
    ),
}


def run(series: tuple[str, ...] = ("sp500", "nasdaq"), **recipe: Any) -> str:
    """The designs beside classics, the lowest first."""
    folds = [fold for name in series for fold in folds(read(f"bundled:{name}"))]
    tables = [_scores(data, split, recipe) for data, split in folds]
    table = sum(tables[1:], tables[0]) / len(tables)
    table["mean"] = table.mean(axis=1)
    return of_frame(table.sort_values("mean"), ".2f")


def folds(whole: Dataset) -> list[tuple[Dataset, Split]]:
    """The first 70% of a series, and a split of it for each fold: the last 30% are not there to be read."""
    frame = whole.frame
    known = read(frame[: int(len(frame) * FOLDS[-1][1])])
    found = []
    for begin, end in FOLDS:
        start, stop = int(len(frame) * begin), int(len(frame) * end)
        dates = frame.index
        last = None if stop == len(known) else dates[stop]
        found.append((known, Split(dates[int(start * 0.8)], dates[start], end=last, horizon=5)))
    return found


def _scores(data: Dataset, split: Split, recipe: dict[str, Any]) -> pd.DataFrame:
    classics = [GARCH(distribution="t"), GARCH(o=1, distribution="t"), RangeHAR(), LogHAR(), RealisedGARCH()]
    models: dict[str, Any] = {one.name: WalkForward(one).fit(data, split) for one in classics}
    for name, (make, changed) in DESIGNS.items():
        models[name] = train(make, data, split, replace(ResidualRecurrent.recipe, **changed | recipe))
    own, pool = replace(ResidualRecurrent.recipe, **recipe), Pool(["bundled:sp500", "bundled:nasdaq"])
    models[POOLED[0]] = train(_network("GRU"), data, split, own, pool=pool)
    models[POOLED[1]] = RefitNetwork(_network("GRU"), own, 252, pool=pool).fit(data, split)
    models["log HAR x RealGARCH"] = GeometricMean([models["log HAR"], models["RealGARCH"]])
    models["GRU, pooled, x RealGARCH"] = GeometricMean([models[POOLED[0]], models["RealGARCH"]])
    losses = evaluate(models, data, split, list(SCORES.values())).losses
    means = losses.groupby(["model", "score", "h"], sort=False)["loss"].mean()
    return pd.DataFrame(
        {
            f"{words} {h}d": 100 * (means.xs((score.name, h), level=("score", "h")) + np.log(1e4 / h))
            for words, score in SCORES.items()
            for h in (1, 5)
        }
    )
