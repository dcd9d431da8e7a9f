"""Plots, written to files."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.dataset import PriceData
from seqmem.data.faults import day
from seqmem.data.reading import as_dataset
from seqmem.evaluation.forecast import Forecast
from seqmem.files import check_plot, written_whole


def plot_forecast(
    forecast: Forecast, data: PriceData, path: str | Path, *, days: int = 120, model: str = ""
) -> Path:
    """The forecast of one series, and the `days` closes before it where both have one unit.

    Args:
        forecast: from one origin.
        data: the series.
        path: .png, .svg or .pdf.
        days: of closes, at most.
        model: its name, for the title.

    Raises:
        ValueError: several origins, a suffix other than .png, .svg and .pdf, or no such folder.
    """
    if len(forecast) != 1:
        raise ValueError(f"plot: expected one forecast. Received: {len(forecast)}, from {forecast!r}")
    figure, axes = figure_with_axes()
    dataset, quantity = as_dataset(data), forecast.quantity
    dates, values = forecast.ds[0], quantity.on_axis(forecast.point[0], forecast.horizons)
    if quantity.is_level:
        known = dataset[forecast.unique_id[0]].frame["close"].iloc[: forecast.origins[0] + 1]
        recent = known.iloc[-days:]
        axes.plot(recent.index, recent.to_numpy(), color="black", linewidth=1, label="close")
        dates, values = np.append(recent.index[-1:], dates), np.append(recent.iloc[-1:], values)
    if forecast.quantiles is not None or forecast.paths is not None:
        low, high = (quantity.on_axis(edge[0], forecast.horizons) for edge in forecast.interval(90))
        label = "90% interval: holds 90 days of 100, if the model is right"
        axes.fill_between(forecast.ds[0], low, high, color="tab:red", alpha=0.15, label=label)
    point = "median" if forecast.mean is None else "mean"
    axes.plot(dates, values, color="tab:red", marker="o", markersize=3, label=f"forecast ({point})")
    by = f" by {model}" if model else ""
    name = dataset.name if len(dataset.ids) == 1 else forecast.unique_id[0]
    axes.set_title(f"{name}: {quantity.name}{by}, from {day(pd.Index(forecast.cutoff)[0])}")
    axes.set_ylabel(quantity.axis)
    if len(dates) <= 12 and not quantity.is_level:
        axes.set_xticks(dates)  # or fractions of a day stand between them
    axes.legend(frameon=False)
    return saved(figure, path)


def figure_with_axes() -> tuple[Any, Any]:
    """An empty figure, and its axes."""
    figure, (axes,) = figure_with_panels(1)
    return figure, axes


def figure_with_panels(count: int, across: int = 3) -> tuple[Any, list[Any]]:
    """An empty figure, and `count` axes, at most `across` side by side."""
    from matplotlib.figure import Figure  # not pyplot: no window, no global state

    columns = min(count, across)
    rows = -(-count // columns)
    size = (9 if count == 1 else 5.5 * columns, 4.5 * rows)
    figure = Figure(figsize=size, layout="constrained")
    every = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in every[count:]:
        axes.remove()
    for axes in every[:count]:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, every[:count]


def saved(figure: Any, path: str | Path) -> Path:
    """Write a figure, whole or not at all; ticks of dates do not run into each other.

    Raises:
        ValueError: a suffix other than .png, .svg and .pdf, or no such folder.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    path = Path(path)
    check_plot(path)
    for axes in figure.axes:
        locator = axes.xaxis.get_major_locator()
        if isinstance(locator, AutoDateLocator):
            axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    with written_whole(path) as draft:
        figure.savefig(draft, format=path.suffix[1:].lower(), dpi=150)
    return path


def span(dates: pd.Index) -> str:
    """From when to when."""
    return f"{day(dates.min())} to {day(dates.max())}"
