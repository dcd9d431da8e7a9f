"""Windows by origin, gathered in the graph: one copy of the series, whatever is read from it."""

from typing import Any

import numpy as np
import tensorflow as tf

BLOCK = 2**16  # rows that are looked at together


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
