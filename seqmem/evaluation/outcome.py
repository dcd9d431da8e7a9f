"""The outcome: what came after the origins of forecasts, built once and given to every score."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset, day
from seqmem.data.measures import squared_returns
from seqmem.evaluation.forecast import Forecast

Measure = Callable[[pd.DataFrame], np.ndarray]  # a frame of [rows] -> [rows]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came after N origins, over H horizons; the rows stand as those of the forecasts do.

    Attributes:
        data: the series.
        unique_id: name of each origin's series, [N].
        cutoff: date of each origin, [N].
        origins: row number of each origin in its own series, [N].
        horizons: rows ahead.
        known: rows before the test part, by unique_id: what a scale may be taken from.
    """

    data: Dataset
    unique_id: np.ndarray
    cutoff: np.ndarray
    origins: np.ndarray
    horizons: tuple[int, ...]
    known: Mapping[str, int]
    _sums: dict[Measure, np.ndarray] = field(default_factory=dict, repr=False)

    @classmethod
    def after(cls, forecast: Forecast, data: Dataset, known: Mapping[str, int]) -> "Outcome":
        """What came after the origins of a forecast."""
        return cls(data, forecast.unique_id, forecast.cutoff, forecast.origins, forecast.horizons, known)

    @property
    def last(self) -> np.ndarray:
        """The close at each origin, [N]."""
        found = np.empty(len(self.origins))
        for name, rows in self.series():
            found[rows] = self.data.values(name, ("close",))[self.origins[rows], 0]
        return found

    @property
    def span(self) -> tuple[str, str]:
        """The first and the last date of what came."""
        firsts, lasts = [], []
        for name, rows in self.series():
            dates, origins = self.data.dates(name), self.origins[rows]
            firsts.append(dates[min(int(origins.min()) + 1, len(dates) - 1)])
            lasts.append(dates[min(int(origins.max()) + max(self.horizons), len(dates) - 1)])
        return day(min(firsts)), day(max(lasts))

    def value(self, column: str = "close") -> np.ndarray:
        """A column h rows after each origin, [N, H]; NaN beyond the end of the series."""
        found = np.full((len(self.origins), len(self.horizons)), np.nan)
        for name, rows in self.series():
            values = self.data.values(name, (column,))[:, 0]
            ahead = self.origins[rows][:, None] + np.array(self.horizons)
            there = ahead < len(values)
            found[rows] = np.where(there, values[np.minimum(ahead, len(values) - 1)], np.nan)
        return found

    def sum_after(self, measure: Measure) -> np.ndarray:
        """A measure of each row, summed over the h rows after each origin, [N, H]; NaN beyond the end.

        Args:
            measure: a frame of columns in lower case, [rows] -> [rows]; its NaN count as 0.
        """
        if measure not in self._sums:
            found = np.full((len(self.origins), len(self.horizons)), np.nan)
            for name, rows in self.series():
                sums = np.concatenate([[0.0], np.nancumsum(measure(self.data.frames[name]))])
                start = self.origins[rows][:, None] + 1
                ends = start + np.array(self.horizons)
                ended = sums[np.minimum(ends, len(sums) - 1)] - sums[start]
                found[rows] = np.where(ends < len(sums), ended, np.nan)
            self._sums[measure] = found
        return self._sums[measure]

    def by_series(self, scale: Callable[[pd.DataFrame], float]) -> np.ndarray:
        """A number learnt from the known rows of each series, for each origin, [N, 1]."""
        found = np.empty((len(self.origins), 1))
        for name, rows in self.series():
            found[rows] = scale(self.data.frames[name].iloc[: self.known[name]])
        return found

    def mean_by_date(self, losses: np.ndarray) -> np.ndarray:
        """Means of [N] over the series of each date, in time order, without what is NaN."""
        if len(set(self.unique_id)) == 1:
            there = losses[np.argsort(self.origins, kind="stable")]
            return there[~np.isnan(there)]
        columns = {name: pd.Series(losses[rows], self.cutoff[rows]) for name, rows in self.series()}
        return pd.DataFrame(columns).mean(axis=1).dropna().sort_index().to_numpy()

    def series(self) -> Iterator[tuple[str, np.ndarray]]:
        """The name of each series, and a mask [N] of its origins."""
        for name in dict.fromkeys(self.unique_id):
            yield name, self.unique_id == name


class Regime(ABC):
    """A part of the origins that scores are given for by themselves.

    Attributes:
        name: in tables.
        title: in headings.
        context_length: rows up to an origin that it reads.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    context_length: int = 1

    @abstractmethod
    def mask(self, outcome: Outcome) -> np.ndarray:
        """Which origins are in it, [N], by what was known at each."""


class AllDays(Regime):
    """Every origin."""

    name = "all"
    title = "all days"

    def mask(self, outcome: Outcome) -> np.ndarray:
        """All of them."""
        return np.ones(len(outcome.origins), dtype=bool)


class HighVolatility(Regime):
    """The origins of highest volatility: the top share by the mean squared return of the last rows.

    Each series has its own quantile, taken over its own origins.

    Args:
        rows: that the volatility is measured over.
        share: of the origins.
    """

    name = "high volatility"
    title = "high-volatility days (top 20%)"

    def __init__(self, rows: int = 22, share: float = 0.2) -> None:
        if rows < 1 or not 0 < share < 1:
            raise ValueError(f"HighVolatility: rows at least 1, share in (0, 1). Received: {rows}, {share}")
        self.rows: int = rows
        self.share: float = share
        self.title = f"high-volatility days (top {share:.0%})"  # type: ignore[misc]
        self.context_length: int = rows + 1

    def mask(self, outcome: Outcome) -> np.ndarray:
        """By series, the origins whose trailing volatility is in the top share."""
        found = np.zeros(len(outcome.origins), dtype=bool)
        for name, rows in outcome.series():
            squares = pd.Series(squared_returns(outcome.data.values(name, ("close",))[:, 0]))
            trailing = squares.rolling(self.rows).mean().to_numpy()[outcome.origins[rows]]
            found[rows] = trailing >= np.quantile(trailing, 1 - self.share)
        return found
