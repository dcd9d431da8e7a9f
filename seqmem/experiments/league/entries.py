"""Who takes part in a league, and how their forecasts are put together."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqmem.cells import cell_class
from seqmem.data.series import day
from seqmem.models.classics import (
    EWMA,
    GARCH,
    HAR,
    ConstantVariance,
    EGARCHt,
    GARCHt,
    GJRt,
    LogHAR,
    RangeHAR,
    VarianceBaseline,
    WalkForward,
)
from seqmem.models.volatility import variance_forecaster as VolatilityForecaster  # noqa: N812
from seqmem.targets import ScaleFreeVariance

REFERENCES = ("GARCH-t", "GJR-t")
Progress = Callable[[str], object]


@dataclass(frozen=True)
class Entry:
    """What takes part: forecasts of one model from all origins.

    Attributes:
        forecasts: [N, H].
    """

    forecasts: np.ndarray

    def forecast(self, series: Any, at: Any) -> np.ndarray:
        """The forecasts, which were made from just these origins."""
        return np.asarray(self.forecasts, dtype="float64")


def classics(horizons: Sequence[int], *, ranges: bool) -> dict[str, VarianceBaseline]:
    """The classics, not fitted, by name; those that read highs and lows where there are any."""
    found: dict[str, VarianceBaseline] = {
        "constant": ConstantVariance(horizons=horizons),
        "EWMA": EWMA(horizons=horizons),
        "GARCH": GARCH(horizons=horizons),
        "GARCH-t": GARCHt(horizons=horizons),
        "GJR-t": GJRt(horizons=horizons),
        "EGARCH-t": EGARCHt(horizons=horizons),
        "HAR": HAR(horizons=horizons),
    }
    if ranges:
        found |= {"range HAR": RangeHAR(horizons=horizons), "log HAR": LogHAR(horizons=horizons)}
    return found


def network(
    cell: str | None,
    horizons: Sequence[int],
    *,
    ranges: bool,
    units: int = 16,
    dropout: float = 0.4,
    lookback: int = 60,
    members: int = 5,
) -> VolatilityForecaster:
    """The design that was chosen on data before every test part (`python -m research.evidence designs`).

    Args:
        cell: its name in `seqmem.cells.CELLS`, or ``module:Class``. None: the linear skip alone.
        horizons: days ahead that a variance covers.
        ranges: whether to read highs and lows, and to learn half from Parkinson's variance.
        units: of each member.
        dropout: share of the cell's inputs dropped in training.
        lookback: T.
        members: seeds, whose geometric mean is the forecast.
    """
    target = ScaleFreeVariance(horizons, range_share=0.5 if ranges else 0.0, ranges=ranges)
    if cell is None:
        return VolatilityForecaster(None, target, lookback)
    return VolatilityForecaster(cell_class(cell)(units, dropout=dropout), target, lookback, members)


def walked(baseline: VarianceBaseline, every: int, bars: Any, stop: int, at: np.ndarray) -> Entry:
    """A classic fitted anew every so many rows.

    Raises:
        ValueError: a forecast that is no variance.
    """
    found = WalkForward(baseline, every).fit(bars, stop).forecast(bars, at)
    bad = ~(np.isfinite(found) & (found > 0)).all(axis=1)
    if bad.any():
        when = f", {day(bars.index[at[bad][0]])}" if hasattr(bars, "iloc") else ""
        row = int(at[bad][0])
        raise ValueError(f"its forecast from row {row + 1}{when} is {found[bad][0].tolist()}")
    return Entry(found)


def title(cell: str) -> str:
    """What a cell is called in a table."""
    return cell.rpartition(":")[2] if ":" in cell else cell.upper()


def geometric_mean(entries: Sequence[Entry]) -> Entry:
    """Entries put together."""
    return Entry(np.exp(np.mean([np.log(entry.forecasts, dtype="float64") for entry in entries], axis=0)))


@contextmanager
def noted() -> Iterator[list[str]]:
    """Keep what is warned of, each once, in the order in which it comes; it goes into the report."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for other in (
            DeprecationWarning,
            PendingDeprecationWarning,
            FutureWarning,
        ):  # of programs, not of data
            warnings.simplefilter("ignore", other)
        yield notes
    notes += dict.fromkeys(f"{note.category.__name__}: {note.message}" for note in seen)
