"""Value at risk and expected shortfall of many models at the same origins, tested beside what came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from seqmem._html import facts
from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation import (
    CRPS,
    Coverage,
    Evaluation,
    Forecast,
    JointCoverage,
    Width,
    compare,
    coverage_table,
)
from seqmem.evaluation.risk_scores import FisslerZiegel
from seqmem.experiments.league.entrants import Design, collect_warnings, display_name
from seqmem.experiments.risk.breaches import backtests, over_series, sized
from seqmem.models.base import Model
from seqmem.models.classics import EWMA, GARCH, HistoricalSimulation, LogHAR, OwnDistribution, WalkForward
from seqmem.models.filtered_simulation import FilteredHistoricalSimulation
from seqmem.models.train import train
from seqmem.networks import ResidualRecurrent

LEVELS = (0.01, 0.05)
_TAIL = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4)
LEVELS_OF_PANELS = (*_TAIL, 0.5, *(1 - level for level in reversed(_TAIL)))
BLOCKS_OF_PANELS = 1000
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
        coverage: of the 50 and 90% intervals by h and model, with its binomial interval, and of the joint
            band where there are paths (see `coverage_table`).
    """

    evaluation: Evaluation
    table: pd.DataFrame
    scores: pd.DataFrame
    sizing: pd.Series
    today: pd.DataFrame
    summary: str
    warnings: Sequence[str]
    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def over_series(self) -> pd.DataFrame:
        """The backtests of a panel over its series; see `breaches.over_series`."""
        return over_series(self.table)

    def _repr_html_(self) -> str:
        return facts("Risk report", dict(enumerate(self.summary.splitlines(), 1)), self.today)


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
    recurrent network. Classics are fitted again every `every` rows; the network is trained once; the shapes
    of FHS are the latest of each row. On a panel FHS gives quantiles, not paths, of half as many blocks.

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
    use_range, several = dataset.has("high", "low"), len(dataset.ids) > 1
    shaped: dict[str, Any] = {"horizons": horizons}
    if several:
        shaped |= {"levels": LEVELS_OF_PANELS, "blocks": BLOCKS_OF_PANELS}
    with collect_warnings() as notes:
        models = _models(tuple(horizons), shaped, use_range=use_range, every=every)
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
            simulated = FilteredHistoricalSimulation(fitted, **shaped)
            models[f"FHS {name}"] = simulated.keep_shapes(dataset, split)
        forecasts, last = {}, {}
        for name, model in models.items():
            progress(f"{name}, {len(dataset.ids)} series" if several else name)
            if network is None or name != f"FHS {display_name(cell or '')}":
                model.fit(dataset, split)
            forecasts[name], last[name] = _forecasts(model, dataset, origins)
    progress("backtests")
    scores = [FisslerZiegel(level, short=short) for level in levels for short in (False, True)]
    intervals = [Coverage(50), Coverage(90), Width(90)]
    evaluation = compare(forecasts, dataset, split, [*scores, CRPS(), *intervals])
    covered = coverage_table(evaluation)
    paths = {name: one for name, one in forecasts.items() if one.paths is not None}
    if paths:
        joint = coverage_table(compare(paths, dataset, split, [JointCoverage(90)]))
        covered = pd.concat([covered, joint])
    return RiskReport(
        evaluation,
        backtests(evaluation, levels),
        _scores(evaluation, seed),
        sized(evaluation, dataset.calendar.periods_per_year, TARGET),
        _today(last, levels),
        "\n".join(_summary(evaluation, name) for name in models if name.startswith("FHS")),
        notes,
        covered,
    )


def _forecasts(model: Model, data: Dataset, origins: Mapping[str, np.ndarray]) -> tuple[Forecast, Forecast]:
    """From the origins, and from the last row of each series: asked for at once, so that fits serve both."""
    both = {name: np.append(rows, len(data.frames[name]) - 1) for name, rows in origins.items()}
    found = model.forecast(data, both)
    last = found.origins == np.array([both[name][-1] for name in found.unique_id])
    return found.at(~last), found.at(last)


def _models(
    horizons: Sequence[int], shaped: Mapping[str, Any], *, use_range: bool, every: int
) -> dict[str, Model]:
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
        models[f"FHS {classic.name}"] = FilteredHistoricalSimulation(scale, **shaped)
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
