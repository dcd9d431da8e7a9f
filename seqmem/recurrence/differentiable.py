"""A recurrence in plain operations, which has derivatives of every order.

The compiled loops have the first alone. Whoever asks for a second one, or for a forward one (TensorFlow makes
it of two backward ones), gets it from here, computed anew.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend import AutocastScope

from seqmem.cells import Cell
from seqmem.recurrence import loop
from seqmem.recurrence.step_analysis import weights

Tensor = Any


def run(cell: Cell, given: Sequence[Tensor], keep: Tensor | None, sequences: int) -> list[Tensor]:
    """The first `sequences` states after every step, and all last ones.

    Args:
        cell: built.
        given: inputs [B, T, F], first states, `weights`.
        keep: what h is multiplied with before its kernel, or None.
        sequences: how many.
    """
    count = cell.num_states
    inputs, first, values = given[0], list(given[1 : 1 + count]), given[1 + count :]

    def every_state(x: Tensor, states: Any) -> tuple[Tensor, Any]:
        h = states[0] if keep is None else states[0] * keep
        step = cell.step(cell.project(x), cell.recur(h), tuple(states))
        return tf.concat(step.states, -1), list(step.states)

    mapping = list(zip(weights(cell), values, strict=True))
    with AutocastScope(None), keras.StatelessScope(state_mapping=mapping):  # the layer's may be half
        _, together, last = loop.run(every_state, inputs, first, sequences=bool(sequences))
    whole = tf.split(together, count, -1)[:sequences] if sequences else []
    return [*whole, *last]


def pull_back(cell: Cell, arguments: Sequence[Tensor], keep: Tensor | None, sequences: int) -> list[Tensor]:
    """The gradients of what `run` is given, from those of what it finds, which stand first in `arguments`."""
    d_found, given = arguments[: sequences + cell.num_states], arguments[sequences + cell.num_states :]
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = run(cell, given, keep, sequences)
    gradients: list[Tensor] = tape.gradient(found, given, d_found, unconnected_gradients="zero")
    return gradients
