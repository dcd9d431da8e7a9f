"""Selection: which trial wins, and its score on the test part, which nothing has seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from seqmem.data.splits import Split
from seqmem.evaluation import Evaluation
from seqmem.models.forecaster import Forecaster
from seqmem.networks import EnsembleMean
from tuning.hypermodel import ForecastHyperModel
from tuning.instrumented import fit_seed
from tuning.searcher import SearchResult
from tuning.selection.noise import Noise, measure
from tuning.selection.rules import OneStandardErrorRule, Rule
from tuning.space import label


@dataclass(frozen=True, eq=False)
class Selected:
    """The winner of a search, trained again and scored once.

    Attributes:
        forecaster: trained on all that comes before the test part.
        trial: its row of the table of trials.
        name: in `evaluation`.
        evaluation: it and the baselines on the test origins.
        summary: whether it beats the baselines, in plain words.
        report: sentences: why it was taken, and how much of its lead is chance.
        noise: the same in numbers.
    """

    forecaster: Forecaster
    trial: dict[str, Any]
    name: str
    evaluation: Evaluation
    summary: str
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
    noise, task = measure(result.outcomes), hypermodel.task
    trial, why = (rule or OneStandardErrorRule()).take(result.table, noise)
    forecaster, name = refit(hypermodel, trial, search_seed=result.seed, seeds=seeds), label(trial)
    found = task.evaluate(name, forecaster, hypermodel.data, hypermodel.split)
    first = "the default" if hypermodel.starts_with_default else "the earlier winner"
    sentences = report(trial, why, noise, naive=task.naive, first=first)
    return Selected(forecaster, trial, name, found, task.summary(name, found), sentences, noise)


def refit(
    hypermodel: ForecastHyperModel,
    trial: dict[str, Any],
    *,
    search_seed: int = 0,
    seeds: int = 1,
    split: Split | None = None,
) -> Forecaster:
    """A trial's configuration, trained on all that comes before the test part, or on a split of yours.

    There is nothing left to stop it by: it is trained for as many epochs as the median of the trial's fits
    took to their best.

    Args:
        hypermodel: that was searched over.
        trial: a row of the table of trials.
        search_seed: of the search.
        seeds: trainings whose mean forecast is the forecaster's.
        split: what is trained on; `hypermodel.split.final(data)` holds nothing back.
    """
    if seeds < 1:
        raise ValueError(f"refit: seeds must be at least 1. Received: seeds={seeds}")
    choice = {name: trial[name] for name in hypermodel.space.nearest()}
    epochs = max(1, int(trial["best_epoch"]))
    fitted = []
    for seed in range(seeds):
        keras.utils.set_random_seed(fit_seed(search_seed, trial["trial"], hypermodel.folds.count, seed))
        forecaster = hypermodel.compiled(choice)
        hypermodel.train(forecaster, choice, split or hypermodel.refit_split, epochs=epochs, seed=seed)
        fitted.append(forecaster)
    if seeds == 1:
        return fitted[0]
    first = fitted[0]
    return Forecaster(EnsembleMean([one.network for one in fitted]), first.target, first.lookback)


def report(
    taken: Mapping[str, Any], why: str, noise: Noise, *, naive: str = "no change", first: str = "the default"
) -> list[str]:
    """Sentences on the trial that was taken, its gains, and how much of them is chance."""
    sentences = [f"Taken: trial {taken['trial']}, {label(taken)}, {why}.", _gains(taken, naive, first)]
    if noise.trials < 2:
        return sentences
    if not np.isfinite(noise.error):
        return [*sentences, "The noise is not known: train each trial on more folds or seeds."]
    return [*sentences, _margin(noise), _chance(noise)]


def _gains(taken: Mapping[str, Any], naive: str, first: str) -> str:
    default = taken["of_default"]
    beside = f" and {default:.4f} of {first}'s" if np.isfinite(default) else ""
    own = f" (it is {first})" if int(taken["trial"]) == 0 else beside
    return f"Its validation loss is {taken['ratio']:.4f} of that of {naive}{own}."


def _margin(noise: Noise) -> str:
    seeds = f"; from seed to seed {noise.seed_std:.2g}" if np.isfinite(noise.seed_std) else ""
    less = "less" if noise.margin < noise.error else "more"
    return (
        f"Noise: spread (sd) of mean losses over {noise.trials} trials {noise.std:.2g}; standard error of "
        f"each {noise.error:.2g}{seeds}. The best leads the next by {noise.margin:.2g}, {less} than that."
    )


def _chance(noise: Noise) -> str:
    verdict = "the trials differ" if noise.p < 0.05 else "it may be chance"
    return (
        f"Chance: the best of {noise.trials} is {noise.gain_over_median:.2g} better than the median. Had all "
        f"been equally good, it would be {noise.null_gain:.2g} better on average, and the means would lie at "
        f"least as far apart in {noise.p:.1%} of cases: {verdict}."
    )
