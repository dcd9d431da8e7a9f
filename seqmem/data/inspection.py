"""An inspection of prices: what is odd about them, and whether a network may be trained on them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqmem.data.series import PriceError, daily, day, row_spacing
from seqmem.data.stationarity import Verdict, verdict

LONG_GAP = 5  # calendar days: longer than a weekend with a holiday on each side
LARGE_MOVE = 0.4  # of the price, in a day
SPLITS = (1.5, 2, 3, 4, 5, 7, 8, 10, 15, 20, 25, 50, 100)
SPLIT_TOLERANCE = 0.04  # the day's own return comes on top of the split


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        gaps: calendar days without a row, where more than 5: columns after, before, days.
        moves: days on which the price changed by more than 40%: columns date, before, after, change.
        unchanged: share of days with the close of the day before.
        prices: verdict on the raw prices.
        returns: verdict on their log returns.
        daily: whether the rows are about a day apart.
        spacing: median days from row to row.
        problems: reasons not to train on them, in plain words.
    """

    gaps: pd.DataFrame
    moves: pd.DataFrame
    unchanged: float
    prices: Verdict
    returns: Verdict
    daily: bool
    spacing: float
    problems: list[str]


def inspect_prices(prices: pd.Series) -> Inspection:
    """Inspect checked prices (see `seqmem.data.series.read_prices`), at least 31 of them.

    Raises:
        PriceError: fewer than 31 prices, or prices that never change.
    """
    values, dates = prices.to_numpy(), prices.index
    if len(values) < 31 or np.ptp(values) == 0:
        why = "it never changes" if len(values) >= 31 else f"{len(values)} rows"
        raise PriceError(
            f"column {str(prices.name)!r}: expected at least 31 prices that vary. Received: {why}"
        )
    changes = values[1:] / values[:-1] - 1
    large = np.flatnonzero(np.abs(changes) > LARGE_MOVE)
    moves = pd.DataFrame(
        {
            "date": dates[large + 1],
            "before": values[large],
            "after": values[large + 1],
            "change": changes[large],
        }
    )
    days = np.diff(dates.to_numpy()) / np.timedelta64(1, "D")
    long = np.flatnonzero(days > LONG_GAP)
    gaps = pd.DataFrame({"after": dates[long], "before": dates[long + 1], "days": days[long].astype(int)})
    returns = np.log1p(changes)
    found = Inspection(
        gaps=gaps.sort_values("days", ascending=False, ignore_index=True),
        moves=moves,
        unchanged=float(np.mean(changes == 0)),
        prices=verdict(values),
        returns=verdict(returns),
        daily=daily(dates),
        spacing=row_spacing(dates),
        problems=[],
    )
    found.problems.extend(_problems(found))
    return found


def _problems(found: Inspection) -> list[str]:
    problems = []
    if not found.daily:
        problems.append(f"the rows are {found.spacing:g} days apart: expected daily prices")
    for move in found.moves.itertuples():
        ratio = max(move.before / move.after, move.after / move.before)
        split = next((split for split in SPLITS if abs(ratio / split - 1) < SPLIT_TOLERANCE), None)
        if split:
            problems.append(
                f"{day(move.date)}: {move.before:g} to {move.after:g} looks like a {split:g}:1 "
                "split that the prices are not adjusted for: use adjusted closes"
            )
    if found.unchanged > 0.5:
        problems.append(f"{found.unchanged:.0%} of the days repeat the close before: too few real prices")
    if found.returns.unit_root:
        problems.append(f"the log returns are not stationary: {found.returns.words}")
    return problems
