"""Evaluate models: every one from the same origins, scored, with significance."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seqmem.data.dataset import PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.outcome import AllDays, Outcome, Regime
from seqmem.evaluation.results import Evaluation
from seqmem.evaluation.scores import Score

if TYPE_CHECKING:
    from seqmem.models.base import Model


def evaluate(
    models: "Mapping[str, Model]",
    data: PriceData,
    split: Split,
    scores: Sequence[Score],
    *,
    regimes: Sequence[Regime] = (),
) -> Evaluation:
    """Score fitted models on the test part of a split, every one from the same origins.

    An origin has the rows before it that the longest context of all models needs, and the rows after it that
    the longest horizon needs.

    Args:
        models: name -> a fitted model; all of one quantity and of the same horizons.
        data: one series or a panel.
        split: where the test part begins.
        scores: the first is the headline.
        regimes: parts of the origins that are scored by themselves too, beside all of them.

    Raises:
        ValueError: no models or scores; models that differ in what they forecast; a forecast that is no value
            of its quantity: which, and when.

    >>> from seqmem.evaluation import SquaredLogError
    >>> from seqmem.models.classics import Drift, LastClose
    >>> split = Split.by_share("bundled:sp500")
    >>> models = {name: model.fit("bundled:sp500", split) for name, model in
    ...     {"last close": LastClose(horizon=2), "drift": Drift(horizon=2)}.items()}
    >>> evaluate(models, "bundled:sp500", split, [SquaredLogError()]).table.unstack("h").round(3)
                              value
    h                            1      2   path
    score regime model
    RMSE  all    last close  0.814  1.141  0.991
                 drift       0.814  1.140  0.991
    """
    if not isinstance(models, Mapping):
        raise ValueError(
            "evaluate: expected models by name, and the data after them: "
            f'evaluate({{"lstm": forecaster}}, data, split, scores). Received: {_short(models)}'
        )
    _check_rest("evaluate", split, scores)
    if not models:
        raise ValueError("evaluate: expected at least one model. Received: none")
    dataset = as_dataset(data)
    origins = split.test(
        dataset,
        context_length=max(
            *(model.context_length for model in models.values()), *(one.context_length for one in regimes), 1
        ),
        horizon=max(max(model.horizons) for model in models.values()),
    )
    forecasts = {name: model.forecast(dataset, origins) for name, model in models.items()}
    return compare(forecasts, dataset, split, scores, regimes=regimes)


def compare(
    forecasts: Mapping[str, Forecast],
    data: PriceData,
    split: Split,
    scores: Sequence[Score],
    *,
    regimes: Sequence[Regime] = (),
) -> Evaluation:
    """Score forecasts that were made from the same origins; arguments and errors as `evaluate` has them."""
    if not isinstance(forecasts, Mapping):
        raise ValueError(f"compare: expected forecasts by name. Received: {_short(forecasts)}")
    _check_rest("compare", split, scores)
    if not forecasts or not scores:
        raise ValueError(
            f"compare: expected forecasts and scores. Received: {list(forecasts)} and {list(scores)}"
        )
    dataset = as_dataset(data)
    first = next(iter(forecasts.values()))
    for name, one in forecasts.items():
        for what, mine, theirs in (
            ("quantity", type(one.quantity), type(first.quantity)),
            ("horizons", one.horizons, first.horizons),
            ("origins", one.origins.tolist(), first.origins.tolist()),
        ):
            if mine != theirs:
                received = f"{name}: {mine}"
                raise ValueError(
                    f"compare: expected the same {what} of every model. Received: {received[:200]}"
                )
        _check_values(name, one)
    names = [score.name for score in scores]
    if len(set(names)) < len(names):
        raise ValueError(f"compare: expected scores of different names. Received: {names}")
    for score in scores:
        if not isinstance(first.quantity, score.quantity):
            raise ValueError(
                f"{score.name} scores a {score.quantity.name}. Received: forecasts of a {first.quantity.name}"
            )
    outcome = Outcome.after(first, dataset, split.known(dataset))
    masks = {regime.name: regime.mask(outcome) for regime in (AllDays(), *regimes)}
    return Evaluation(dict(forecasts), outcome, tuple(scores), (AllDays(), *regimes), masks)


def _check_rest(who: str, split: object, scores: object) -> None:
    if not isinstance(split, Split):
        raise ValueError(f"{who}: expected a Split, such as Split.by_share(data). Received: {_short(split)}")
    if not isinstance(scores, Sequence) or not all(isinstance(one, Score) for one in scores):
        raise ValueError(
            f"{who}: expected a list of scores, such as [SquaredLogError()]. Received: {_short(scores)}"
        )


def _short(received: object) -> str:
    return type(received).__name__ if isinstance(received, pd.DataFrame | pd.Series) else repr(received)[:200]


def _check_values(name: str, forecast: Forecast) -> None:
    for row, column in np.argwhere(~forecast.quantity.is_valid(forecast.point))[:1]:
        date = pd.Index(forecast.cutoff)[row]
        series = f"{forecast.unique_id[row]}, " if len(set(forecast.unique_id)) > 1 else ""
        raise ValueError(
            f"{name}, {series}from {str(date)[:10]}, h = {forecast.horizons[column]}: expected "
            f"{forecast.quantity.expected}. Received: {forecast.point[row, column]}"
        )
