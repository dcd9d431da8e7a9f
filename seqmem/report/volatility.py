"""The volatility league as tables and a plot."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from seqmem.evaluation import CONFIDENCE, SIGNIFICANCE
from seqmem.evaluation.volatility import PROXIES
from seqmem.report.plots import figure_with_axes, saved

TRADING_DAYS = 252
SHORT = {"squared": "r²", "parkinson": "range"}
LEAGUE_NOTE = """QLIKE: mean of x - log x - 1, x = realised / forecast; ° in the model confidence set of 90%.
Ratios of it to another model's: below 1 is better; * p < .05, ** p < .01, by Diebold-Mariano.
Turbulent: the fifth of the origins with the highest volatility of the 22 days before."""


def league_tables(scores: pd.DataFrame, references: Sequence[str]) -> dict[str, pd.DataFrame]:
    """A table for each horizon and regime, of what `volatility_scores` gave: title -> a row for each model.

    The rows stand by QLIKE on the range, or on squared returns where there is none: the best first.
    """
    found = {}
    for (h, regime), part in scores.groupby(level=["h", "regime"], sort=False):
        columns: dict[str, pd.Series] = {}
        for proxy in part.index.unique("proxy"):
            rows = part.xs((proxy, h, regime), level=["proxy", "h", "regime"])
            inside = (rows["mcs"] >= CONFIDENCE).map({True: "°", False: " "})
            columns[f"{SHORT[proxy]} QLIKE"] = rows["qlike"].map("{:.3f}".format) + inside
            for name in references:
                stars = rows[f"p {name}"].map(_stars)
                columns[f"{SHORT[proxy]} /{name}"] = rows[f"ratio {name}"].map("{:.3f}".format) + stars
            order = rows["qlike"].sort_values().index  # as numbers: as text 10 stands before 9
        days = f"{h} day{'s' if h > 1 else ''}"
        title = f"Variance over {days}, {'all' if regime == 'all' else 'turbulent'} origins"
        found[title] = pd.DataFrame(columns).loc[order].rename_axis("model").reset_index()
    return found


def _stars(p: float) -> str:
    return "**" if p < 0.01 else "* " if p < SIGNIFICANCE else "  "


def plot_volatility(
    results: pd.DataFrame, path: str | Path, *, models: Sequence[str], smooth: int = 22
) -> Path:
    """Forecast volatility of a few models by date, annualised, against what came; turbulent days shaded.

    Args:
        results: what `volatility_backtest` gave.
        path: .png, .svg or .pdf.
        models: which to draw.
        smooth: days over which what came is averaged: a single day's is mostly noise.

    Raises:
        ValueError: a model that is not there, a suffix other than .png, .svg and .pdf, or no such folder.
    """
    missing = set(models) - set(results["model"])
    if missing:
        raise ValueError(f"plot: no model {sorted(missing)}. Received: {list(results['model'].unique())}")
    h = int(results["h"].min())
    days = results[results["h"] == h]
    figure, axes = figure_with_axes()
    one = days[days["model"] == models[0]].set_index("date")
    proxy = "parkinson" if "parkinson" in one else "squared"
    came = one[proxy].rolling(smooth, center=True, min_periods=1).mean() / h
    axes.fill_between(
        one.index, _yearly(came), color="0.85", label=f"realised ({PROXIES[proxy]}, centred, {smooth} days)"
    )
    for name in models:
        own = days[days["model"] == name]
        axes.plot(own["date"], _yearly(own["forecast"] / h), linewidth=0.8, label=name)
    top = axes.get_ylim()[1]
    axes.fill_between(one.index, top, where=one["turbulent"], color="tab:red", alpha=0.08, linewidth=0)
    axes.set_ylim(0, top)
    axes.set_ylabel("volatility of a year, %")
    axes.legend(frameon=False)
    return saved(figure, path)


def _yearly(variance: pd.Series) -> pd.Series:
    return 100 * np.sqrt(variance * TRADING_DAYS)
