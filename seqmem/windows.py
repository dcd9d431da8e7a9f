"""Windows by origin: which there are, how they are split in time, and how they are gathered."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf


class Split(NamedTuple):
    """Origins of the three parts, in time order. Every future lies whole within its own part."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def origins(start: int, stop: int, *, history: int, horizon: int, length: int) -> np.ndarray:
    """The origins whose future lies within the rows [start, stop) of a series.

    An origin is the index of the last observed row of a window: the window reads the rows
    ``origin - history + 1 .. origin`` and forecasts ``origin + 1 .. origin + horizon``. The last origin
    of one part and the first of the next are `horizon` apart, so no row is a label in both.

    Args:
        start: the first row that may be forecast.
        stop: one past the last row that may be forecast.
        history: closes that a window reads: lookback plus the lag of its transform. For a fair
            comparison pass the longest of all models.
        horizon: H.
        length: rows of the series.

    Raises:
        ValueError: history or horizon below 1, or no origin at all.

    >>> origins(0, 10, history=3, horizon=2, length=10)
    array([2, 3, 4, 5, 6, 7])
    >>> origins(6, 10, history=3, horizon=2, length=10)
    array([5, 6, 7])
    """
    if history < 1 or horizon < 1:
        raise ValueError(f"origins: expected at least 1. Received: history={history}, horizon={horizon}")
    found = np.arange(max(start - 1, history - 1), min(stop, length) - horizon)
    if not found.size:
        raise ValueError(
            f"origins: no window of {history} closes and {horizon} days ahead whose future lies in the rows "
            f"{start} to {stop - 1}. Received: a series of {length} rows"
        )
    return found


def split(length: int, *, history: int, horizon: int, test: float = 0.3, validation: float = 0.2) -> Split:
    """Split a series in time: the last `test` of its rows, before them `validation` of the rest, training.

    The borders depend on the length alone, so the test part is the same for every lookback and search.

    Args:
        length: rows of the series.
        history: closes that a window reads, as in `origins`.
        horizon: H.
        test: share of the rows, in (0, 1).
        validation: share of the rows before the test part, in (0, 1).

    Raises:
        ValueError: a share outside (0, 1), or a part without a single origin.

    >>> parts = split(100, history=11, horizon=5)
    >>> [(int(part[0]), int(part[-1])) for part in parts]
    [(10, 50), (55, 64), (69, 94)]
    """
    for name, share in (("test", test), ("validation", validation)):
        if not 0 < share < 1:
            raise ValueError(f"split: {name} must lie in (0, 1). Received: {name}={share}")
    test_start = int(length * (1 - test))
    validation_start = int(test_start * (1 - validation))
    borders = (0, validation_start, test_start, length)
    parts = (
        origins(start, stop, history=history, horizon=horizon, length=length)
        for start, stop in pairwise(borders)
    )
    return Split(*parts)


def histories(values: Any, at: Any, length: int) -> Any:
    """The `length` rows up to each origin: values [N], origins [B] -> [B, length]."""
    return tf.gather(values, tf.reshape(at, [-1, 1]) + tf.range(1 - length, 1))


def futures(values: Any, at: Any, horizon: int) -> Any:
    """The `horizon` rows after each origin: values [N], origins [B] -> [B, H]."""
    return tf.gather(values, tf.reshape(at, [-1, 1]) + tf.range(1, horizon + 1))


def dataset(
    values: Any, at: Any, *, history: int, horizon: int, batch_size: int, shuffle_seed: int | None = None
) -> tf.data.Dataset:
    """Batches of (history [B, history], future [B, H]), gathered from one copy of the series.

    Memory grows with the series and the number of origins, not with their product with the lookback.

    Args:
        values: the series, [N].
        at: origins, [M].
        history: rows of the first half of a window.
        horizon: rows of the second half, H. 0 gives histories alone.
        batch_size: B; the last batch may be smaller.
        shuffle_seed: draw the origins in a new order each epoch, from this seed. None: in time order.
    """
    series = tf.constant(np.asarray(values, dtype="float32"))
    batches = tf.data.Dataset.from_tensor_slices(np.asarray(at, dtype="int32"))
    if shuffle_seed is not None:
        batches = batches.shuffle(len(at), seed=shuffle_seed, reshuffle_each_iteration=True)

    def gather(chosen: Any) -> Any:
        history_rows = histories(series, chosen, history)
        return (history_rows, futures(series, chosen, horizon)) if horizon else history_rows

    return batches.batch(batch_size).map(gather).prefetch(2)
