"""Which series to pool: a network of each pool, on folds before every test part.

100 x the mean of log v + y / v, y in percent squared, over squared returns and the range, 1 and 5 days, and
the last two fifths of each series before 2012-12-31 (WTI: before its own test part), each forecast from what
lay before.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.tables import of_frame
from research import pretrain
from seqmem import (
    Dataset,
    GRUCell,
    ParkinsonRange,
    Pool,
    ResidualRecurrent,
    ScaleFreeVariance,
    Split,
    SquaredReturns,
    read,
    train,
    variance_forecaster,
)
from seqmem.evaluation import QLIKE, compare

FOLDS = ((0.6, 0.8), (0.8, 1.0))
END = {"WTI": pd.Timestamp("2009-01-30")}  # where its test part begins


def run() -> str:
    """Each series (columns) by pool (rows)."""
    bars, stocks = pretrain.bars(), pretrain.stocks()
    known = {
        name: frame[frame.index < END.get(name, pretrain.UNTIL)]
        for name, frame in {**bars, "WTI": read("bundled:wti").frame}.items()
    }
    indices, some = ["sp500", "nasdaq"], dict(list(stocks.items())[:6])
    pools: dict[str, Sequence[str]] = {
        "none": (),
        "the indices": indices,
        "the indices and two stocks, with a range": [*indices, "MSFT", "GOOG"],
        "the indices and WTI": [*indices, "WTI"],
        "the indices and the closes of six stocks": [*indices, *some],
    }
    every = {**known, **some}
    table: dict[str, dict[str, float]] = {}
    for name in ("sp500", "nasdaq", "MSFT", "GOOG", "WTI"):
        for title, members in pools.items():
            others = [_alone(one, every[one]) for one in members if one != name]
            table.setdefault(title, {})[name] = _score(_alone(name, known[name]), others)
    return of_frame(pd.DataFrame.from_dict(table, orient="index"), ".2f")


def _alone(name: str, frame: pd.DataFrame) -> Dataset:
    return replace(read("bundled:sp500"), frames={name: frame}, name=name)


def _score(data: Dataset, others: Sequence[Dataset]) -> float:
    frame = data.frame
    dates, use_range = frame.index, "high" in frame
    scores = [QLIKE(SquaredReturns()), *([QLIKE(ParkinsonRange())] if use_range else [])]

    def make():  # type: ignore[no-untyped-def]
        target = ScaleFreeVariance(parkinson_weight=0.5 if use_range else 0.0, use_range=use_range)
        return variance_forecaster(GRUCell(16, dropout=0.4), target, 60, ensemble_size=5)

    found = []
    for begin, end in FOLDS:
        start, stop = int(len(dates) * begin), int(len(dates) * end)
        last = None if stop == len(dates) else dates[stop]
        split = Split(
            dates[int(start * 0.8)], dates[start], end=last, horizon=5, context_length=pretrain.WINDOW
        )
        pool = Pool(others, crude_range=True) if others else None
        network = train(make, data, split, ResidualRecurrent.recipe, pool=pool)
        evaluation = compare({"GRU": network.forecast(data, split.test(data))}, data, split, scores)
        found += [
            100 * (np.nanmean(evaluation.origin_losses(score, "GRU", h)) + np.log(1e4 / h))
            for score in scores
            for h in (1, 5)
        ]
    return float(np.mean(found))
