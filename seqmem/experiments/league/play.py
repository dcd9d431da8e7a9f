"""The league: classics and networks forecast the variance of the same unseen days, of one series or many."""

import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.splits import Split
from seqmem.evaluation import (
    QLIKE,
    Forecast,
    HighVolatility,
    ParkinsonRange,
    Proxy,
    RealisedColumn,
    SquaredReturns,
    SquaredVarianceError,
    compare,
    seed_spread,
)
from seqmem.experiments.league.entrants import Entrant, collect_warnings, combined_name, ensemble_size
from seqmem.experiments.league.league import Judged, League
from seqmem.experiments.league.recommendation import choice_split, recommend
from seqmem.models.base import Model
from seqmem.models.classics import FitWarning
from seqmem.models.combine import GeometricMean, geometric_mean
from seqmem.models.forecaster import Forecaster
from seqmem.models.refit import RefitNetwork
from seqmem.models.volatility import forecast_members

CHUNK = 63  # consecutive origins to an example: fewer train nothing
Progress = Callable[[str], object]


def play(
    data: Dataset,
    entrants: Mapping[str, Entrant],
    combinations: Sequence[Sequence[str]],
    judged: Sequence[Judged],
    references: Sequence[str],
    progress: Progress,
    candidates: Sequence[str] = (),
) -> League:
    """Fit every entrant on what lies before the test part, and score all at the same origins of it, once.

    Args:
        data: one series or a panel.
        entrants: by name, in the order of the tables.
        combinations: names whose forecasts' geometric mean takes part too.
        judged: who is judged in the summary, and against whom.
        references: what the others are measured by.
        progress: told what is about to be done.
        candidates: models of which one is recommended, by the rows before the test part; it is judged too.

    Raises:
        ValueError: a series too short to train on and to score; a reference that cannot be fitted.
    """
    split = _split(data, entrants)
    for entrant in entrants.values():
        entrant.check(split)
    proxies: list[Proxy] = [SquaredReturns()]
    proxies += [ParkinsonRange()] if data.has("high", "low") else []
    proxies += [RealisedColumn()] if data.has("realized_variance") else []
    recommendation = None
    with collect_warnings() as notes:
        if candidates:
            earlier = choice_split(data, split)
            there = _entered(entrants, combinations, candidates)
            forecasts, _ = _forecasts(data, earlier, there, combinations, (), progress, "to choose: ")
            left = [name for name in candidates if name in forecasts]
            recommendation = recommend(forecasts, left, data, earlier, proxies)
            progress(recommendation.about)
        forecasts, models = _forecasts(data, split, entrants, combinations, references, progress)
    progress("scores")
    evaluation = compare(
        forecasts,
        data,
        split,
        [*map(QLIKE, proxies), *map(SquaredVarianceError, proxies)],
        regimes=[HighVolatility()],
    )
    if recommendation is not None:
        judged = _with_recommended(judged, recommendation.model)
    judged = [_present(one, forecasts) for one in judged if one.model in forecasts]
    origins = split.test(data)
    members = {
        name: _members(model, data, origins)
        for name, model in models.items()
        if isinstance(model, Forecaster | RefitNetwork) and ensemble_size(model) > 1
    }
    lines = [] if recommendation is None else [recommendation.about]
    lines += ["\n".join(evaluation.summary(one.model, one.references, one.also) for one in judged)]
    return League(
        evaluation,
        models,
        judged,
        references,
        recommendation,
        seed_spread(members, evaluation),
        "\n".join(lines),
        notes,
        data,
        split,
    )


def _forecasts(
    data: Dataset,
    split: Split,
    entrants: Mapping[str, Entrant],
    combinations: Sequence[Sequence[str]],
    needed: Sequence[str],
    progress: Progress,
    what: str = "",
) -> tuple[dict[str, Forecast], dict[str, Model]]:
    """The forecasts of every model from the test part of a split, and the models; combinations last."""
    origins = split.test(data)
    forecasts: dict[str, Forecast] = {}
    models: dict[str, Model] = {}
    for name, entrant in entrants.items():
        progress(f"{what}{name}, {entrant.about}")
        try:
            model = entrant.fitted(data, split)
            forecasts[name] = _checked(model.forecast(data, origins))
            models[name] = model
        except (ArithmeticError, ValueError) as error:  # ValueError: LinAlgError is one
            if not entrant.may_fail:
                raise
            if name in needed:
                raise ValueError(f"{name}, which the others are measured by: {error}") from error
            warnings.warn(f"{name} left out: {error}", FitWarning, stacklevel=2)
    for names in combinations:
        if all(name in models for name in names):
            forecasts[combined_name(names)] = geometric_mean([forecasts[name] for name in names])
            models[combined_name(names)] = GeometricMean([models[name] for name in names])
    return forecasts, models


def _entered(
    entrants: Mapping[str, Entrant], combinations: Sequence[Sequence[str]], candidates: Sequence[str]
) -> dict[str, Entrant]:
    """The entrants that candidates are, or are made of."""
    needed = set(candidates)
    needed |= {name for names in combinations if combined_name(names) in needed for name in names}
    return {name: entrant for name, entrant in entrants.items() if name in needed}


def _with_recommended(judged: Sequence[Judged], model: str) -> list[Judged]:
    """What is recommended is judged too, where it is not yet."""
    if any(one.model == model for one in judged):
        return list(judged)
    last = judged[-1]
    return [*judged, Judged(model, last.references, last.also[-1:])]


def _present(one: Judged, forecasts: Mapping[str, Forecast]) -> Judged:
    """Without rivals that could not be fitted, and without the model itself."""
    return Judged(
        one.model,
        [name for name in one.references if name in forecasts and name != one.model],
        [name for name in one.also if name in forecasts and name != one.model],
    )


def _split(data: Dataset, entrants: Mapping[str, Entrant]) -> Split:
    """The last 30% of the dates to score on, the fifth before them to stop the training."""
    context_length = max(entrant.model.context_length for entrant in entrants.values())
    horizon = max(max(entrant.model.horizons) for entrant in entrants.values())
    split = Split.by_share(data, context_length=context_length, horizon=horizon)
    try:
        parts = [split.train(data), split.validation(data), split.test(data)]
    except ValueError as error:
        raise ValueError(f"{data.name}: too few rows to train on and to score. {error}") from error
    counts = [sum(map(len, part.values())) for part in parts]
    if min(counts) < CHUNK:
        raise ValueError(
            f"{data.name}: {len(data)} rows are too few: expected at least {CHUNK} origins to train, "
            f"validate and score on, each with {context_length} rows up to it. "
            f"Received: {', '.join(map(str, counts))}"
        )
    return split


def _checked(forecast: Forecast) -> Forecast:
    """The forecast, if it is one of variances from every origin."""
    bad = np.flatnonzero(~forecast.quantity.is_valid(forecast.point).all(axis=1))
    if bad.size:
        row = int(bad[0])
        date = str(pd.Index(forecast.cutoff)[row])[:10]
        when = f"row {forecast.origins[row] + 1}, {date}"
        raise ValueError(f"its forecast from {when} is {forecast.point[row].tolist()}")
    return forecast


def _members(
    model: Forecaster | RefitNetwork, data: Dataset, origins: Mapping[str, np.ndarray]
) -> np.ndarray:
    """What each seed forecasts by itself, [M, N, H], of all series."""
    each = []
    for name, own in origins.items():
        if isinstance(model, Forecaster):
            each.append(forecast_members(model, data[name], own))
        else:  # in the order of the origins: a later training has later ones
            stages = model.stages(data.dates(name)[own])
            each += [forecast_members(one, data[name], own[mine]) for one, mine in stages]
    return np.concatenate(each, axis=1)
