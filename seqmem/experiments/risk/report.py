"""Value at risk and expected shortfall of many models at the same origins, tested beside what came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from seqmem.data.dataset import PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation import CRPS, Coverage, Evaluation, Forecast, Width, compare
from seqmem.evaluation.risk_scores import FisslerZiegel
from seqmem.experiments.league.entrants import Design, collect_warnings, display_name
from seqmem.experiments.risk.breaches import backtests, sized
from seqmem.models.base import Model
from seqmem.models.classics import EWMA, GARCH, HistoricalSimulation, LogHAR, OwnDistribution, WalkForward
from seqmem.models.filtered_simulation import FilteredHistoricalSimulation
from seqmem.models.train import train
from seqmem.networks import ResidualRecurrent

LEVELS = (0.01, 0.05)
TARGET = 0.10  # annualised volatility that a position is sized to
REFERENCE = "GARCH-t"
Progress = Callable[[str], object]


@dataclass(frozen=True)
class RiskReport:
    """What a risk report found.

    Attributes:
        evaluation: every forecast, scored by Fissler-Ziegel, CRPS, coverage and width.
        table: by series, h, side, level and model: breaches, expected, p-values of the backtests, light.
        scores: by score, h and model: the value, its difference to the reference's, p, in the confidence set.
        sizing: by model: the volatility of a position that was sized to 10% a year.
        today: the value at risk and expected shortfall from the last row, by series, model, h and level.
        summary: in plain words.
        warnings: what the fits said while they were made.
    """

    evaluation: Evaluation
    table: pd.DataFrame
    scores: pd.DataFrame
    sizing: pd.Series
    today: pd.DataFrame
    summary: str
    warnings: Sequence[str]


def risk_report(
    data: PriceData,
    *,
    levels: Sequence[float] = LEVELS,
    horizons: Sequence[int] = (1, 5),
    cell: str | None = "lstm",
    ensemble_size: int = 5,
    every: int = 63,
    epochs: int = 60,
    seed: int = 0,
    progress: Progress = lambda what: None,
) -> RiskReport:
    """Forecast the tails of returns by every model, and test them on the last 30% of the rows.

    Models: the quantiles of the past (historical simulation); EWMA, GARCH-t and GJR-t with their own errors;
    and filtered historical simulation (FHS) on each of them, on log HAR where there is a range, and on a
    recurrent network. Classics are fitted again every `every` rows; the network and the shapes of FHS, from
    the validation part, stand still from the beginning of the test part.

    Args:
        data: one series or a panel.
        levels: shares of days on which the value at risk is exceeded.
        horizons: rows ahead, the shortest first.
        cell: of the network, by name; None: no network.
        ensemble_size: seeds of the network.
        every: rows from refit to refit of the classics.
        epochs: of the network, at most.
        seed: of its weights.
        progress: told what is about to be done.

    Raises:
        ValueError: a series too short, or levels outside (0, .5).
    """
    dataset = as_dataset(data)
    use_range = dataset.has("high", "low")
    with collect_warnings() as notes:
        models = _models(tuple(horizons), use_range=use_range, every=every)
        network = None
        if cell is not None:
            network = Design(use_range, tuple(horizons), lookback=60, ensemble_size=ensemble_size)
        context = max(
            *(model.context_length for model in models.values()),
            0 if network is None else network.forecaster(cell).context_length,
        )
        split = Split.by_share(dataset, context_length=context, horizon=max(horizons))
        origins = split.test(dataset)
        if network is not None:
            name = display_name(cell or "")
            progress(f"{name}, trained with {ensemble_size} seeds")
            recipe = replace(ResidualRecurrent.recipe, epochs=epochs, seed=seed)
            fitted = train(partial(network.forecaster, cell), dataset, split, recipe)
            shaped = FilteredHistoricalSimulation(fitted, horizons=horizons).keep_shapes(dataset, split)
        for name, model in models.items():
            progress(name)
            model.fit(dataset, split)
        if network is not None:
            models[f"FHS {display_name(cell or '')}"] = shaped
        forecasts = {name: model.forecast(dataset, origins) for name, model in models.items()}
        last = {name: model.forecast(dataset) for name, model in models.items()}
    progress("backtests")
    scores = [FisslerZiegel(level, short=short) for level in levels for short in (False, True)]
    evaluation = compare(forecasts, dataset, split, [*scores, CRPS(), Coverage(90), Width(90)])
    return RiskReport(
        evaluation,
        backtests(evaluation, levels),
        _scores(evaluation, seed),
        sized(evaluation, dataset.calendar.periods_per_year, TARGET),
        _today(last, levels),
        "\n".join(_summary(evaluation, name) for name in models if name.startswith("FHS")),
        notes,
    )


def _models(horizons: Sequence[int], *, use_range: bool, every: int) -> dict[str, Model]:
    """The classics by name, not fitted: each with its own errors, then as the scale of FHS."""
    variances = [
        EWMA(horizons=horizons),
        GARCH(distribution="t", horizons=horizons),
        GARCH(o=1, distribution="t", horizons=horizons),
    ]
    models: dict[str, Model] = {"historical": HistoricalSimulation(horizons=horizons)}
    for classic in variances:
        models[classic.name] = WalkForward(OwnDistribution(classic), every)
    for classic in [*variances, *([LogHAR(horizons=horizons)] if use_range else [])]:
        scale = WalkForward(classic, every)
        models[f"FHS {classic.name}"] = FilteredHistoricalSimulation(scale, horizons=horizons)
    return models


def _scores(evaluation: Evaluation, seed: int) -> pd.DataFrame:
    """Each score of each model, tested against the reference, and whether it is in the confidence set."""
    proper = [score for score in evaluation.scores if score.proper]
    sets = evaluation.confidence_set(proper, seed=seed)
    rows = []
    for score in evaluation.scores:
        for h in evaluation.outcome.horizons:
            for model in evaluation.models:
                row: dict[str, object] = {"score": score.name, "h": h, "model": model}
                row["value"] = evaluation.value(score, model, h)
                if score.proper:
                    test = evaluation.test(model, REFERENCE, score, h)
                    row |= {"difference": test["difference"], "p": test["p_value"]}
                    row["mcs"] = sets.loc[(score.name, h, "all", model)]
                rows.append(row)
    return pd.DataFrame(rows).set_index(["score", "h", "model"])


def _today(last: Mapping[str, Forecast], levels: Sequence[float]) -> pd.DataFrame:
    rows = []
    for model, forecast in last.items():
        for level in levels:
            risk, shortfall = forecast.var(level), forecast.es(level)
            for row, name in enumerate(forecast.unique_id):
                for column, h in enumerate(forecast.horizons):
                    rows.append(
                        {
                            "series": name,
                            "model": model,
                            "h": h,
                            "level": level,
                            "VaR": risk[row, column],
                            "ES": shortfall[row, column],
                        }
                    )
    return pd.DataFrame(rows)


def _summary(evaluation: Evaluation, model: str) -> str:
    return evaluation.summary(model, [REFERENCE])
