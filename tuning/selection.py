"""Which trial wins, and what it is worth on data that nobody has looked at."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

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
        scores: it and the baselines on the test origins, as `scores` or `volatility_scores` of
            `seqmem.evaluation` give them.
        verdict: whether it beats the baselines, in plain words.
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
    forecaster, name = result.load(trial["trial"]), label(trial)
    at = hypermodel.split.test
    return Selected(forecaster, trial, name, *hypermodel.task.judge(name, forecaster, hypermodel.prices, at))
