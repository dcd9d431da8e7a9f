"""A call that is not trained, but may be differentiated: a fast way forward, and a gradient of its own.

Forward it is TensorFlow's one operation for an LSTM, and for other cells a loop that is written out. The
registered gradient of the first is wrong (it is that of an older kernel, with the gates in another order);
that of the second would be as long as the loop. Here the gradient runs the recurrence again, compiled.
"""

import sys
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend import AutocastScope
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from seqmem.cells import Cell
from seqmem.recurrence import compiled_loop, differentiable, inference, loop
from seqmem.recurrence.step_analysis import weights

Tensor = Any
CONVERTERS = ("keras.src.export", "tf2onnx", "tensorflow.lite")  # of graphs to what knows no such operation
SAVERS = ("tensorflow.python.saved_model", "keras.src.export")


def run(cell: Any, inputs: Tensor, states: Any, *, sequences: bool) -> tuple[Tensor, Tensor, Any]:
    """As `loop.run`, cell by cell of a stack where there is a faster way for one of them."""
    stack = getattr(cell, "cells", [cell])
    if not any(_has_way(one, inputs) for one in stack):
        options = {"training": False} if getattr(cell, "_call_has_training_arg", False) else {}
        return loop.run(cell, inputs, states, sequences=sequences, **options)
    given, last = keras.tree.flatten(states), []
    for one in stack:
        mine = [given.pop(0) for _ in keras.tree.flatten(one.state_size)]
        more = sequences or one is not stack[-1]
        way = _recomputed if _has_way(one, inputs) else inference.looped
        inputs, after = way(one, inputs, mine, more)
        last += after
    return inputs[:, -1], inputs, keras.tree.pack_sequence_as(states, last)


def _has_way(cell: Any, inputs: Tensor) -> bool:
    # Of an unknown batch it may be a graph to be saved, which the loop and its gradient would make large.
    known = None not in inputs.shape[:2] and not tf.executing_eagerly()
    return (
        not compiled_loop.is_refused()
        and ((isinstance(cell, Cell) and known) or inference.is_fusible(cell))
        and inputs.shape[1] != 1
        and compiled_loop.is_supported(cell)
        and not GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())
        and (tf.executing_eagerly() or not _is_traced_by(CONVERTERS))
    )


def _recomputed(
    cell: Cell, inputs: Tensor, states: Sequence[Tensor], sequences: bool
) -> tuple[Any, list[Any]]:
    values, count = compiled_loop.current(cell), int(sequences)
    inputs, states = compiled_loop.sized(inputs, states, cell.compute_dtype)
    if compiled_loop.is_forward_mode([inputs, *states, *values]):
        found = differentiable.run(cell, [inputs, *states, *values], None, count)
    else:
        found = list(_recurrence(cell, count)(inputs, *states, *values))
    return (found[0] if sequences else found[0][:, None]), found[count:]


def _recurrence(cell: Cell, sequences: int) -> Any:
    @tf.custom_gradient
    def recurrence(*given: Tensor) -> Any:
        inputs, *rest = map(tf.stop_gradient, given)
        states, values = rest[: cell.num_states], rest[cell.num_states :]
        mapping = list(zip(weights(cell), values, strict=True))
        with AutocastScope(None), keras.StatelessScope(state_mapping=mapping):  # the layer's may be half
            outputs, last = inference.without_gradients(cell, inputs, states, bool(sequences))

        def gradient(*d_found: Tensor) -> Any:
            # A length that the graph does not know may change from batch to batch: each would be compiled.
            # And what saves a graph has the gradients in it traced, for servers that may not have XLA.
            plain = given[0].shape[1] is None or _is_traced_by(SAVERS)
            way = differentiable.run if plain else compiled_loop.differentiated
            with tf.GradientTape() as tape:
                tape.watch(given)
                found = way(cell, given, None, sequences)
            return tape.gradient(found, given, d_found, unconnected_gradients="zero")

        return (*[outputs][:sequences], *last), gradient

    return recurrence


def _is_traced_by(modules: tuple[str, ...]) -> bool:
    """Whether it is any of these that is tracing: nothing but the stack tells."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(modules):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
