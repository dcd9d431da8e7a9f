"""The training and validation examples of a dataset: all series end to end, and origins in them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset, day
from seqmem.data.splits import Split


class Examples(NamedTuple):
    """What training reads.

    Attributes:
        rows: the rows of all series, end to end: [N, C].
        train: training origins in them.
        validation: validation origins in them, or None.
        known: the rows of each series that training may know.
        until: the last date that training knows.
        when: an origin in words: its date, and of several series the name of its own.
    """

    rows: np.ndarray
    train: np.ndarray
    validation: np.ndarray | None
    known: list[np.ndarray]
    until: object
    when: Callable[[int], str]


def examples(
    data: Dataset,
    split: Split,
    *,
    to_array: Callable[[pd.DataFrame], np.ndarray],
    context_length: int,
    horizon: int,
) -> Examples:
    """Put the series of a dataset end to end.

    Args:
        data: one series or a panel.
        split: which origins are trained and validated on.
        to_array: a series as numbers [N, C].
        context_length: rows that a window reads.
        horizon: rows ahead that it needs.

    Raises:
        ValueError: a series without an origin in a part.
    """
    size = {"context_length": context_length, "horizon": horizon}
    train = split.train(data, **size)
    validation = None if split.validation_start is None else split.validation(data, **size)
    arrays = {name: to_array(data.frames[name]) for name in train}
    starts = np.concatenate([[0], np.cumsum([len(one) for one in arrays.values()])])
    ends = {name: int(origins.max()) + horizon for name, origins in train.items()}

    def placed(parts: dict[str, np.ndarray]) -> np.ndarray:
        offsets = dict(zip(arrays, starts, strict=False))
        return np.concatenate([offsets[name] + origins for name, origins in parts.items()])

    return Examples(
        rows=next(iter(arrays.values())) if len(arrays) == 1 else np.concatenate(list(arrays.values())),
        train=placed(train),
        validation=None if validation is None else placed(validation),
        known=[arrays[name][: end + 1] for name, end in ends.items()],
        until=max(data.dates(name)[end] for name, end in ends.items()),
        when=partial(_when, [data.dates(name) for name in arrays], list(arrays), starts),
    )


def _when(indices: Sequence[pd.Index], names: Sequence[str], starts: np.ndarray, origin: int) -> str:
    number = int(np.searchsorted(starts, origin, side="right")) - 1
    date = indices[number][origin - int(starts[number])]
    words = day(date) if isinstance(indices[number], pd.DatetimeIndex) else f"row {int(date) + 1}"
    return words if len(indices) == 1 else f"{words} of {names[number]}"
