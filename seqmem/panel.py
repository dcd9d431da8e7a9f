"""One series or many as one: rows end to end, and origins whose windows stay within their own series."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seqmem import windows


class Panel(NamedTuple):
    """What training reads.

    Attributes:
        levels: the rows of all series, end to end: [N], or [N, columns].
        train: training origins in them.
        validation: validation origins in them, or None.
        known: the rows of each series that training may know.
    """

    levels: np.ndarray
    train: np.ndarray
    validation: np.ndarray | None
    known: list[np.ndarray]


def panel(
    levels: Sequence[np.ndarray],
    train: Sequence[Any],
    validation: Sequence[Any] | None,
    *,
    history: int,
    horizon: int,
) -> Panel:
    """Put series end to end.

    Args:
        levels: each series, [N] or [N, columns].
        train: training origins in each; none where a series is too short to have any.
        validation: validation origins in each, or None.
        history: rows that a window reads.
        horizon: rows ahead that it needs.

    Raises:
        ValueError: not as many origins as series; origins that do not fit into their series; validation that
            does not lie a horizon after training.
    """
    for what, given in (("origins", train), ("validation", validation)):
        if given is not None and len(given) != len(levels):
            raise ValueError(f"Forecaster: expected {what} for {len(levels)} series. Received: {len(given)}")
    starts = np.concatenate([[0], np.cumsum([len(one) for one in levels])])
    found: list[np.ndarray] = []
    later: list[np.ndarray] = []
    known = []
    for number, one in enumerate(levels):
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
        levels[0] if len(levels) == 1 else np.concatenate(levels),
        np.concatenate(found),
        np.concatenate(later) if later else None,
        known,
    )
