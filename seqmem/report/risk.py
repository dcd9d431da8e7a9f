"""The risk report as tables and a plot."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seqmem.evaluation import CONFIDENCE, SIGNIFICANCE, probability_integral_transform
from seqmem.report.plots import figure_with_axes, figure_with_panels, saved, span

if TYPE_CHECKING:
    from seqmem.experiments.risk import RiskReport

BARS = 20
REFERENCE = "GARCH-t"
P_VALUES_NOTE = """Breaches: days on which the loss was above the value at risk. p-values, small where it
was wrong: coverage (Kupiec), independence (Christoffersen), dynamic (Engle-Manganelli), shortfall
(McNeil-Frey), Z2 of losses beyond the value at risk, their number and size (Acerbi-Szekely). Light: the Basel
traffic light of the last 250 days. FZ: Fissler-Ziegel loss of VaR and ES, lower is better."""
SHORT = {
    "coverage p": "cover",
    "independence p": "indep",
    "dynamic p": "dynamic",
    "shortfall p": "shortfall",
    "Z2 p": "Z2",
}


def breach_tables(found: "RiskReport") -> dict[str, pd.DataFrame]:
    """A table for each horizon, side and level: title -> breaches, p-values and FZ by model.

    Of a panel over its series: the share of breaches, the worst, and how many series pass each test.
    """
    if len(found.evaluation.outcome.data.ids) > 1:
        return _panel_tables(found)
    tables = {}
    for (series, h, side, level), rows in found.table.groupby(level=[0, 1, 2, 3], sort=False):
        rows = rows.droplevel([0, 1, 2, 3])
        shown = pd.DataFrame(index=rows.index)
        shown["breaches"] = rows["breaches"].astype(str) + " of " + rows["days"].astype(str)
        for name, short in SHORT.items():
            shown[short] = rows[name].map(lambda p: "" if np.isnan(p) else f"{p:.3f}")
        shown["light"] = rows["light"]
        shown["FZ"] = _scores(found, level, side, h)
        expected = rows["expected"].iloc[0]
        title = f"{series}: {_title(level, h, side)} ({expected:.0f} breaches expected)"
        tables[title] = shown.rename_axis("model").reset_index()
    return tables


def _panel_tables(found: "RiskReport") -> dict[str, pd.DataFrame]:
    tables = {}
    for (h, side, level), rows in found.over_series.groupby(level=[0, 1, 2], sort=False):
        rows = rows.droplevel([0, 1, 2])
        shown = pd.DataFrame(index=rows.index)
        shown["breaches"] = rows["breaches"].map("{:.2%}".format)
        shown["worst"] = rows["worst"].map("{:.2%}".format) + " " + rows["worst series"]
        for name, short in SHORT.items():
            shown[short] = rows[name]
        shown["FZ"] = _scores(found, level, side, h)
        title = f"{_title(level, h, side)}: how many of {rows['series'].iloc[0]} series pass each test at 5%"
        tables[title] = shown.rename_axis("model").reset_index()
    return tables


def _title(level: float, h: int, side: str) -> str:
    return f"{level:.0%} over {_days(h)}, {side}"


def _scores(found: "RiskReport", level: float, side: str, h: int) -> list[str]:
    score = found.scores.xs((f"FZ {level:g} {side}", h), level=["score", "h"])
    return [
        f"{value:.3f}{'°' if mcs >= CONFIDENCE else ' '}{_stars(p)}"
        for value, mcs, p in zip(score["value"], score["mcs"], score["p"], strict=True)
    ]


def interval_table(found: "RiskReport") -> pd.DataFrame:
    """How often outcomes lay within each interval, by model: the share, and between which it may truly lie.

    Of a panel also the worst series. * where the level lies outside (p < .05).
    """
    rows = found.coverage
    shares = rows["coverage"].map("{:.1%}".format)
    ends = [f" ({low:.1%}-{high:.1%})" for low, high in zip(rows["low"], rows["high"], strict=True)]
    text = shares + ends + rows["p"].map(lambda p: "*" if p < SIGNIFICANCE else "")
    if "worst" in rows:
        text += [f", {one:.0%} {name}" for one, name in zip(rows["worst"], rows["series"], strict=True)]
    steps = {h: h if h == "path" else f"{h}d" for h in rows.index.unique("h")}
    levels, hs, models = (rows.index.get_level_values(name) for name in ("level", "h", "model"))
    columns = [f"{level:g}% {steps[h]}" for level, h in zip(levels, hs, strict=True)]
    wide = pd.DataFrame({"model": models, "column": columns, "text": text.to_numpy()})
    order = list(dict.fromkeys(columns))
    table = wide.pivot(index="model", columns="column", values="text").loc[list(dict.fromkeys(models)), order]
    return table.fillna("").reset_index().rename_axis(columns=None)


def today_table(found: "RiskReport") -> pd.DataFrame:
    """Value at risk and expected shortfall from the last row, in percent."""
    rows = found.today
    if len(found.evaluation.outcome.data.ids) > 1:  # of many series by one model
        rows = rows[rows["model"] == found.evaluation.models[-1]]
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


def plot_histograms(found: "RiskReport", path: str | Path, *, models: Sequence[str] = ()) -> Path:
    """Histograms of where outcomes lay in their forecast distributions: flat where these are right.

    A hill says that they are too wide, a bowl that they are too narrow, a slope that they lie too low or too
    high (Diebold, Gunther and Tay 1998). The grey band holds 95% of the bars of a right distribution, if
    origins were independent.

    Args:
        found: the report.
        path: .png, .svg or .pdf.
        models: a panel for each; by default the reference's own distribution, and the last model.
    """
    outcome = found.evaluation.outcome
    models = models or (REFERENCE, found.evaluation.models[-1])
    column = int(np.argmin(outcome.horizons))
    figure, panels = figure_with_panels(len(models))
    for axes, model in zip(panels, models, strict=True):
        places = probability_integral_transform(found.evaluation.forecasts[model], outcome)[:, column]
        places = places[~np.isnan(places)]
        bars, _ = np.histogram(places, bins=BARS, range=(0, 1))
        share, edge = 1 / BARS, 1.96 * np.sqrt((1 - 1 / BARS) / BARS / len(places))
        axes.bar((np.arange(BARS) + 0.5) / BARS, bars / len(places), width=0.9 / BARS, color="tab:blue")
        axes.axhspan(share - edge, share + edge, color="0.6", alpha=0.4, linewidth=0)
        axes.axhline(share, color="black", linewidth=0.8)
        axes.set_title(model)
        axes.set_xlabel("where the outcome lay in the forecast distribution")
        axes.set_ylabel("share of outcomes")
    title = f"{outcome.data.name}: probability integral transforms, {_days(outcome.horizons[column])} ahead"
    figure.suptitle(title)
    return saved(figure, path)


def _days(h: int) -> str:
    return "a day" if h == 1 else f"{h} days"


def _stars(p: float) -> str:
    return "**" if p < 0.01 else "* " if p < SIGNIFICANCE else "  "
