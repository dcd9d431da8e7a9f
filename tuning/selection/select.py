"""Which trial wins, and what it is worth on data that nobody has looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import pandas as pd

from seqmem.models.forecaster import Forecaster
from tuning.hypermodel import ForecastHyperModel
from tuning.instrumented import fit_seed
from tuning.searcher import SearchResult
from tuning.selection.noise import Noise, measure
from tuning.selection.report import report
from tuning.selection.rules import OneStandardErrorRule, Rule
from tuning.space import label


@dataclass(frozen=True)
class Selected:
    """The winner of a search, trained again and scored once.

    Attributes:
        forecaster: trained on all that comes before the test part.
        trial: its row of the table of trials.
        name: what it is called in `scores`.
        scores: it and the baselines on the test origins, as `scores` or `volatility_scores` of
            `seqmem.evaluation` give them.
        verdict: whether it beats the baselines, in plain words.
        report: why it was taken, and how much of that is chance: sentences.
        noise: the same in numbers.
    """

    forecaster: Any
    trial: dict[str, Any]
    name: str
    scores: pd.DataFrame
    verdict: str
    report: list[str]
    noise: Noise


def select(
    result: SearchResult, hypermodel: ForecastHyperModel, rule: Rule | None = None, seeds: int = 1
) -> Selected:
    """Take a trial, train it again on training and validation together, and score it on the test part.

    This is the one place that touches the test part; nothing is chosen after it.

    Args:
        result: of the search.
        hypermodel: that was searched over.
        rule: which trial wins; by default `OneStandardErrorRule()`.
        seeds: trainings whose mean forecast is the forecaster's.
    """
    noise = measure(result.outcomes)
    trial, why = (rule or OneStandardErrorRule()).take(result.table, noise)
    forecaster, name = refit(hypermodel, trial, search_seed=result.seed, seeds=seeds), label(trial)
    scores, verdict = hypermodel.task.judge(name, forecaster, hypermodel.prices, hypermodel.parts.test)
    return Selected(forecaster, trial, name, scores, verdict, report(trial, why, noise), noise)


def refit(
    hypermodel: ForecastHyperModel, trial: dict[str, Any], *, search_seed: int = 0, seeds: int = 1
) -> Any:
    """A trial's configuration, trained on all that comes before the test part.

    There is nothing left to stop it by: it is trained for as many epochs as the median of the trial's fits
    took to their best.

    Args:
        hypermodel: that was searched over.
        trial: a row of the table of trials.
        search_seed: of the search.
        seeds: trainings whose mean forecast is the forecaster's.
    """
    if seeds < 1:
        raise ValueError(f"refit: seeds must be at least 1. Received: seeds={seeds}")
    choice = {name: trial[name] for name in hypermodel.space.nearest()}

    def train(make: Callable[[], Forecaster], seed: int) -> Forecaster:
        keras.utils.set_random_seed(fit_seed(search_seed, trial["trial"], hypermodel.walk.count, seed))
        forecaster = make()
        epochs = max(1, int(trial["best_epoch"]))
        hypermodel.train(forecaster, hypermodel.parts.known, epochs=epochs, seed=seed)
        return forecaster

    return hypermodel.task.averaged(lambda task: hypermodel.compiled(choice, task), train, seeds)
