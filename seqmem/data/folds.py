"""The folds of a walk-forward validation: what each trains on and is validated on, in time order."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seqmem.data.windows import Split, origins


@dataclass(frozen=True)
class Folds:
    """The parts of a series.

    Attributes:
        folds: (training origins, validation origins) of each, in time order.
        known: origins of all that comes before the test part: what a refit trains on.
        test: origins of the test part.
    """

    folds: tuple[tuple[np.ndarray, np.ndarray], ...]
    known: np.ndarray
    test: np.ndarray

    @property
    def last(self) -> Split:
        """The last fold and the test part, as `seqmem.data.windows.split` has them."""
        return Split(*self.folds[-1], self.test)


@dataclass(frozen=True)
class Walk(ABC):
    """Folds one after the other before the test part; the first begins to validate after (1 - v)^K of it.

    Each validates on as many rows as any other, and trains on rows before them. Every future lies whole
    within its part, so origins on the two sides of a border are a horizon apart. The borders depend on the
    length of the series alone. One fold is the plain split of `seqmem.data.windows.split`.

    Args:
        count: K, at least 1.

    Raises:
        ValueError: a count below 1.
    """

    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"{type(self).__name__}: count must be at least 1. Received: {self.count}")

    @abstractmethod
    def begins(self, first: int, start: int) -> int:
        """The first row that the fold which validates from row `start` may train on.

        The first fold validates from row `first`.
        """

    def parts(
        self, length: int, *, history: int, horizon: int, test: float = 0.3, validation: float = 0.2
    ) -> Folds:
        """Cut a series; the arguments are those of `seqmem.data.windows.split`.

        Raises:
            ValueError: a share outside (0, 1), or a part without a single origin.
        """
        for name, share in (("test", test), ("validation", validation)):
            if not 0 < share < 1:
                raise ValueError(f"folds: {name} must lie in (0, 1). Received: {name}={share}")
        size = {"history": history, "horizon": horizon, "length": length}
        stop = int(length * (1 - test))
        first = int(stop * (1 - validation) ** self.count)
        borders = [first + (stop - first) * fold // self.count for fold in range(self.count + 1)]
        folds = tuple(
            (origins(self.begins(first, start), start, **size), origins(start, end, **size))
            for start, end in pairwise(borders)
        )
        return Folds(folds, origins(0, stop, **size), origins(stop, length, **size))


class ExpandingWindow(Walk):
    """Each fold trains on all that comes before what it is validated on.

    >>> folds = ExpandingWindow(2).parts(200, history=11, horizon=5).folds
    >>> [(int(part[0]), int(part[-1])) for fold in folds for part in fold]
    [(10, 83), (88, 108), (10, 108), (113, 134)]
    """

    def begins(self, first: int, start: int) -> int:
        """The first row of all."""
        return 0


class RollingWindow(Walk):
    """Each fold trains on as many rows as the first, those just before what it is validated on.

    >>> folds = RollingWindow(2).parts(200, history=11, horizon=5).folds
    >>> [(int(part[0]), int(part[-1])) for fold in folds for part in fold]
    [(10, 83), (88, 108), (24, 108), (113, 134)]
    """

    def begins(self, first: int, start: int) -> int:
        """As many rows back as the first fold has."""
        return start - first
