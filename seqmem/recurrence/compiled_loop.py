"""A training step of a recurrence on compiled loops, one for each core: when, and how."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf
from keras.src.backend import AutocastScope
from tensorflow.python.eager.forwardprop_util import pack_tangents

from seqmem.cells import Cell
from seqmem.recurrence import differentiable
from seqmem.recurrence.adjoint import adjoint
from seqmem.recurrence.step_analysis import weights

Tensor = Any
SHARD = 16  # examples; smaller shards take about as long
MOST_SHARDS = 4  # so that a batch of 64 makes shards of 16


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
        and all(
            getattr(type(cell), name) is getattr(Cell, name)
            for name in ("call", "advance", "project", "recur")
        )
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
    with AutocastScope(None):  # that of the layer may be of another type than the cell
        values = [tf.convert_to_tensor(weight) for weight in weights(cell)]
    inputs, states = _sized(tf.cast(inputs, cell.compute_dtype), states, cell.compute_dtype)
    if training and 0 < cell.dropout < 1:
        inputs = inputs * cell.get_dropout_mask(inputs[:, 0, :])[:, None, :]
    drops = training and 0 < cell.recurrent_dropout < 1
    keep = tf.convert_to_tensor(cell.get_recurrent_dropout_mask(states[0])) if drops else None
    if pack_tangents(
        [inputs, *states, *values]
    ).tangents:  # forward mode, under way: it looks into everything
        found = differentiable.run(cell, [inputs, *states, *values], keep, sequences)
        return found[:sequences], found[sequences:]
    pair, count, ways = adjoint(cell), len(states), _ways(inputs.shape[0])
    assert pair is not None

    @tf.custom_gradient
    def recurrence(*given: Tensor) -> Any:
        inputs, *rest = map(tf.stop_gradient, given)  # an eager tape would look into what is compiled
        parts = [
            (_time_major(x), k, s, rest[count:])
            for x, k, *s in zip(*(_cut(one, ways) for one in (inputs, keep, *rest[:count])), strict=True)
        ]
        ran = [pair.forward(*part) for part in parts]
        last = [tf.concat([after[n][-1] for after, _ in ran], 0) for n in range(count)]
        whole = [_batch_major([after[n] for after, _ in ran]) for n in range(sequences)]

        def gradient(*d_found: Tensor) -> Any:
            return pull_back(*d_found, *given)  # what it depends on is an argument, for its own derivative

        @tf.custom_gradient
        def pull_back(*arguments: Tensor) -> Any:
            d_found = tuple(map(tf.stop_gradient, arguments[: sequences + count]))
            above = zip(*(_cut(one, ways) for one in d_found), strict=True)
            kernel, recurrent_kernel = rest[count : count + 2]
            across = tf.transpose(recurrent_kernel)  # once, not at every step
            d_inputs, d_states, d_values = [], [], []
            for (x, k, first, values), (after, kept), d in zip(parts, ran, above, strict=True):
                before = [
                    tf.concat([one[None], all_[:-1]], 0) for one, all_ in zip(first, after, strict=True)
                ]
                d_projected, d_first, d_own = pair.backward(
                    across,
                    k,
                    values,
                    before,
                    kept,
                    [_time_major(one) for one in d[:sequences]],
                    list(d[sequences:]),
                )
                h = before[0] if k is None else before[0] * k
                d_inputs.append(tf.matmul(d_projected[0], kernel, transpose_b=True))
                d_states.append(d_first)
                d_values.append(pair.weight_gradients(cell, x, h, d_projected, d_own))

            def gradient_again(*d: Tensor) -> Any:
                with tf.GradientTape() as tape:
                    tape.watch(arguments)
                    found = differentiable.pull_back(cell, arguments, keep, sequences)
                return tape.gradient(found, arguments, d, unconnected_gradients="zero")

            return (
                _batch_major(d_inputs),
                *(tf.concat(d, 0) for d in zip(*d_states, strict=True)),
                *(tf.add_n(d) for d in zip(*d_values, strict=True)),
            ), gradient_again

        return (*whole, *last), gradient

    found = list(recurrence(inputs, *states, *values))
    return found[:sequences], found[sequences:]


def _sized(inputs: Tensor, states: Sequence[Tensor], dtype: str) -> tuple[Tensor, list[Tensor]]:
    """In the cell's type, and of one batch size where either tells it: a stateful layer knows its states'."""
    batch = inputs.shape[0] or states[0].shape[0]
    inputs, *states = (tf.cast(one, dtype) for one in (inputs, *states))
    return _of(inputs, batch), [_of(state, batch) for state in states]


def _of(tensor: Tensor, batch: int | None) -> Tensor:
    return tensor if tensor.shape[0] == batch else tf.ensure_shape(tensor, (batch, *tensor.shape[1:]))


def _ways(batch: int | None) -> int:
    """How many shards: one for each core, if the batch is large enough."""
    cores = tf.config.threading.get_inter_op_parallelism_threads() or os.cpu_count() or 1
    most = min(cores, MOST_SHARDS)
    return most if batch is None else max(1, min(most, batch // SHARD))


def _cut(tensor: Tensor | None, ways: int) -> list[Tensor | None]:
    """Cut the batch, whose size may be unknown; the last piece takes the rest."""
    if tensor is None or ways == 1:
        return [tensor] * ways
    batch = tensor.shape[0] or tf.shape(tensor)[0]
    size = batch // ways
    return list(tf.split(tensor, [size] * (ways - 1) + [batch - size * (ways - 1)], num=ways))


def _time_major(sequence: Tensor) -> Tensor:
    return tf.transpose(sequence, (1, 0, 2))


def _batch_major(pieces: Sequence[Tensor]) -> Tensor:
    return tf.concat([tf.transpose(piece, (1, 0, 2)) for piece in pieces], 0)


_chosen: ContextVar[bool | None] = ContextVar("compiled recurrence", default=None)


@contextmanager
def compiled(enabled: bool) -> Iterator[None]:
    """Within it, run recurrences compiled, or leave them to Keras's loop.

    Without it a `Recurrent` is compiled while training, and plain otherwise: a graph that is exported must
    hold nothing that a server without XLA cannot run.
    """
    token = _chosen.set(enabled)
    try:
        yield
    finally:
        _chosen.reset(token)


def is_enabled(training: Any) -> bool:
    """Whether to run compiled, as far as anybody has said."""
    chosen = _chosen.get()
    return training is True if chosen is None else chosen
