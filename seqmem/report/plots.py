"""Plots, written to files."""

from pathlib import Path
from typing import Any

import numpy as np

from seqmem.data.dataset import PriceData
from seqmem.data.reading import as_dataset
from seqmem.evaluation.forecast import Forecast
from seqmem.files import check_plot, written_whole


def plot_forecast(forecast: Forecast, data: PriceData, path: str | Path, *, days: int = 120) -> Path:
    """The forecast of one series, and the `days` closes before it where both have one unit.

    Args:
        forecast: from one origin.
        data: the series.
        path: .png, .svg or .pdf.
        days: of closes, at most.

    Raises:
        ValueError: several origins, a suffix other than .png, .svg and .pdf, or no such folder.
    """
    if len(forecast) != 1:
        raise ValueError(f"plot: expected one forecast. Received: {len(forecast)}, from {forecast!r}")
    figure, axes = figure_with_axes()
    dates, values = forecast.ds[0], forecast.point[0]
    if forecast.quantity.is_level:
        known = as_dataset(data)[forecast.unique_id[0]].frame["close"].iloc[: forecast.origins[0] + 1]
        recent = known.iloc[-days:]
        axes.plot(recent.index, recent.to_numpy(), color="black", linewidth=1, label="close")
        dates, values = np.append(recent.index[-1:], dates), np.append(recent.iloc[-1:], values)
    axes.plot(dates, values, color="tab:red", marker="o", markersize=3, label=forecast.quantity.label)
    if forecast.quantiles is not None or forecast.paths is not None:
        low, high = forecast.interval(90)
        axes.fill_between(forecast.ds[0], low[0], high[0], color="tab:red", alpha=0.15, label="90%")
    axes.set_ylabel(forecast.quantity.name)
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
