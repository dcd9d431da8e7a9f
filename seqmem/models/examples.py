"""The training and validation examples of a dataset: all series end to end, and origins in them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset, day
from seqmem.data.pool import Pool
from seqmem.data.splits import Split
from seqmem.targets import Target


class Examples(NamedTuple):
    """What training reads.

    Attributes:
        rows: the rows of all series, end to end: [N, C + D] as `Target.training_rows` has them, and where
            examples are weighted the weight of their series.
        weighted: whether they are.
        train: training origins in them.
        validation: validation origins in them, or None.
        known: the rows of each series that training may know: [n, C].
        until: the last date that training knows.
        when: an origin in words: its date, and of several series the name of its own.
    """

    rows: np.ndarray
    weighted: bool
    train: np.ndarray
    validation: np.ndarray | None
    known: list[np.ndarray]
    until: object
    when: Callable[[int], str]


class _Part(NamedTuple):
    """One series: its rows to learn from, the first of them that are known, and its origins."""

    frame: pd.DataFrame
    known: int
    train: np.ndarray
    validation: np.ndarray | None
    weight: float


def examples(
    data: Dataset,
    split: Split,
    target: Target,
    *,
    context_length: int,
    horizon: int,
    pool: Pool | None = None,
) -> Examples:
    """Put the series of a dataset end to end, and those of a pool after them.

    Args:
        data: one series or a panel.
        split: which origins are trained and validated on.
        target: what is learnt.
        context_length: rows that a window reads.
        horizon: rows ahead that it needs.
        pool: other series to train on, each before the validation part alone.

    Raises:
        ValueError: a series without an origin in a part; a pool beside a series without dates.
    """
    size = {"context_length": context_length, "horizon": horizon}
    train = split.train(data, **size)
    validation = None if split.validation_start is None else split.validation(data, **size)
    parts = {
        name: _Part(
            data.frames[name],
            int(origins.max()) + horizon + 1,
            origins,
            None if validation is None else validation[name],
            1.0,
        )
        for name, origins in train.items()
    }
    if pool is not None:
        size = {"context_length": max(context_length, split.context_length), "horizon": horizon}
        parts |= _pooled(pool, data, split, target.columns, **size)
    weighted = any(part.weight != 1 for part in parts.values())
    rows = {name: target.training_rows(part.frame, part.known) for name, part in parts.items()}
    if weighted:
        rows = {
            name: np.concatenate([one, np.full((len(one), 1), parts[name].weight)], axis=1)
            for name, one in rows.items()
        }
    starts = np.concatenate([[0], np.cumsum([len(one) for one in rows.values()])])
    offsets = dict(zip(rows, starts, strict=False))
    dates = {name: part.frame.index for name, part in parts.items()}
    width = len(target.columns)
    return Examples(
        rows=next(iter(rows.values())) if len(rows) == 1 else np.concatenate(list(rows.values())),
        weighted=weighted,
        train=np.concatenate([offsets[name] + part.train for name, part in parts.items()]),
        validation=_placed({name: part.validation for name, part in parts.items()}, offsets),
        known=[rows[name][: part.known, :width] for name, part in parts.items()],
        until=max(dates[name][part.known - 1] for name, part in parts.items()),
        when=partial(_when, list(dates.values()), list(rows), starts),
    )


def _placed(parts: Mapping[str, np.ndarray | None], offsets: Mapping[str, int]) -> np.ndarray | None:
    """The origins of series as those of all series end to end; None where there are none."""
    there = [offsets[name] + origins for name, origins in parts.items() if origins is not None]
    return np.concatenate(there) if there else None


def _pooled(
    pool: Pool, data: Dataset, split: Split, columns: Sequence[str], *, context_length: int, horizon: int
) -> dict[str, _Part]:
    """What is trained on of the series of a pool."""
    border = split.test_start if split.validation_start is None else split.validation_start
    if isinstance(border, int):
        raise ValueError(f"{data.name}: expected dates: a pool is cut by date. Received: row numbers")
    fewest = context_length + horizon
    return {
        f"{name} (pooled)": _Part(
            frame, len(frame), np.arange(context_length - 1, len(frame) - horizon), None, pool.weight
        )
        for name, frame in pool.before(border, columns=columns, fewest=fewest, without=data).items()
    }


def _when(indices: Sequence[pd.Index], names: Sequence[str], starts: np.ndarray, origin: int) -> str:
    number = int(np.searchsorted(starts, origin, side="right")) - 1
    date = indices[number][origin - int(starts[number])]
    words = day(date) if isinstance(indices[number], pd.DatetimeIndex) else f"row {int(date) + 1}"
    return words if len(indices) == 1 else f"{words} of {names[number]}"
