"""A call that is not trained, but may be differentiated: the numbers of a fused kernel, and its own gradient.

TensorFlow's one operation for an LSTM has a registered gradient that is wrong (it is that of an older kernel,
with the gates in another order). Here the gradient runs the recurrence again, on the compiled loops.
"""

import sys
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from seqmem.cells import LSTMCell
from seqmem.recurrence import compiled_loop, differentiable, inference, loop
from seqmem.recurrence.step_analysis import weights

Tensor = Any
CONVERTERS = ("keras.src.export", "tf2onnx", "tensorflow.lite")  # of graphs to what knows no such operation
SAVERS = ("tensorflow.python.saved_model", "keras.src.export")


def run(cell: Any, inputs: Tensor, states: Any, *, sequences: bool) -> tuple[Tensor, Tensor, Any]:
    """As `loop.run`, cell by cell of a stack where one of them is fused."""
    stack = getattr(cell, "cells", [cell])
    if not any(_is_fused(one, inputs) for one in stack):
        options = {"training": False} if getattr(cell, "_call_has_training_arg", False) else {}
        return loop.run(cell, inputs, states, sequences=sequences, **options)
    given, last = keras.tree.flatten(states), []
    for one in stack:
        mine = [given.pop(0) for _ in keras.tree.flatten(one.state_size)]
        more = sequences or one is not stack[-1]
        way = _fused if _is_fused(one, inputs) else inference.looped
        inputs, after = way(one, inputs, mine, more)
        last += after
    return inputs[:, -1], inputs, keras.tree.pack_sequence_as(states, last)


def _is_fused(cell: Any, inputs: Tensor) -> bool:
    return (
        not compiled_loop.is_refused()
        and inference.is_fusible(cell)
        and inputs.shape[1] != 1
        and compiled_loop.is_supported(cell)
        and not GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())
        and (tf.executing_eagerly() or not _is_traced_by(CONVERTERS))
    )


def _fused(
    cell: LSTMCell, inputs: Tensor, states: Sequence[Tensor], sequences: bool
) -> tuple[Any, list[Any]]:
    values, count = compiled_loop.current(cell), int(sequences)
    inputs, states = compiled_loop.sized(inputs, states, cell.compute_dtype)
    if compiled_loop.is_forward_mode([inputs, *states, *values]):
        found = differentiable.run(cell, [inputs, *states, *values], None, count)
    else:
        found = list(_recurrence(cell, count)(inputs, *states, *values))
    return (found[0] if sequences else found[0][:, None]), found[count:]


def _recurrence(cell: LSTMCell, sequences: int) -> Any:
    @tf.custom_gradient
    def recurrence(*given: Tensor) -> Any:
        inputs, h, c, *values = map(tf.stop_gradient, given)
        with keras.StatelessScope(state_mapping=list(zip(weights(cell), values, strict=True))):
            outputs, last = inference.fused_lstm(cell, inputs, [h, c], bool(sequences))

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
