"""A pool: other series that a network learns from beside its own, each cut by date."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.faults import PriceError, day
from seqmem.data.reading import as_dataset

WEIGHT = 0.5  # of a pooled series, where the series that is forecast has 1
FEWEST = 252  # rows of a series before the cut: fewer teach little
SAME = 0.99  # share of common dates with equal returns, above which a series is the forecast one itself


@dataclass(frozen=True, eq=False)
class Pool:
    """Other series that a network also learns from: their rows before the validation part alone.

    The series of one market move together: a row of another series on a date that is validated or tested on
    would leak the market of that date. So a pooled series is cut by date, strictly before the date on which
    the validation part of the forecast series begins (its test part, where there is no validation part).
    Calendars and lengths may differ. A series without highs and lows is learnt from where closes alone are
    read; where ranges are, it is left out: the range of two closes in its place made every forecast worse
    (research/VOLATILITY.md, "Which series to pool").

    Args:
        data: datasets, each of one series or of many; see `seqmem.read`.
        weight: of an example of a pooled series, above 0; an example of the forecast series has 1.
        crude_range: whether a series without highs and lows goes in all the same, with the higher and the
            lower of its two last closes as those of a day.

    Raises:
        ValueError: a weight that is not above 0.
        PriceError: a source without dates: it cannot be cut by date.

    >>> pool = Pool(["bundled:nasdaq", "bundled:wti"])
    >>> [(name, len(frame)) for name, frame in pool.before("2000-01-03").items()]
    [('bundled:nasdaq', 252), ('bundled:wti', 3550)]
    """

    data: Sequence[PriceData]
    weight: float = WEIGHT
    crude_range: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf"):
            raise ValueError(f"Pool: weight must be above 0. Received: weight={self.weight}")
        if isinstance(self.data, str) or not isinstance(self.data, Sequence):
            raise ValueError(f"Pool: expected a list of sources. Received: {self.data!r}")
        datasets = tuple(as_dataset(one) for one in self.data)
        for one in datasets:
            for name in one.ids:
                if not isinstance(one.dates(name), pd.DatetimeIndex):
                    raise PriceError(
                        f"Pool: {one.name}: expected dates: a pooled series is cut by date. "
                        "Received: row numbers"
                    )
        object.__setattr__(self, "data", datasets)

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """What is pooled, as it was read."""
        return self.data  # type: ignore[return-value]  # __post_init__ made them datasets

    def before(
        self,
        date: Any,
        *,
        columns: Sequence[str] = ("close",),
        fewest: int = 1,
        without: Dataset | None = None,
    ) -> dict[str, pd.DataFrame]:
        """The rows of each series strictly before a date, by name.

        Args:
            date: where every series is cut.
            columns: a series without one of them is left out.
            fewest: rows, and at least `FEWEST`; a series with fewer is left out.
            without: the dataset that is forecast: a series that is one of it, by its returns, is left out.
        """
        border = pd.Timestamp(date)
        own = [] if without is None else [frame["close"] for frame in without.frames.values()]
        found: dict[str, pd.DataFrame] = {}
        for one in self.datasets:
            for name, frame in one.frames.items():
                known = frame.loc[frame.index < border]
                if len(known) < max(fewest, FEWEST) or any(_same(known["close"], other) for other in own):
                    continue
                ranged = with_range(known) if self.crude_range else known
                if not set(columns) <= set(ranged.columns):
                    continue
                label = one.name if len(one.ids) == 1 else f"{one.name} {name}"
                found[label if label not in found else f"{label} ({len(found)})"] = ranged
        return found

    def about(self, date: Any, *, columns: Sequence[str] = ("close",), without: Dataset | None = None) -> str:
        """What is pooled and until when, in a line; arguments as `before` has them."""
        frames = self.before(date, columns=columns, without=without)
        if not frames:
            have = "" if tuple(columns) == ("close",) else f" of {', '.join(columns)}"
            other = "other " * (len(self.before(date, columns=columns)) > 0)  # it is all the series itself
            return f"pooled: no {other}series has {FEWEST} rows{have} before {day(pd.Timestamp(date))}"
        names = list(frames)
        some = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        rows = sum(map(len, frames.values()))
        last = max(frame.index[-1] for frame in frames.values())
        left = len(self.before(date, without=without)) - len(frames)
        out = f"; {left} left out, without {', '.join(columns[:-1])}" if left else ""
        return f"pooled: {some}: {rows:,} rows until {day(last)}, each with weight {self.weight:g}{out}"


def as_pool(pool: Pool | Sequence[PriceData] | None) -> Pool | None:
    """A pool, or none where there is nothing in it."""
    if pool is None or isinstance(pool, Pool):
        return pool
    return Pool(pool) if len(pool) else None


def with_range(frame: pd.DataFrame) -> pd.DataFrame:
    """A series with highs and lows: where it has none, the higher and the lower of its two last closes.

    >>> with_range(pd.DataFrame({"close": [1.0, 3.0, 2.0]})).to_numpy().tolist()
    [[1.0, 1.0, 1.0], [3.0, 3.0, 1.0], [2.0, 3.0, 2.0]]
    """
    if "high" in frame:
        return frame
    before = frame["close"].shift(1).fillna(frame["close"])
    return frame.assign(high=np.maximum(frame["close"], before), low=np.minimum(frame["close"], before))


def _same(one: pd.Series, other: pd.Series) -> bool:
    """Whether two series of closes are of one thing: equal returns on nearly all common dates."""
    there = one.index.intersection(other.index)
    if not isinstance(other.index, pd.DatetimeIndex) or len(there) < 20:
        return False
    moves = [np.diff(np.log(np.abs(series.loc[there]))) for series in (one, other)]
    return bool(np.mean(np.abs(moves[0] - moves[1]) < 1e-6) > SAME)
