"""An inspection of prices: what was read, what is odd about it, whether it is fit for training."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.checks import doubts
from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.faults import DOUBTS, Where, day
from seqmem.data.reading import LOOKED_AT, as_dataset
from seqmem.data.stationarity import StationarityResult, adf_and_kpss

LARGE_MOVE = 0.4  # of the price, from row to row
FEW = 31  # rows: fewer cannot be tested


@dataclass(frozen=True)
class SeriesInspection:
    """What was found in one series.

    Attributes:
        frame: its rows.
        unchanged: share of rows with the close of the row before.
        gaps: days without a row, where more than the calendar's longest: columns after, before, days.
        moves: rows whose close changed by more than 40%: columns date, before, after, change.
        suspicious: what is doubted: columns row, date, doubt, what.
        levels: the unit root tests of the closes; None where there are too few rows, or they never change.
        returns: those of their log returns; of their differences where a value is not above 0.
        differences: whether they are differences.
    """

    frame: pd.DataFrame
    unchanged: float
    gaps: pd.DataFrame
    moves: pd.DataFrame
    suspicious: pd.DataFrame
    levels: StationarityResult | None
    returns: StationarityResult | None
    differences: bool


@dataclass(frozen=True)
class Inspection:
    """What was found in a dataset.

    Attributes:
        data: the dataset: its format, column, calendar, zone and notes.
        series: what was found in each of its series, by unique_id.
        problems: reasons not to train on them, in words; none if they are fit.
    """

    data: Dataset
    series: dict[str, SeriesInspection]
    problems: tuple[str, ...]

    @property
    def fit(self) -> bool:
        """Whether a network may be trained on them."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        data = self.data
        return {
            "source": data.name,
            "format": data.format or "plain",
            "column": data.column,
            "columns": list(data.columns),
            "calendar": data.calendar.to_config(),
            "periods_per_year": data.calendar.periods_per_year,
            "period": data.calendar.period,
            "zone": data.zone or None,
            "fingerprint": data.fingerprint(),
            "notes": list(data.notes),
            "series": {unique_id: _to_dict(one) for unique_id, one in self.series.items()},
            "problems": list(self.problems),
            "fit": self.fit,
        }


def inspect(data: PriceData, *, allow: Collection[str] = ()) -> Inspection:
    """Inspect prices, also those that are doubted: read them with ``allow=DOUBTS`` for that.

    Args:
        data: one series or a panel.
        allow: the doubts that are set aside, by name; they are shown, and are no problems.

    >>> found = inspect("bundled:sp500")
    >>> found.fit, found.series["series"].levels.stationary, found.series["series"].returns.unit_root
    (True, False, False)
    """
    data = as_dataset(data, allow=tuple(DOUBTS))
    if data.name.startswith("bundled:"):
        allow = {*allow, *LOOKED_AT}
    found = {unique_id: _inspect(data, unique_id) for unique_id in data.ids}
    problems = []
    for unique_id, one in found.items():
        name = f"{unique_id}: " if len(found) > 1 else ""
        doubted = one.suspicious[~one.suspicious["doubt"].isin(list(allow))]
        problems += [
            f"{what} [{doubt}]" for what, doubt in zip(doubted["what"], doubted["doubt"], strict=True)
        ]
        if one.returns is not None and one.returns.unit_root:
            kind = "differences" if one.differences else "log returns"
            problems.append(f"{name}the {kind} are not stationary: {one.returns.words}")
    return Inspection(data, found, tuple(dict.fromkeys(problems)))


def _inspect(data: Dataset, unique_id: str) -> SeriesInspection:
    frame, calendar = data.frames[unique_id], data.calendar
    closes, dates = frame["close"].to_numpy(), frame.index
    negative = bool((closes <= 0).any())
    with np.errstate(divide="ignore", invalid="ignore"):
        changes = np.diff(closes) / closes[:-1]
    large = np.flatnonzero(np.abs(changes) > LARGE_MOVE) if not negative else np.array([], dtype=int)
    columns = {"date": dates[large + 1], "before": closes[large], "after": closes[large + 1]}
    moves = pd.DataFrame({**columns, "change": changes[large]})
    dated = isinstance(dates, pd.DatetimeIndex)
    days = np.diff(dates.to_numpy()) / np.timedelta64(1, "D") if dated else np.array([])
    long = np.flatnonzero(days > calendar.longest)
    gaps = pd.DataFrame({"after": dates[long], "before": dates[long + 1], "days": days[long].astype(int)})
    where = Where(dates, unique_id if len(data.ids) > 1 else "")
    faults = doubts(frame, data.column, where, calendar, negative=negative)
    suspicious = [
        (row + 1, dates[row], fault.doubt, f"{fault.text} ({fault.cure})" if fault.cure else fault.text)
        for fault in faults
        for row in (fault.rows[:50] or (0,))
    ]
    enough = len(closes) >= FEW and np.ptp(closes) > 0
    returns = np.diff(closes) if negative else np.log1p(changes)
    return SeriesInspection(
        frame,
        float(np.mean(changes == 0)) if len(changes) else 0.0,
        gaps.sort_values("days", ascending=False, ignore_index=True),
        moves,
        pd.DataFrame(suspicious, columns=["row", "date", "doubt", "what"]),
        adf_and_kpss(closes) if enough else None,
        adf_and_kpss(returns) if enough and np.ptp(returns) > 0 else None,
        negative,
    )


def _to_dict(one: SeriesInspection) -> dict[str, Any]:
    dates, closes = one.frame.index, one.frame["close"]
    tables = {name: _rows(table) for name, table in (("gaps", one.gaps), ("moves", one.moves))}
    return {
        "rows": len(one.frame),
        "first": day(dates[0]),
        "last": day(dates[-1]),
        "lowest": float(closes.min()),
        "highest": float(closes.max()),
        "unchanged": one.unchanged,
        **tables,
        "suspicious": _rows(one.suspicious),
        "levels": None if one.levels is None else {**one.levels._asdict(), "words": one.levels.words},
        "returns": None if one.returns is None else {**one.returns._asdict(), "words": one.returns.words},
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {key: value if isinstance(value, str | int | float) else day(value) for key, value in row.items()}
        for row in table.to_dict("records")
    ]
