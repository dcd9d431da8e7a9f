"""Tables of an evaluation: its scores with their tests, by series, and across seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from seqmem.evaluation.results import KEYS, Evaluation, index_of


def scorecard(evaluation: Evaluation, references: Sequence[str], *, seed: int = 0) -> pd.DataFrame:
    """Every score with its tests against the references, and the model confidence set.

    Args:
        evaluation: of the models.
        references: models to test against.
        seed: of the bootstraps of the confidence set.

    Returns:
        Indexed by (score, h, regime, model): value; for each reference NAME ``ratio NAME`` (of the scores),
        ``dm NAME`` and ``p NAME`` (Diebold-Mariano, HAC errors; negative is better); mcs, the p-value in the
        model confidence set (in it from .10), for scores of the headline's kind. Against a reference that
        exploded all are NaN.
    """
    found = evaluation.table
    tests = evaluation.tests(references)
    for name in references:
        own = tests.xs(name, level="reference")
        if name in evaluation.exploded:  # whatever is better has shown nothing
            own = own.assign(ratio=np.nan, statistic=np.nan, p_value=np.nan)
        for short, column in (("ratio", "ratio"), ("dm", "statistic"), ("p", "p_value")):
            found[f"{short} {name}"] = own[column].reindex(found.index).astype("float64")
    return found.assign(mcs=evaluation.confidence_set(seed=seed).reindex(found.index))


def score_by_series(evaluation: Evaluation) -> pd.DataFrame:
    """The headline score of each series (rows) and model, of all days."""
    score, h = evaluation.headline
    rows = {
        name: {model: evaluation.value(score, model, h, only=mine) for model in evaluation.models}
        for name, mine in evaluation.outcome.series()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("unique_id")


def reference_tests(evaluation: Evaluation, models: Sequence[str], references: Sequence[str]) -> pd.DataFrame:
    """Tests of a few models against each reference, on the scores of the headline's kind.

    Indexed by (model, reference, score, h, regime), in this order.
    """
    alike = {score.name for score in evaluation.alike}
    tests = evaluation.tests(references, models)
    tests = tests[tests.index.get_level_values("score").isin(alike)]
    order = ["model", "reference", *KEYS[:3]]
    wanted = [
        (model, reference, score.name, h, regime)
        for model in models
        for reference in references
        for score, h, regime in evaluation.cases
        if score.name in alike
    ]
    return tests.reorder_levels(order).loc[wanted].set_axis(index_of(wanted, order))


def seed_spread(members: Mapping[str, np.ndarray], evaluation: Evaluation) -> pd.DataFrame:
    """How scores spread across seeds: those of the single members of an ensemble, beside the ensemble's.

    Args:
        members: name of the ensemble in the evaluation -> its members' forecasts [M, N, H], from the same
            origins in the same order.
        evaluation: of the ensembles.

    Returns:
        Indexed by (model, score, h): together, best, mean and worst.
    """
    rows = {}
    for name, each in members.items():
        ensemble = evaluation.forecasts[name]
        alone = [
            replace(evaluation, forecasts={name: replace(ensemble, mean=one)}, _cache={}) for one in each
        ]
        for score in evaluation.alike:
            for h in evaluation.outcome.horizons:
                single = [one.value(score, name, h) for one in alone]
                rows[name, score.name, h] = {
                    "together": evaluation.value(score, name, h),
                    "best": min(single),
                    "mean": float(np.mean(single)),
                    "worst": max(single),
                }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["together", "best", "mean", "worst"])
    return frame.set_axis(index_of(rows, ["model", "score", "h"]))
