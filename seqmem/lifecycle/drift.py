"""Drift of the inputs: whether prices move as they did where the model was trained."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset

FAR = 5.0  # standard deviations
FEWEST = 250  # rows to learn a scale from
SCALE = 2.0  # by which the scale may differ, either way
RARE = 0.01  # a p-value below which it is no chance


@dataclass(frozen=True)
class Drift:
    """How the moves of new rows differ from those of the known ones.

    Attributes:
        scale: their standard deviation over that of the known ones.
        far: the share of them beyond 5 of the known standard deviations.
        known_far: that share of the known ones.
        p_far: the chance of so many, or more, if the share were the known one.
        rows: of new moves.
    """

    scale: float
    far: float
    known_far: float
    p_far: float
    rows: int

    @property
    def alarms(self) -> list[str]:
        """What is beyond the limits, a line each."""
        found = []
        if not 1 / SCALE <= self.scale <= SCALE:
            found.append(f"Moves have {self.scale:.2f} times the standard deviation of the known rows.")
        if self.p_far < RARE:
            found.append(
                f"{self.far:.1%} of moves lie beyond {FAR:g} standard deviations; of the known ones "
                f"{self.known_far:.1%} (p = {self.p_far:.2g})."
            )
        return found


def moves(data: Dataset, name: str, *, positive: bool) -> pd.Series:
    """The log return of each row of a series, in percent; of values that may be 0 the difference."""
    closes = data.frames[name]["close"]
    return 100 * np.log(closes).diff() if positive else closes.diff()


def drift(data: Dataset, start: object, *, positive: bool) -> Drift:
    """The moves from a date on beside those before it, of all series together, each in its own scale.

    Raises:
        ValueError: a series with fewer than 250 rows before the date.
    """
    new, known = [], []
    for name in data.ids:
        each = moves(data, name, positive=positive).dropna()
        before = each[each.index < start]
        if len(before) < FEWEST:
            raise ValueError(
                f"{data.name}: {name}: expected at least {FEWEST} rows before {str(start)[:10]}, to know how "
                f"prices moved where the model was trained. Received: {len(before)}: give the old rows too"
            )
        scale = float(before.std())
        known.append((before - before.mean()).to_numpy() / scale)
        new.append((each[each.index >= start] - before.mean()).to_numpy() / scale)
    return _compared(np.concatenate(new), np.concatenate(known))


def _compared(new: np.ndarray, known: np.ndarray) -> Drift:
    count, known_far = int((np.abs(new) > FAR).sum()), float((np.abs(known) > FAR).mean())
    return Drift(
        scale=float(np.sqrt(np.mean(new**2))) if len(new) else float("nan"),
        far=count / max(1, len(new)),
        known_far=known_far,
        p_far=_at_least(count, len(new), max(known_far, 1 / len(known))),
        rows=len(new),
    )


def _at_least(count: int, of: int, share: float) -> float:
    """The binomial probability of at least `count` of so many.

    >>> round(_at_least(2, 3, 0.5), 3), _at_least(0, 10, 0.1)
    (0.5, 1.0)
    """
    if count == 0:
        return 1.0
    log_p, chance = np.log(share), 0.0
    for number in range(count):
        choose = sum(np.log((of - i) / (i + 1)) for i in range(number))
        chance += float(np.exp(choose + number * log_p + (of - number) * np.log1p(-share)))
    return max(0.0, 1 - chance)
