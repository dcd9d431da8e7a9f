"""Shapes of the past: the latest standardised blocks of days, and levels that follow the outcomes."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from copy import deepcopy

import numpy as np

CENTRAL = np.array([0.025, 0.05, 0.1, 0.25])  # levels that are followed, each with its mirror image
KNOTS = np.concatenate([[0.0], CENTRAL, 1 - CENTRAL[::-1], [1.0]])
NEAREST, FARTHEST = 0.002, 0.49  # how far out and in a level may move
WARM = 250  # blocks before levels move


class Shapes:
    """The latest blocks of one series, in units of what was forecast for them, and the levels read off them.

    A block is (z_1, ..., z_H): the returns over each horizon over their forecast standard deviations. Row by
    row the outcome of every horizon comes in, the block that is complete joins, and the oldest goes.

    The quantile at level a is read at level a + s_a instead, where s_a moves by `rate` times (the level less
    half the miss) after each outcome, the same on both sides: adaptive conformal inference (Gibbs and Candes
    2021) of the central intervals of 50, 80, 90 and 95%. Their misses then come as often as they say in the
    long run, whatever the series does; levels between are interpolated, beyond 2.5% they move in proportion.

    Args:
        horizons: of a block, ascending.
        most: blocks, at most.
        rate: of the levels; 0: they stay.
    """

    def __init__(self, horizons: Sequence[int], most: int, rate: float) -> None:
        self.horizons: tuple[int, ...] = tuple(horizons)
        self.most: int = most
        self.rate: float = rate
        self.shifts: np.ndarray = np.zeros((len(self.horizons), len(CENTRAL)))
        self._blocks: list[np.ndarray] = []
        self._ordered: list[list[float]] = [[] for _ in self.horizons]
        self._waiting: list[np.ndarray | None] = []  # bounds of the latest origins, [H, levels, 2] each

    def __len__(self) -> int:
        return len(self._blocks)

    def copy(self) -> "Shapes":
        """One that may read on by itself."""
        return deepcopy(self)

    def read(self, blocks: np.ndarray, seen: int = 0) -> Iterator["Shapes"]:
        """Read rows one after the other: after each, itself, knowing what has come by then.

        Args:
            blocks: standardised returns over each horizon from consecutive rows, [N, H]; NaN where they have
                not come.
            seen: rows at the beginning that were read before, and whose outcomes were still to come.
        """
        longest = self.horizons[-1]
        for row in range(seen, len(blocks)):
            for column, h in enumerate(self.horizons):
                if row >= h and len(self._waiting) >= h:
                    self._learn(column, blocks[row - h, column], self._waiting[-h])
            if row >= longest:
                self._join(blocks[row - longest])
            warm = self.rate and len(self) >= WARM
            self._waiting = [*self._waiting, self._bounds() if warm else None][-longest:]
            yield self

    def settle(self, count: int) -> None:
        """Keep the latest `count` blocks, now and from here on."""
        self.most = count
        while len(self) > count:
            self._drop()

    def standard(self) -> np.ndarray:
        """The blocks, their values moved to where the levels are now: [S, H], in time order."""
        blocks = np.array(self._blocks)
        if not self.shifts.any():
            return blocks
        places = (np.arange(len(blocks)) + 0.5) / len(blocks)
        found = np.empty_like(blocks)
        for column, levels in enumerate(self._levels()):
            moved = np.interp(places, KNOTS, np.concatenate([[0.0], levels, 1 - levels[::-1], [1.0]]))
            order = np.argsort(blocks[:, column], kind="stable")
            found[order, column] = np.interp(moved, places, blocks[order, column])
        return found

    def _learn(self, column: int, outcome: float, bounds: np.ndarray | None) -> None:
        """Move the levels of a horizon by an outcome, and the bounds that were given for it."""
        if bounds is not None:
            low, high = bounds[column].T
            miss = (outcome < low) | (outcome > high)
            self.shifts[column] += self.rate * (CENTRAL - miss / 2)

    def _join(self, block: np.ndarray) -> None:
        self._blocks.append(block)
        for ordered, value in zip(self._ordered, block.tolist(), strict=True):
            insort(ordered, value)
        if len(self) > self.most:
            self._drop()

    def _drop(self) -> None:
        for ordered, value in zip(self._ordered, self._blocks.pop(0).tolist(), strict=True):
            del ordered[bisect_left(ordered, value)]

    def _levels(self) -> np.ndarray:
        """Where the central levels are read, [H, levels], ascending."""
        return np.sort(np.clip(CENTRAL + self.shifts, NEAREST, FARTHEST), axis=1)

    def _bounds(self) -> np.ndarray:
        """The central intervals, in units of the scale: [H, levels, 2]."""
        found = np.empty((len(self.horizons), len(CENTRAL), 2))
        for column, (ordered, levels) in enumerate(zip(self._ordered, self._levels(), strict=True)):
            for number, level in enumerate(levels.tolist()):
                found[column, number] = _quantile(ordered, level), _quantile(ordered, 1 - level)
        return found


def _quantile(ordered: list[float], level: float) -> float:
    """Between ordered values that stand at (n + 1/2) / N."""
    place = min(max(level * len(ordered) - 0.5, 0.0), len(ordered) - 1.0)
    below = int(place)
    share = place - below
    above = min(below + 1, len(ordered) - 1)
    return (1 - share) * ordered[below] + share * ordered[above]
