"""Models whose forecasts exploded: what is better than they are has shown nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seqmem.data.measures import squared_returns
from seqmem.quantities import Price, Variance

if TYPE_CHECKING:
    from seqmem.evaluation.forecast import Forecast
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
    plain = _plainest(evaluation)
    reasons = {}
    limit = np.inf
    if plain is not None:
        own = replace(evaluation, forecasts={"": plain}, _cache={}).value(score, "", h)
        limit = MOST * own if own > 0 else np.inf
    for model in evaluation.models:
        value = evaluation.value(score, model, h)
        losses = evaluation.origin_losses(score, model, h)[evaluation.known(score, h)]
        if not np.isfinite(value) or not np.isfinite(losses).all():
            reasons[model] = f"its {score.name} is not finite"
        elif value > limit:
            name = "the mean of the past" if isinstance(_quantity(evaluation), Variance) else "the last close"
            reasons[model] = f"its {score.name} is {value:.4g}, where {name} has {limit / MOST:.4g}"
    return reasons


def _quantity(evaluation: "Evaluation") -> object:
    return next(iter(evaluation.forecasts.values())).quantity


def _plainest(evaluation: "Evaluation") -> "Forecast | None":
    """What a forecaster without any model would say; None where there is no such thing."""
    outcome, first = evaluation.outcome, next(iter(evaluation.forecasts.values()))
    rows = np.array(first.horizons)
    if isinstance(first.quantity, Variance):
        mean = outcome.by_series(_mean_square) * rows
    elif isinstance(first.quantity, Price):
        mean = np.repeat(outcome.last[:, None], len(rows), axis=1)
    else:
        return None
    return replace(first, mean=mean, quantiles=None, paths=None, levels=())


def _mean_square(known: pd.DataFrame) -> float:
    return float(squared_returns(known["close"].to_numpy())[1:].mean())
