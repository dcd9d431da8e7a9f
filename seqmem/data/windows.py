"""Windows by origin: which there are, how they are split in time, and how they are gathered."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

BLOCK = 2**16  # rows that are looked at together


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


def checked(at: Any, length: int, *, history: int, ahead: int) -> np.ndarray:
    """Origins as an array [M], if their windows lie within a series of `length` rows.

    Raises:
        ValueError: no origin, one that is no whole number, or one too close to an end of the series.
    """
    at = np.atleast_1d(np.asarray(at))
    low, high = history - 1, length - 1 - ahead
    if not at.size or at.dtype.kind not in "iu" or at.min() < low or at.max() > high:
        raise ValueError(
            f"Forecaster: origins must be whole numbers from {low} (a window reads {history} closes) "
            f"to {high} (the series has {length} rows, {ahead} of them needed ahead). Received: "
            + (f"{at.min()} to {at.max()}, {at.dtype}" if at.size else "none")
        )
    return at


def histories(values: Any, at: Any, length: int) -> Any:
    """The `length` rows up to each origin: values [N] or [N, columns], origins [B] -> [B, length]."""
    return tf.gather(values, tf.reshape(at, [-1, 1]) + tf.range(1 - length, 1))


def futures(values: Any, at: Any, horizon: int) -> Any:
    """The `horizon` rows after each origin: values [N], origins [B] -> [B, H]."""
    return tf.gather(values, tf.reshape(at, [-1, 1]) + tf.range(1, horizon + 1))


def batches(at: Any, *, batch_size: int) -> tf.data.Dataset:
    """Batches of origins [B, 1], one to an example, in their order; the last batch may be smaller."""
    return tf.data.Dataset.from_tensor_slices(np.asarray(at, dtype="int32")[:, None]).batch(batch_size)


def shuffled_batches(
    at: Any, *, batch_size: int, chunk_length: int = 1, seed: int = 0
) -> tuple[tf.data.Dataset, int]:
    """Batches of origins [B, L], epoch after epoch without end, each in a new order, all of one size.

    With `chunk_length` above 1 an example is a chunk of that many consecutive origins, and in each epoch the
    chunks begin elsewhere. An epoch is as many whole batches as there are: the few examples left over are
    others each time. The order is computed, not kept, and so are the origins, from where their runs begin.

    Args:
        at: origins, [M].
        batch_size: B, examples; fewer if there are no more.
        chunk_length: L, origins to an example.
        seed: one seed gives one sequence of epochs.

    Returns:
        The batches, and how many of them are an epoch.

    Raises:
        ValueError: nowhere that many consecutive origins.
    """
    begins, counts = _runs(np.asarray(at, dtype="int32"), chunk_length)
    if not counts.size:
        raise ValueError(f"windows: expected {chunk_length} consecutive origins. Received: none")
    until = np.cumsum(counts)
    count = int(until[-1])
    examples = max(1, count // chunk_length)
    batch_size = min(batch_size, examples)
    steps = examples // batch_size

    def epoch(draw: Any) -> tf.data.Dataset:
        key = tf.cast(tf.stack([draw % 2**31, draw // 2**31]), "int32")

        def batch(number: Any) -> Any:
            place = number * batch_size + tf.range(batch_size, dtype="int64")
            example = tf.random.experimental.index_shuffle(place, key, examples - 1)
            start = (draw % count + example * chunk_length) % count
            run = tf.searchsorted(until, start, side="right")
            start = tf.gather(begins + counts - until, run) + start
            return tf.cast(start[:, None], "int32") + tf.range(chunk_length)

        return tf.data.Dataset.range(steps).map(batch)

    return tf.data.Dataset.random(seed=seed).flat_map(epoch).prefetch(2), steps


def _runs(at: np.ndarray, chunk_length: int) -> tuple[np.ndarray, np.ndarray]:
    """The first origin of each run of consecutive ones, and how many examples begin in it."""
    blocks = (slice(start, start + BLOCK + 1) for start in range(0, len(at), BLOCK))  # no array of their size
    ends = [block.start + np.flatnonzero(np.diff(at[block]) != 1) for block in blocks]
    borders = np.concatenate([[0], np.concatenate(ends) + 1, [len(at)]]) if len(at) else np.zeros(1, int)
    counts = np.diff(borders) - (chunk_length - 1)
    return at[borders[:-1][counts > 0]].astype("int64"), counts[counts > 0]


def pair_with_series(values: Any, origins: tf.data.Dataset) -> tf.data.Dataset:
    """The series, one copy, beside every batch of origins: (values [N], origins [B, L]), for `gather`."""
    blocks = (values[start : start + BLOCK] for start in range(0, max(1, len(values)), BLOCK))
    # block by block: TensorFlow makes two copies of an array that it is given, beside the one in float32
    series = tf.concat([tf.convert_to_tensor(np.asarray(block, dtype="float32")) for block in blocks], 0)
    series = tf.data.Dataset.from_tensors(series).repeat()
    options = tf.data.Options()
    options.autotune.enabled = False  # there is nothing to tune, and its thread takes seconds to end
    options.experimental_optimization.apply_default_optimizations = False  # they would copy the series
    return tf.data.Dataset.zip((series, origins)).with_options(options)


def gather(values: Any, at: Any, *, context_length: int, horizon: int) -> tuple[Any, Any]:
    """Gather examples: values [N], origins [B, L] -> histories [B, context_length + L - 1], futures [B, H].

    A history reaches from `context_length` rows up to the first origin to the last; the future follows.
    """
    last = at[:, -1]
    return histories(values, last, context_length + at.shape[1] - 1), futures(values, last, horizon)


def split_chunks(history: Any, future: Any, chunk_length: int) -> tuple[Any, Any]:
    """The windows of a chunk: [B, history + L - 1], [B, H] -> [B * L, history], [B * L, H], one by one.

    Columns, where there are any, stay as they are.
    """
    rows = tf.concat([history, future], axis=1)
    length = rows.shape[1] - chunk_length + 1
    places = np.arange(chunk_length)[:, None] + np.arange(length)
    windowed = tf.reshape(tf.gather(rows, places, axis=1), (-1, length, *rows.shape[2:]))
    return windowed[:, : length - future.shape[1]], windowed[:, length - future.shape[1] :]


# the names of the first edition, until their last caller has the new ones
beside, apart, cut, in_order, shuffled = pair_with_series, split_chunks, gather, batches, shuffled_batches
