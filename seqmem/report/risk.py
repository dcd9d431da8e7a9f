"""The risk report as tables and a plot."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seqmem.evaluation import CONFIDENCE
from seqmem.evaluation.significance import SIGNIFICANCE
from seqmem.report.plots import figure_with_axes, saved, span

if TYPE_CHECKING:
    from seqmem.experiments.risk import RiskReport

P_VALUES_NOTE = """Breaches: days on which the loss was above the value at risk. p-values, small where it
was wrong: coverage (Kupiec), independence (Christoffersen), dynamic (Engle-Manganelli), shortfall
(McNeil-Frey). Light: the Basel traffic light of the last 250 days. FZ: Fissler-Ziegel loss of VaR and ES,
lower is better."""
SHORT = {"coverage p": "cover", "independence p": "indep", "dynamic p": "dynamic", "shortfall p": "shortfall"}


def breach_tables(found: "RiskReport") -> dict[str, pd.DataFrame]:
    """A table for each series, horizon, side and level: title -> breaches, p-values and FZ by model."""
    tables = {}
    for (series, h, side, level), rows in found.table.groupby(level=[0, 1, 2, 3], sort=False):
        rows = rows.droplevel([0, 1, 2, 3])
        shown = pd.DataFrame(index=rows.index)
        shown["breaches"] = rows["breaches"].astype(str) + " of " + rows["days"].astype(str)
        for name, short in SHORT.items():
            shown[short] = rows[name].map(lambda p: "" if np.isnan(p) else f"{p:.3f}")
        shown["light"] = rows["light"]
        score = found.scores.xs((f"FZ {level:g} {side}", h), level=["score", "h"])
        shown["FZ"] = [
            f"{value:.3f}{'°' if mcs >= CONFIDENCE else ' '}{_stars(p)}"
            for value, mcs, p in zip(score["value"], score["mcs"], score["p"], strict=True)
        ]
        days = "a day" if h == 1 else f"{h} days"
        expected = rows["expected"].iloc[0]
        title = f"{series}: {level:.0%} over {days}, {side} ({expected:.0f} breaches expected)"
        tables[title] = shown.rename_axis("model").reset_index()
    return tables


def today_table(found: "RiskReport") -> pd.DataFrame:
    """Value at risk and expected shortfall from the last row, in percent."""
    rows = found.today
    several = rows["series"].nunique() > 1
    keys = [*(["series"] if several else []), "model"]
    names = rows["h"].astype(str) + "d " + rows["level"].map("{:.0%}".format)
    values = rows["VaR"].map("{:.2%}".format) + " / " + rows["ES"].map("{:.2%}".format)
    wide = rows.assign(column=names, value=values).pivot(index=keys, columns="column", values="value")
    return wide.loc[:, list(dict.fromkeys(names))].reset_index().rename_axis(columns=None)


def plot_breaches(found: "RiskReport", path: str | Path, *, level: float, model: str = "") -> Path:
    """Returns of a day, the value at risk of a model on both sides, and the days on which it was exceeded.

    Args:
        found: the report.
        path: .png, .svg or .pdf.
        level: of the value at risk.
        model: by default the one with the lowest headline score.
    """
    score, h = found.evaluation.headline
    losses = {name: found.evaluation.value(score, name, h) for name in found.evaluation.models}
    model = model or min(losses, key=lambda name: losses[name])
    outcome, forecast = found.evaluation.outcome, found.evaluation.forecasts[model]
    mine = outcome.unique_id == outcome.unique_id[0]
    column = int(np.argmin(outcome.horizons))
    returns = 100 * np.log(outcome.value()[mine, column] / outcome.last[mine])
    dates = forecast.ds[mine, column]
    low = -100 * forecast.var(level)[mine, column]
    high = 100 * forecast.var(level, short=True)[mine, column]
    figure, axes = figure_with_axes()
    axes.vlines(dates, 0, returns, color="0.6", linewidth=0.5, label="log return of the day")
    axes.plot(dates, low, linewidth=0.8, label="of a long position: what it loses at most")
    axes.plot(dates, high, linewidth=0.8, label="of a short position")
    out = (returns < low) | (returns > high)
    axes.plot(
        dates[out],
        returns[out],
        "o",
        markersize=3,
        color="tab:red",
        label=f"breaches: {int(out.sum())}, expected {2 * level * len(out):.0f}",
    )
    axes.set_ylabel("log return of a day, %")
    axes.set_xlabel("day of the return")
    name = outcome.data.name if len(outcome.data.ids) == 1 else outcome.unique_id[0]
    when = span(pd.Index(dates))
    axes.set_title(f"{name}: {level:.0%} value at risk of a day by {model}, {when}", fontsize="medium")
    axes.legend(frameon=False)
    return saved(figure, path)


def _stars(p: float) -> str:
    return "**" if p < 0.01 else "* " if p < SIGNIFICANCE else "  "
