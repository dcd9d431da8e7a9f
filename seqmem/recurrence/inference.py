"""A forward pass that nobody differentiates: few operations, all of them standard.

An LSTM is TensorFlow's one operation for a whole sequence. A server asked for one forecast spends its time
between operations, not in them: for it, weights are read once, and loops written out as far as that pays.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras.src.backend import AutocastScope
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from seqmem.cells import Cell, LSTMCell, ScanCell
from seqmem.cells.activations import sigmoid, tanh
from seqmem.recurrence import compiled_loop, forward, loop, scan

Tensor = Any
WRITTEN_OUT = 64  # steps to a turn of a loop: more only make the graph larger
SMALL = 32  # examples, of which half is no faster than the whole, for an LSTM in one operation
AT_A_TIME = 8  # steps of it, in a large batch
LARGE, LONG = 64, 32  # examples and steps, from which halves are faster in a loop written out
PREDICTING = ("one_step_on_data_distributed", "multi_step_on_data")  # graphs of `keras.Model.predict`


class FusedKernel(NamedTuple):
    """One operation for a cell over a whole sequence.

    Attributes:
        fits: whether it computes this very cell.
        run: (cell, inputs [B, T, F], states, whether all outputs are wanted) to (outputs [B, T, U], or the
            last one [B, 1, U]; the last states).
    """

    fits: Callable[[Any], bool]
    run: Callable[[Any, Tensor, Sequence[Tensor], bool], tuple[Tensor, list[Tensor]]]


class _Way(NamedTuple):
    in_one: FusedKernel
    turn: int  # steps to a turn of the loops of other cells


_chosen: ContextVar[_Way | None] = ContextVar("way without gradients", default=None)


@contextmanager
def inference_mode() -> Iterator[None]:
    """Within it, what is not trained has no gradients, and is faster for it: scores and forecasts."""
    token = _chosen.set(_Way(_IN_ONE, loop.STEPS_PER_TURN))
    try:
        yield
    finally:
        _chosen.reset(token)


@contextmanager
def export_graph(model: keras.Model, in_one: FusedKernel | None = None) -> Iterator[None]:
    """Within it, what a model answers is computed in a graph for a server. Such a graph has no gradients.

    Args:
        model: whose weights are read once.
        in_one: the operation that the server has. None: TensorFlow's, for an LSTM.
    """
    weights = [weight for weight in model.variables if keras.backend.is_float_dtype(weight.dtype)]
    token = _chosen.set(_Way(in_one or _IN_ONE, WRITTEN_OUT))
    try:
        with keras.StatelessScope(state_mapping=[(one, tf.identity(one.value)) for one in weights]):
            yield
    finally:
        _chosen.reset(token)


def is_enabled(inputs: Tensor) -> bool:
    """Whether there will be no gradients: somebody has said so, or it is Keras that predicts."""
    return _way(inputs) is not None


def _way(inputs: Tensor) -> _Way | None:
    chosen = _chosen.get()
    if chosen is not None or tf.executing_eagerly() or compiled_loop.is_refused():
        return chosen
    graph = tf.compat.v1.get_default_graph()
    if GraphOrParentsInXlaContext(graph):
        return None
    while graph is not None and getattr(graph, "name", "") not in PREDICTING:
        graph = getattr(graph, "outer_graph", None)
    if graph is None:
        return None
    # Such a graph is not saved. Of an unknown batch or length, every size would be compiled.
    known = None not in inputs.shape[:2]
    return _Way(
        FusedKernel(compiled_loop.is_supported, forward.run) if known else _IN_ONE, loop.STEPS_PER_TURN
    )


def is_fusible(cell: Any) -> bool:
    """Whether TensorFlow's kernel for an LSTM computes this very cell."""
    return (
        type(cell) is LSTMCell
        and cell.activations == (sigmoid, tanh)
        and cell.compute_dtype == cell.variable_dtype == "float32"
    )


def run(cell: Any, inputs: Tensor, states: Any, *, sequences: bool) -> tuple[Tensor, Tensor, Any]:
    """As `loop.run`, cell by cell of a stack."""
    stack, given, way = getattr(cell, "cells", [cell]), keras.tree.flatten(states), _way(inputs)
    assert way is not None
    last: list[Tensor] = []
    for one in stack:
        mine = [given.pop(0) for _ in keras.tree.flatten(one.state_size)]
        more = sequences or one is not stack[-1]
        if isinstance(one, ScanCell) and inputs.shape[1] is not None:
            outputs, after = scan.run(one, inputs, mine, sequences=int(more), training=False)
            inputs = outputs[0] if more else after[0][:, None]
        elif inputs.shape[1] != 1 and way.in_one.fits(one):  # one step is faster in operations of its own
            inputs, after = way.in_one.run(one, inputs, mine, more)
        else:
            inputs, after = looped(one, inputs, mine, more, way.turn)
        last += after
    return inputs[:, -1], inputs, keras.tree.pack_sequence_as(states, last)


def fused_lstm(
    cell: LSTMCell, inputs: Tensor, states: Sequence[Tensor], sequences: bool
) -> tuple[Any, list[Any]]:
    """The whole of an LSTM as one operation; it runs on one core, so a large batch is cut in halves.

    The operation writes seven sequences, and a server asks the system for the memory of large ones anew each
    time: a large batch is read a few steps at a time.
    """
    batch, length = inputs.shape[0] or tf.shape(inputs)[0], inputs.shape[1]
    steps = [min(AT_A_TIME, length - t) for t in range(0, length, AT_A_TIME)] if length else [-1]
    inputs, states = compiled_loop.sized(inputs, states, cell.compute_dtype)
    with AutocastScope(None):  # the layer's may be of another type than the cell
        kernel = tf.concat([cell.kernel, cell.recurrent_kernel], 0)
        bias = tf.zeros((4 * cell.units,)) if cell.bias is None else tf.convert_to_tensor(cell.bias)
    x = tf.transpose(inputs, (1, 0, 2))

    def read(blocks: Sequence[Tensor], h: Tensor, c: Tensor) -> list[Tensor]:
        found = []
        for x in blocks:
            outputs, cells = _lstm(tf.cast(tf.shape(x)[0], "int64"), x, h, c, kernel, bias)
            h, c = outputs[-1], cells[-1]
            found.append(outputs)
        return [tf.concat(found, 0) if sequences else h[None], h, c]

    def halves() -> list[Tensor]:
        sizes = [batch // 2, batch - batch // 2]
        xs, hs, cs = (tf.split(one, sizes, axis) for one, axis in ((x, 1), (states[0], 0), (states[1], 0)))
        blocks = [[half] if len(steps) == 1 else tf.split(half, steps) for half in xs]
        parts = [read(*part) for part in zip(blocks, hs, cs, strict=True)]
        return [tf.concat(each, axis) for each, axis in zip(zip(*parts, strict=True), (1, 0, 0), strict=True)]

    def whole() -> list[Tensor]:
        return read([x], states[0], states[1])

    if isinstance(batch, int):
        outputs, h, c = whole() if batch < SMALL else halves()
    else:
        outputs, h, c = tf.cond(batch < SMALL, whole, halves)
    return tf.transpose(outputs, (1, 0, 2)), [h, c]


def without_gradients(
    cell: Cell, inputs: Tensor, states: Sequence[Tensor], sequences: bool
) -> tuple[Any, list[Any]]:
    """One cell by the fastest way of standard operations; outputs and last states as of `FusedKernel.run`."""
    if is_fusible(cell):
        return fused_lstm(cell, inputs, states, sequences)
    return looped(cell, inputs, states, sequences, WRITTEN_OUT)


_IN_ONE = FusedKernel(is_fusible, fused_lstm)


def _lstm(
    steps: Tensor, x: Tensor, h: Tensor, c: Tensor, kernel: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    """All h and all c [T, B, U] over x [T, B, F]; the gates stand in the order of ours."""
    # Its registered gradient is that of an older kernel with another order: better none than a wrong one.
    x = tf.raw_ops.PreventGradient(input=x, message="an LSTM in one operation has no gradient")
    none = dict.fromkeys(("wci", "wcf", "wco"), tf.zeros(h.shape[-1:]))
    options = {"cell_clip": 0.0, "use_peephole": False}  # no clip
    found = tf.raw_ops.BlockLSTMV2(
        seq_len_max=steps, x=x, cs_prev=c, h_prev=h, w=kernel, b=bias, **none, **options
    )
    return found.h, found.cs


def looped(
    cell: Any,
    inputs: Tensor,
    states: Sequence[Tensor],
    sequences: bool,
    turn: int = loop.STEPS_PER_TURN,
) -> tuple[Any, list[Any]]:
    """The same for any cell, in the loop of plain operations."""
    if turn < WRITTEN_OUT or not _may_be_halved(cell, inputs):
        return _looped(cell, inputs, states, sequences, turn)

    def run(inputs: Tensor, *states: Tensor) -> list[Tensor]:
        outputs, last = _looped(cell, inputs, states, sequences, turn)
        return [outputs, *last]

    def halves() -> list[Tensor]:
        sizes = [batch // 2, batch - batch // 2]
        parts = zip(*(tf.split(one, sizes) for one in (inputs, *states)), strict=True)
        return [tf.concat(each, 0) for each in zip(*(way(*part) for part in parts), strict=True)]

    batch, way = inputs.shape[0] or tf.shape(inputs)[0], run
    if isinstance(batch, int):
        outputs, *last = halves() if batch >= LARGE else run(inputs, *states)
    else:  # one function, called from two places: else the graph would have the loop three times
        of_any = [tf.TensorSpec((None, *one.shape[1:]), one.dtype) for one in (inputs, *states)]
        apart = tf.function(run, autograph=False, experimental_attributes={"_noinline": True})
        way = apart.get_concrete_function(*of_any)
        outputs, *last = tf.cond(batch >= LARGE, halves, lambda: way(inputs, *states))
    return outputs, last


def _may_be_halved(cell: Any, inputs: Tensor) -> bool:
    """Whether halves of a large batch, one for each core, give its numbers, and are worth the graph."""
    long = inputs.shape[1] is not None and inputs.shape[1] >= LONG
    return long and not tf.executing_eagerly() and compiled_loop.is_supported(cell)


def _looped(
    cell: Any, inputs: Tensor, states: Sequence[Tensor], sequences: bool, turn: int
) -> tuple[Any, list[Any]]:
    options = {"training": False} if getattr(cell, "_call_has_training_arg", False) else {}
    sizes = cell.state_size if isinstance(cell.state_size, list | tuple) else [cell.state_size]
    nested = keras.tree.pack_sequence_as(list(sizes), list(states))
    _, outputs, last = loop.run(cell, inputs, nested, sequences=sequences, turn=turn, **options)
    return outputs, keras.tree.flatten(last)
