"""The league: classics and networks forecast the variance of the same unseen days, of one series or many."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.splits import Split
from seqmem.evaluation import (
    QLIKE,
    Evaluation,
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
from seqmem.models.base import Model
from seqmem.models.classics import FitWarning
from seqmem.models.combine import geometric_mean
from seqmem.models.forecaster import Forecaster
from seqmem.models.volatility import forecast_members

CHUNK = 63  # consecutive origins to an example: fewer train nothing
Progress = Callable[[str], object]


@dataclass(frozen=True)
class Judged:
    """A model that is judged.

    Attributes:
        model: its name.
        references: that it should beat.
        also: rivals that may be as good; whether they are is said in any case.
    """

    model: str
    references: Sequence[str]
    also: Sequence[str] = ()


@dataclass(frozen=True)
class League:
    """What a league found.

    Attributes:
        evaluation: every forecast, scored beside what came.
        forecasters: the networks, fitted, by name.
        judged: the models that are judged: the first network alone, and with GJR-t.
        references: what the others are measured by.
        spread: QLIKE of the single seeds of each network; see `seed_spread`.
        summary: in plain words, whether the judged have an edge.
        warnings: what the fits said while they were made.
    """

    evaluation: Evaluation
    forecasters: Mapping[str, Forecaster]
    judged: Sequence[Judged]
    references: Sequence[str]
    spread: pd.DataFrame
    summary: str
    warnings: Sequence[str]


def play(
    data: Dataset,
    entrants: Mapping[str, Entrant],
    combinations: Sequence[Sequence[str]],
    judged: Sequence[Judged],
    references: Sequence[str],
    progress: Progress,
) -> League:
    """Fit every entrant on what lies before the test part, and score all at the same origins of it, once.

    Args:
        data: one series or a panel.
        entrants: by name, in the order of the tables.
        combinations: names whose forecasts' geometric mean takes part too.
        judged: who is judged in the summary, and against whom.
        references: what the others are measured by.
        progress: told what is about to be done.

    Raises:
        ValueError: a series too short to train on and to score; a reference or a rival that cannot be fitted.
    """
    split = _split(data, entrants)
    origins = split.test(data)
    needed = {*references, *(name for names in combinations for name in names)}
    needed |= {name for one in judged for name in (one.model, *one.references, *one.also)}
    forecasts: dict[str, Forecast] = {}
    models: dict[str, Model] = {}
    with collect_warnings() as notes:
        for name, entrant in entrants.items():
            progress(f"{name}, {entrant.about}")
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
        forecasts[combined_name(names)] = geometric_mean([forecasts[name] for name in names])
    progress("scores")
    proxies: list[Proxy] = [SquaredReturns()]
    proxies += [ParkinsonRange()] if data.has("high", "low") else []
    proxies += [RealisedColumn()] if data.has("realized_variance") else []
    evaluation = compare(
        forecasts,
        data,
        split,
        [*map(QLIKE, proxies), *map(SquaredVarianceError, proxies)],
        regimes=[HighVolatility()],
    )
    members = {
        name: _members(model, data, origins)
        for name, model in models.items()
        if isinstance(model, Forecaster) and ensemble_size(model) > 1
    }
    return League(
        evaluation,
        {name: model for name, model in models.items() if isinstance(model, Forecaster)},
        judged,
        references,
        seed_spread(members, evaluation),
        "\n".join(evaluation.summary(one.model, one.references, one.also) for one in judged),
        notes,
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


def _members(model: Forecaster, data: Dataset, origins: Mapping[str, np.ndarray]) -> np.ndarray:
    """What each seed forecasts by itself, [M, N, H], of all series."""
    each = [forecast_members(model, data[name], own) for name, own in origins.items()]
    return np.concatenate(each, axis=1)
