"""Plots, written to files."""

from pathlib import Path
from typing import Any

import pandas as pd

from seqmem.files import check_plot, written_whole


def plot_forecast(prices: pd.Series, forecast: pd.Series, path: str | Path, *, days: int = 120) -> Path:
    """The last `days` closes and the forecast after them, as PNG, SVG or PDF by the file's suffix.

    Raises:
        ValueError: a suffix other than .png, .svg and .pdf, or no such folder.
    """
    figure, axes = figure_with_axes()
    recent = prices.iloc[-days:]
    axes.plot(recent.index, recent.to_numpy(), color="black", linewidth=1, label="close")
    joined = pd.concat([recent.iloc[-1:], forecast])
    axes.plot(joined.index, joined.to_numpy(), color="tab:red", marker="o", markersize=3, label="forecast")
    axes.set_ylabel(str(prices.name))
    axes.legend(frameon=False)
    return saved(figure, path)


def figure_with_axes() -> tuple[Any, Any]:
    """An empty figure, and its axes."""
    figure, (axes,) = figure_with_panels(1)
    return figure, axes


def figure_with_panels(count: int) -> tuple[Any, list[Any]]:
    """An empty figure, and `count` axes side by side."""
    from matplotlib.figure import Figure  # not pyplot: no window, no global state

    figure = Figure(figsize=(9 if count == 1 else 5.5 * count, 4.5), layout="constrained")
    every = list(figure.subplots(1, count, squeeze=False)[0])
    for axes in every:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, every


def saved(figure: Any, path: str | Path) -> Path:
    """Write a figure, whole or not at all.

    Raises:
        ValueError: a suffix other than .png, .svg and .pdf, or no such folder.
    """
    path = Path(path)
    check_plot(path)
    with written_whole(path) as draft:
        figure.savefig(draft, format=path.suffix[1:].lower(), dpi=150)
    return path
