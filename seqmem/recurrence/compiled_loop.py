"""A training step of a recurrence on compiled loops, one for each core: when, and how."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf
from keras.src.backend import AutocastScope
from tensorflow.python.eager.forwardprop_util import pack_tangents

from seqmem.cells import Cell, ScanCell
from seqmem.recurrence import differentiable
from seqmem.recurrence.adjoint import Pair, adjoint
from seqmem.recurrence.step_analysis import weights

Tensor = Any
SHARD = 16  # examples; smaller shards take about as long
MOST_SHARDS = 4  # so that a batch of 64 makes shards of 16
SCANNED = 64  # steps that are as much for a scan as one is for a loop
BLOCK_BYTES = 2**20  # of a state over a block of steps


def is_supported(cell: Any) -> bool:
    """Whether the compiled way covers a cell, or every cell of a stack.

    It takes a `Cell` with the usual way round its `step`, a `step` that `analyze_step` finds fit, float32 or
    float64 throughout, and no GPU in view.
    """
    return all(_is_supported(one) for one in getattr(cell, "cells", [cell]))


def _is_supported(cell: Any) -> bool:
    return (
        isinstance(cell, Cell)
        and cell.built
        and cell.compute_dtype == cell.variable_dtype
        and cell.compute_dtype in ("float32", "float64")
        and all(getattr(type(cell), name) is getattr(Cell, name) for name in ("call", "advance", "project"))
        and type(cell).recur in (Cell.recur, ScanCell.recur)
        and not tf.config.list_physical_devices("GPU")
        and adjoint(cell) is not None
    )


def run(
    cell: Cell, inputs: Tensor, states: Sequence[Tensor], *, sequences: int, training: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """Run a cell that is covered over inputs [B, T, F].

    Returns:
        The first `sequences` of its states after every step, each [B, T, U]; all its last states [B, U].
    """
    values = current(cell)
    inputs, states = sized(inputs, states, cell.compute_dtype)
    if training and 0 < cell.dropout < 1:
        inputs = inputs * cell.get_dropout_mask(inputs[:, 0, :])[:, None, :]
    drops = training and 0 < cell.recurrent_dropout < 1
    keep = tf.convert_to_tensor(cell.get_recurrent_dropout_mask(states[0])) if drops else None
    if is_forward_mode([inputs, *states, *values]):
        found = differentiable.run(cell, [inputs, *states, *values], keep, sequences)
        return found[:sequences], found[sequences:]
    found = differentiated(cell, [inputs, *states, *values], keep, sequences)
    return found[:sequences], found[sequences:]


def is_forward_mode(given: Sequence[Tensor]) -> bool:
    """Whether an accumulator of forward derivatives follows any of these: it looks into everything."""
    return bool(pack_tangents(list(given)).tangents)


def differentiated(cell: Cell, given: Sequence[Tensor], keep: Tensor | None, sequences: int) -> list[Tensor]:
    """As `differentiable.run`, on the compiled loops: it has a first derivative of its own."""
    inputs, states = given[0], given[1 : 1 + cell.num_states]
    pair, count, ways = adjoint(cell), len(states), _ways(cell, inputs)
    assert pair is not None

    @tf.custom_gradient
    def recurrence(*given: Tensor) -> Any:
        inputs, *rest = map(tf.stop_gradient, given)  # an eager tape would look into what is compiled
        sizes = block_sizes(cell, inputs)
        parts = [
            (_blocks(time_major(x), sizes), k, s, rest[count:])
            for x, k, *s in zip(*(cut(one, ways) for one in (inputs, keep, *rest[:count])), strict=True)
        ]
        ran = [_forward(pair, *part) for part in parts]
        last = [tf.concat([shard[-1][0][n][-1] for shard in ran], 0) for n in range(count)]
        whole = [
            batch_major([tf.concat([along[n][1:] for along, _ in shard], 0) for shard in ran])
            for n in range(sequences)
        ]

        def gradient(*d_found: Tensor) -> Any:
            return pull_back(*d_found, *given)  # what it depends on is an argument, for its own derivative

        @tf.custom_gradient
        def pull_back(*arguments: Tensor) -> Any:
            d_found = tuple(map(tf.stop_gradient, arguments[: sequences + count]))
            above = zip(*(cut(one, ways) for one in d_found), strict=True)
            d_inputs, d_states, d_values = [], [], []
            for (xs, k, _, values), shard, d in zip(parts, ran, above, strict=True):
                d_after = [_blocks(time_major(one), sizes) for one in d[:sequences]]
                d_now: Sequence[Tensor] = d[sequences:]
                d_xs: list[Tensor] = []
                for place in reversed(range(len(shard))):
                    d_block = [one[place] for one in d_after]
                    d_x, d_value, d_now = pair.pull_back(
                        cell, (xs[place], k, values), shard[place], d_block, list(d_now)
                    )
                    d_xs.insert(0, d_x)
                    d_values.append(d_value)
                d_inputs.append(tf.concat(d_xs, 0))
                d_states.append(d_now)

            def gradient_again(*d: Tensor) -> Any:
                with tf.GradientTape() as tape:
                    tape.watch(arguments)
                    found = differentiable.pull_back(cell, arguments, keep, sequences)
                return tape.gradient(found, arguments, d, unconnected_gradients="zero")

            return (
                batch_major(d_inputs),
                *(tf.concat(d, 0) for d in zip(*d_states, strict=True)),
                *(tf.add_n(d) for d in zip(*d_values, strict=True)),
            ), gradient_again

        return (*whole, *last), gradient

    return list(recurrence(*given))


def _forward(pair: Pair, blocks: Sequence[Tensor], keep: Any, states: Any, values: Any) -> list[Any]:
    """What `Adjoint.forward` gives for each block of a sequence, one after the other."""
    ran = []
    for block in blocks:
        along, kept = pair.forward(block, keep, states, values)
        states = [one[-1] for one in along]
        ran.append((along, kept))
    return ran


def block_sizes(cell: Cell, inputs: Tensor) -> list[int]:
    """The lengths of the blocks that a sequence [B, T, F] is run in: equal ones, if that can be. [-1]: one.

    XLA fills an array with zeros before a loop writes to it. It gives large ones to a thread of its own, of
    which there is one for all shards, and then runs their loops there, one after the other.
    """
    length, batch = inputs.shape[1], inputs.shape[0] or MOST_SHARDS * SHARD
    if length is None:
        return [-1]
    row = -(-batch // _ways(cell, inputs)) * cell.units * tf.as_dtype(cell.compute_dtype).size
    count = -(-length * row // BLOCK_BYTES)
    count = next((n for n in range(count, min(2 * count, length)) if length % n == 0), count)
    size = -(-length // count)
    return [min(size, length - start) for start in range(0, length, size)]


def _blocks(sequence: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    return [sequence] if len(sizes) == 1 else tf.split(sequence, sizes)


def current(cell: Cell) -> list[Tensor]:
    """The values of `weights`."""
    with AutocastScope(None):  # that of the layer may be of another type than the cell
        return [tf.convert_to_tensor(weight) for weight in weights(cell)]


def sized(inputs: Tensor, states: Sequence[Tensor], dtype: str) -> tuple[Tensor, list[Tensor]]:
    """In the cell's type, and of one batch size where either tells it: a stateful layer knows its states'."""
    batch = inputs.shape[0] or states[0].shape[0]
    inputs, *states = (tf.cast(one, dtype) for one in (inputs, *states))
    return _of(inputs, batch), [_of(state, batch) for state in states]


def _of(tensor: Tensor, batch: int | None) -> Tensor:
    return tensor if tensor.shape[0] == batch else tf.ensure_shape(tensor, (batch, *tensor.shape[1:]))


def shards(batch: int | None) -> int:
    """How many shards: one for each core, if the batch is large enough."""
    cores = tf.config.threading.get_inter_op_parallelism_threads() or os.cpu_count() or 1
    most = min(cores, MOST_SHARDS)
    return most if batch is None else max(1, min(most, batch // SHARD))


def _ways(cell: Cell, inputs: Tensor) -> int:
    """As `shards`; a scan has all its steps at once, so that of a long sequence few examples are many."""
    batch, length = inputs.shape[:2]
    if isinstance(cell, ScanCell) and batch and length:
        return min(batch, shards(max(batch, batch * length // SCANNED)))
    return shards(batch)


def cut(tensor: Tensor | None, ways: int) -> list[Tensor | None]:
    """Cut the batch, whose size may be unknown; the last piece takes the rest."""
    if tensor is None or ways == 1:
        return [tensor] * ways
    batch = tensor.shape[0] or tf.shape(tensor)[0]
    size = batch // ways
    return list(tf.split(tensor, [size] * (ways - 1) + [batch - size * (ways - 1)], num=ways))


def time_major(sequence: Tensor) -> Tensor:
    """[B, T, U] to [T, B, U]."""
    return tf.transpose(sequence, (1, 0, 2))


def batch_major(pieces: Sequence[Tensor]) -> Tensor:
    """Shards [T, B, U] to the whole [B, T, U]."""
    return tf.concat([tf.transpose(piece, (1, 0, 2)) for piece in pieces], 0)


_chosen: ContextVar[bool | None] = ContextVar("compiled recurrence", default=None)


@contextmanager
def compiled(enabled: bool) -> Iterator[None]:
    """Within it, run recurrences compiled, or leave them to Keras's loop.

    Without it a `Recurrent` is compiled while training and in `keras.Model.predict`, and not otherwise: a
    graph that is exported must hold nothing that a server without XLA cannot run.
    """
    token = _chosen.set(enabled)
    try:
        yield
    finally:
        _chosen.reset(token)


def is_refused() -> bool:
    """Whether somebody has said that nothing is to be compiled, or fused."""
    return _chosen.get() is False


def is_enabled(training: Any) -> bool:
    """Whether to run compiled, as far as anybody has said."""
    chosen = _chosen.get()
    return training is True if chosen is None else chosen
