"""What a recurrence remembers, drawn."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from seqmem.report.plots import figure_with_axes, figure_with_panels, saved


def plot_flow(flows: Mapping[str, pd.DataFrame], path: str | Path, *, title: str = "") -> Path:
    """Each column of each `diagnostics.gradient_flow` against lag, on a logarithmic axis.

    Args:
        flows: by the name of the recurrence.
        path: .png, .svg or .pdf.
        title: model and series.
    """
    figure, every = figure_with_panels(len(flows))
    for axes, (name, flow) in zip(every, flows.items(), strict=True):
        for column, norms in flow.items():
            label = "input, at that lag" if column == "input" else f"state {column}, at that lag"
            axes.plot(norms.index, norms.where(norms > 0), linewidth=1, label=label)
        axes.set_yscale("log")
        axes.set_xlabel("lag, steps before the last")
        axes.set_ylabel("norm of the derivative of the last output")
        axes.set_title(f"{name}: how far back it reaches", fontsize="medium")
        axes.legend(frameon=False)
    if title:
        figure.suptitle(title, fontsize="medium")
    return saved(figure, path)


def plot_trace(trace: pd.DataFrame, path: str | Path, *, title: str = "") -> Path:
    """Each gate and state of a `diagnostics.trace`: the mean over its units, and the range between them.

    Args:
        trace: of one recurrence; a panel for each of its cells.
        path: .png, .svg or .pdf.
        title: model and series.
    """
    numbers = trace.columns.get_level_values("cell").unique()
    figure, every = figure_with_panels(len(numbers))
    for axes, number in zip(every, numbers, strict=True):
        for name in trace[number].columns.get_level_values("name").unique():
            units = trace[number, name]
            (line,) = axes.plot(trace.index, units.mean(axis=1), linewidth=1, label=str(name))
            low, high = units.min(axis=1), units.max(axis=1)
            axes.fill_between(trace.index, low, high, color=line.get_color(), alpha=0.08, linewidth=0)
        own = f"cell {number}: " if len(numbers) > 1 else ""
        axes.set_title(
            f"{own}gates and states; line: mean of the units, band: all of them", fontsize="medium"
        )
        axes.set_xlabel("date" if isinstance(trace.index, pd.DatetimeIndex) else "step")
        axes.set_ylabel("activation")
        axes.legend(frameon=False, ncols=2)
    if title:
        figure.suptitle(title, fontsize="medium")
    return saved(figure, path)


def plot_saturation(saturation: pd.DataFrame, path: str | Path, *, title: str = "") -> Path:
    """The shares of `diagnostics.saturation`, the lower limit's to the left, the upper's to the right."""
    figure, axes = figure_with_axes()
    several = saturation.index.get_level_values("cell").nunique() > 1
    names = [f"{gate} of cell {number}" if several else gate for number, gate in saturation.index]
    axes.barh(names, -saturation["low"].fillna(0), color="tab:blue", label="near the lower limit (shut)")
    axes.barh(names, saturation["high"].fillna(0), color="tab:red", label="near the upper limit (open)")
    axes.set_xlim(-1, 1)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["100%", "50%", "0", "50%", "100%"])
    axes.set_xlabel("share of the time")
    axes.set_title(title or "Gates near a limit, where next to no gradient passes", fontsize="medium")
    axes.legend(frameon=False)
    return saved(figure, path)


def plot_half_lives(lives: pd.DataFrame, path: str | Path, *, title: str = "") -> Path:
    """The units of each cell of a `diagnostics.memory_half_life`, the longest memory last."""
    figure, axes = figure_with_axes()
    several = lives.index.get_level_values("cell").nunique() > 1
    for number, own in lives["half_life"].groupby("cell"):
        known = own[np.isfinite(own) & (own > 0)].sort_values()
        label = f"cell {number}" if several else None
        axes.plot(np.arange(1, len(known) + 1), known, marker="o", markersize=3, label=label)
    axes.set_ylim(bottom=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("unit, the shortest memory first")
    axes.set_ylabel("half-life, steps")
    axes.set_title(title or "After how many steps a unit has forgotten half", fontsize="medium")
    if several:
        axes.legend(frameon=False)
    return saved(figure, path)
