"""One series or many as one: rows end to end, and origins whose windows stay within their own series."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from seqmem.data import windows
from seqmem.data.series import day


class Panel(NamedTuple):
    """What training reads.

    Attributes:
        levels: the rows of all series, end to end: [N], or [N, columns].
        train: training origins in them.
        validation: validation origins in them, or None.
        known: the rows of each series that training may know.
        when: an origin in words: its date, and of several series the number of its own.
    """

    levels: np.ndarray
    train: np.ndarray
    validation: np.ndarray | None
    known: list[np.ndarray]
    when: Callable[[int], str]


def panel(
    series: Any,
    train: Any,
    validation: Any,
    *,
    levels: Callable[[Any], np.ndarray],
    history: int,
    horizon: int,
) -> Panel:
    """Put series end to end.

    Args:
        series: one, or a list of them.
        train: training origins, or a list of them, in each series.
        validation: validation origins, or a list of them, or None.
        levels: a series as numbers, [N] or [N, columns].
        history: rows that a window reads.
        horizon: rows ahead that it needs.

    Raises:
        ValueError: not as many origins as series; origins that do not fit into their series; validation that
            does not lie a horizon after training.
    """
    if not (isinstance(series, list | tuple) and np.ndim(series[0]) > 0):
        series, train, validation = [series], [train], None if validation is None else [validation]
    numbers = [levels(one) for one in series]
    for what, given in (("origins", train), ("validation", validation)):
        if given is not None and len(given) != len(series):
            raise ValueError(f"Forecaster: expected {what} for {len(series)} series. Received: {len(given)}")
    starts = np.concatenate([[0], np.cumsum([len(one) for one in numbers])])
    found: list[np.ndarray] = []
    later: list[np.ndarray] = []
    known = []
    for number, one in enumerate(numbers):
        mine = windows.checked(train[number], len(one), history=history, ahead=horizon)
        found.append(starts[number] + mine)
        known.append(one[: int(mine.max()) + horizon + 1])
        if validation is not None:
            mine_later = windows.checked(validation[number], len(one), history=history, ahead=horizon)
            if mine_later.min() < mine.max() + horizon:
                raise ValueError(
                    f"Forecaster: validation origins must lie at least the horizon ({horizon}) after "
                    "the training origins, or a validated day was trained on. "
                    f"Received: training to {mine.max()}, validation from {mine_later.min()}"
                )
            later.append(starts[number] + mine_later)
    return Panel(
        numbers[0] if len(numbers) == 1 else np.concatenate(numbers),
        np.concatenate(found),
        np.concatenate(later) if later else None,
        known,
        partial(_when, series, starts),
    )


def _when(series: Sequence[Any], starts: np.ndarray, origin: int) -> str:
    number = int(np.searchsorted(starts, origin, side="right")) - 1
    own, row = series[number], origin - int(starts[number])
    date = day(own.index[row]) if hasattr(own, "iloc") else f"row {row + 1}"
    return date if len(series) == 1 else f"{date} of series {number + 1}"
