"""What a recurrence remembers, drawn."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from seqmem.report.plots import figure_with_axes, saved


def plot_flow(flows: Mapping[str, pd.DataFrame], path: str | Path) -> Path:
    """Each column of each `diagnostics.gradient_flow` against lag, on a logarithmic axis."""
    figure, axes = figure_with_axes()
    for name, flow in flows.items():
        for column, norms in flow.items():
            label = f"{name}: {column}" if len(flows) > 1 else str(column)
            axes.plot(norms.index, norms.where(norms > 0), linewidth=1, label=label)
    axes.set_yscale("log")
    axes.set_xlabel("lag")
    axes.set_ylabel("norm of the derivative of the last output")
    axes.legend(frameon=False)
    return saved(figure, path)


def plot_trace(trace: pd.DataFrame, path: str | Path) -> Path:
    """Each gate and state of a `diagnostics.trace`: the mean over its units, and the range between them."""
    figure, axes = figure_with_axes()
    names = trace.columns.droplevel("unit").unique()
    for number, name in names:
        units = trace[number, name]
        (line,) = axes.plot(trace.index, units.mean(axis=1), linewidth=1, label=f"{number} {name}")
        axes.fill_between(
            trace.index, units.min(axis=1), units.max(axis=1), color=line.get_color(), alpha=0.08, linewidth=0
        )
    axes.legend(frameon=False, ncols=2)
    return saved(figure, path)


def plot_saturation(saturation: pd.DataFrame, path: str | Path) -> Path:
    """The shares of `diagnostics.saturation`, the lower limit's to the left, the upper's to the right."""
    figure, axes = figure_with_axes()
    names = [f"{number} {gate}" for number, gate in saturation.index]
    axes.barh(names, -saturation["low"].fillna(0), color="tab:blue", label="near the lower limit")
    axes.barh(names, saturation["high"].fillna(0), color="tab:red", label="near the upper limit")
    axes.set_xlim(-1, 1)
    axes.set_xlabel("share of the time")
    axes.legend(frameon=False)
    return saved(figure, path)


def plot_half_lives(lives: pd.DataFrame, path: str | Path) -> Path:
    """The units of each cell of a `diagnostics.memory_half_life`, the longest memory last."""
    figure, axes = figure_with_axes()
    for number, own in lives["half_life"].groupby("cell"):
        known = own[np.isfinite(own) & (own > 0)].sort_values()
        axes.plot(np.arange(1, len(known) + 1), known, marker="o", markersize=3, label=f"cell {number}")
    axes.set_yscale("log")
    axes.set_xlabel("unit, by its memory")
    axes.set_ylabel("half-life, days")
    axes.legend(frameon=False)
    return saved(figure, path)
