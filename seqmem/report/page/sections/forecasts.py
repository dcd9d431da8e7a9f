"""A forecast: the fan chart, and the table of it."""

from typing import ClassVar

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.faults import day
from seqmem.evaluation.forecast import Forecast
from seqmem.report.page.blocks import Axis, Block, Chart, Grid, Words
from seqmem.report.page.marks import Band, Line, Mark
from seqmem.report.page.section import Section
from seqmem.report.tables import DATES_NOTE, forecast_table

LEVELS = (95, 90, 80, 50)  # of intervals, in percent, the widest first
DAYS = 120  # of closes before a forecast
MOST_SERIES = 6


class ForecastSection(Section):
    """What comes next, from the last origin of each series, with its intervals where there are any.

    Args:
        forecast: from one origin or more.
        data: what it was made from.
        name: of the model.
    """

    title: ClassVar[str] = "Forecast"
    place: ClassVar[int] = 30

    def __init__(self, forecast: Forecast, data: Dataset | None = None, name: str = "") -> None:
        self.forecast = forecast
        self.data = data
        self.name = name

    def blocks(self) -> list[Block]:
        """A chart for each of the first series, and the table."""
        forecast, quantity = self.forecast, self.forecast.quantity
        series = list(dict.fromkeys(forecast.unique_id))
        shown = forecast_table(forecast)
        formats = {one: quantity.formats.get("mean", "") for one in shown if one[:3] in ("lo-", "hi-")}
        formats |= {**quantity.formats, quantity.label: quantity.formats.get("mean", "")}
        point = "mean" if "mean" in shown else "median"
        table = Grid(
            f"Forecast {quantity.name} from {_when(forecast)}",
            shown.rename(columns={point: quantity.label}),
            formats,
            " ".join(filter(None, (quantity.note, DATES_NOTE))),
        )
        more = len(series) - MOST_SERIES
        left: list[Block] = [Words(f"{more} more series are not drawn.", "note")] if more > 0 else []
        return [*(self._chart(name) for name in series[:MOST_SERIES]), *left, table]

    def _chart(self, unique_id: str) -> Chart:
        forecast, quantity = self.forecast.select(unique_id), self.forecast.quantity
        dates, horizons = pd.Index(forecast.ds[-1]), forecast.horizons
        values = quantity.on_axis(forecast.point[-1], horizons)
        marks: list[Mark] = []
        bands = intervals(forecast)
        recent = None
        if quantity.is_level and self.data is not None:
            recent = self.data[unique_id].frame["close"].iloc[: forecast.origins[-1] + 1].iloc[-DAYS:]
            dates = recent.index[-1:].append(dates)
            values = np.append(recent.iloc[-1:], values)
        for level, (low, high) in bands.items():
            edges = [quantity.on_axis(edge[-1], horizons) for edge in (low, high)]
            if recent is not None:
                edges = [np.append(recent.iloc[-1:], edge) for edge in edges]
            marks.append(Band(f"{level}% interval", "0", x=dates, low=edges[0], high=edges[1]))
        if recent is not None:
            marks.append(Line("close", "ink", x=recent.index, y=recent))
        marks.append(Line(f"forecast ({_point(forecast)})", "0", x=dates, y=values, points=True))
        alone = len(set(self.forecast.unique_id)) == 1 and self.data is not None
        own = self.data.name if alone and self.data is not None else unique_id
        by = f" by {self.name}" if self.name else ""
        title = f"{own}: {quantity.name}{by}, from {day(pd.Index(forecast.cutoff)[-1])}"
        label = "date" if isinstance(dates, pd.DatetimeIndex) else "row"
        return Chart(title, Axis.of(label, dates), Axis(quantity.axis), marks, interval_note(bands))


def intervals(forecast: Forecast) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """The central intervals that a forecast reaches, the widest first: level in percent -> low and high."""
    if forecast.quantiles is None and forecast.paths is None:
        return {}
    reach = 0.0 if forecast.paths is not None else max(forecast.levels[0], 1 - forecast.levels[-1])
    return {level: forecast.interval(level) for level in LEVELS if (1 - level / 100) / 2 >= reach - 1e-9}


def interval_note(bands: dict[int, tuple[np.ndarray, np.ndarray]]) -> str:
    """How a reader is to understand the bands."""
    if not bands:
        return "This model forecasts a point alone: nothing is said of how far off it may be."
    level = next(iter(bands))
    return f"If the model is right, a day's value lies within the {level}% interval on {level} of 100 days."


def _point(forecast: Forecast) -> str:
    return "median" if forecast.mean is None else "mean"


def _when(forecast: Forecast) -> str:
    dates = pd.Index(forecast.cutoff)
    first, last = day(dates.min()), day(dates.max())
    return last if first == last else f"{first} to {last}"
