"""Models whose forecasts exploded: what is better than they are has shown nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from seqmem.evaluation.results import Evaluation

MOST = 10.0  # times the mean loss of the plainest forecast that there is


def exploded(evaluation: "Evaluation") -> dict[str, str]:
    """The models that no other may be measured by, each with the reason, in words.

    On the headline score, of all days: a mean loss that is not finite, or above ten times that of the
    plainest forecast: of a variance the mean squared return of the rows before the test part, of a price the
    last close. Ten times is far beyond a bad model: a constant variance is some two times as bad as GARCH.
    """
    if "exploded" not in evaluation._cache:
        evaluation._cache["exploded"] = _find(evaluation)
    return evaluation._cache["exploded"]  # type: ignore[return-value]


def _find(evaluation: "Evaluation") -> dict[str, str]:
    score, h = evaluation.headline
    quantity = next(iter(evaluation.forecasts.values())).quantity
    reasons, limit = {}, _limit(evaluation)
    for model in evaluation.models:
        value = evaluation.value(score, model, h)
        losses = evaluation.origin_losses(score, model, h)[evaluation.known(score, h)]
        if not np.isfinite(value) or not np.isfinite(losses).all():
            reasons[model] = f"its {score.name} is not finite"
        elif value > limit:
            plain = f"{quantity.plainly} has {limit / MOST:.4g}"
            reasons[model] = f"its {score.name} is {value:.4g}, where {plain}"
    return reasons


def _limit(evaluation: "Evaluation") -> float:
    """The mean loss above which a model has exploded; infinity where nothing is that plain."""
    score, h = evaluation.headline
    first = next(iter(evaluation.forecasts.values()))
    mean = first.quantity.plainest(evaluation.outcome)
    if mean is None:
        return float("inf")
    plain = replace(first, mean=mean, quantiles=None, paths=None, levels=())
    try:
        own = replace(evaluation, forecasts={"": plain}, _cache={}).value(score, "", h)
    except ValueError:  # a score of quantiles, which a point has none of
        return float("inf")
    return MOST * own if own > 0 else float("inf")
