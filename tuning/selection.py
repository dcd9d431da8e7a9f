"""Which trial wins, and what it is worth on data that nobody has looked at."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from seqmem.baselines import Baseline, Drift, LastClose, MeanReturn
from seqmem.evaluation import backtest, edge, scores
from tuning.hypermodel import ForecastHyperModel
from tuning.searcher import SearchResult
from tuning.space import label


@dataclass(frozen=True)
class Selected:
    """The winner of a search, scored once.

    Attributes:
        forecaster: with the weights of its best epoch.
        trial: its row of the table of trials.
        name: what it is called in `scores`.
        scores: it and the baselines on the test origins, as `seqmem.evaluation.scores` gives them.
        verdict: whether it beats every baseline, in plain words.
    """

    forecaster: Any
    trial: dict[str, Any]
    name: str
    scores: pd.DataFrame
    verdict: str


def select(result: SearchResult, hypermodel: ForecastHyperModel) -> Selected:
    """Take the trial with the lowest validation loss and score it on the test part.

    This is the one place that touches the test part; nothing is chosen after it.
    """
    trial = result.table.iloc[0].to_dict()
    forecaster = result.load(trial["trial"])
    name = label(trial)
    prices, at = hypermodel.prices, hypermodel.split.test
    stop = int(at[0]) + 1  # the first row of the test part
    baselines: dict[str, Baseline] = {
        "last close": LastClose(horizon=hypermodel.horizon),
        "drift": Drift(horizon=hypermodel.horizon),
        "mean return": MeanReturn(horizon=hypermodel.horizon).fit(prices, stop),
    }
    results = backtest({name: forecaster, **baselines}, prices, at)
    table = scores(results, training=prices.iloc[:stop].to_numpy())
    return Selected(forecaster, trial, name, table, edge(results, name))
