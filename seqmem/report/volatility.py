"""Forecast volatility by date beside what came, drawn."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seqmem.report.plots import figure_with_axes, saved, span

if TYPE_CHECKING:
    from seqmem.evaluation import Evaluation, Forecast, Proxy

SMOOTH = 22  # days over which what came is averaged: a single day's is mostly noise


def plot_variances(
    evaluation: "Evaluation", path: str | Path, *, models: Sequence[str], proxy: "Proxy", smooth: int = SMOOTH
) -> Path:
    """Forecast volatility of a few models by date, annualised, against what came; high volatility shaded.

    Args:
        evaluation: of variances of one series.
        path: .png, .svg or .pdf.
        models: which to draw.
        proxy: of what came.
        smooth: days over which what came is averaged.

    Raises:
        ValueError: a model that is not there, a suffix that matplotlib cannot write, or no such folder.
    """
    missing = set(models) - set(evaluation.models)
    if missing:
        raise ValueError(f"plot: no model {sorted(missing)}. Received: {list(evaluation.models)}")
    dates = pd.Index(evaluation.outcome.cutoff)
    figure, axes = figure_with_axes()
    label = f"realised ({proxy.name}, mean of {smooth} days around)"
    axes.fill_between(dates, realised(evaluation, proxy, smooth), color="0.85", label=label)
    for name in models:
        axes.plot(dates, annualised(evaluation.forecasts[name]), linewidth=0.8, label=name)
    top = axes.get_ylim()[1]
    for regime in evaluation.regimes[1:]:
        mask = evaluation.masks[regime.name]
        axes.fill_between(
            dates, top, where=mask, color="tab:red", alpha=0.08, linewidth=0, label=regime.title
        )
    axes.set_ylim(0, top)
    h = min(evaluation.outcome.horizons)
    axes.set_title(
        f"{evaluation.outcome.data.name}: volatility over {h} {'day' if h == 1 else 'days'}, "
        f"forecast and realised, {span(dates)}"
    )
    axes.set_xlabel("date of the forecast")
    axes.set_ylabel("annualised volatility, %")
    axes.legend(edgecolor="none", framealpha=0.8)  # what came is drawn behind it
    return saved(figure, path)


def annualised(forecast: "Forecast") -> np.ndarray:
    """The volatility over the shortest horizon, annualised, in percent, [N]."""
    column = int(np.argmin(forecast.horizons))
    return 100 * np.asarray(forecast.quantity.columns(forecast)["volatility"])[:, column]


def realised(evaluation: "Evaluation", proxy: "Proxy", smooth: int = SMOOTH) -> np.ndarray:
    """What came over the shortest horizon, in the same unit, averaged over the days around each, [N]."""
    came = pd.DataFrame(proxy.realised(evaluation.outcome))
    groups = came.groupby(pd.Index(evaluation.outcome.unique_id), sort=False)
    around = groups.transform(lambda own: own.rolling(smooth, center=True, min_periods=1).mean())
    first = next(iter(evaluation.forecasts.values()))
    return annualised(replace(first, mean=around.to_numpy(), quantiles=None, paths=None, levels=()))
