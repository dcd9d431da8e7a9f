"""A linear recurrence over a whole sequence, by a parallel scan in blocks.

h_t = a_t h_{t-1} + b_t composes: two steps in a row are one, with a = a_1 a_2 and b = a_2 b_1 + b_2. So the
blocks of a sequence are run side by side, a few dozen operations on all of them at once, then their ends, and
each block is told what came before it. The gradient is the same recurrence backwards.

In training it is compiled; otherwise it is plain operations, which may be exported and differentiated any
number of times. Sequences are time-major in what is compiled, [T, B, ...], and batch-major outside.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops
from keras.src.backend import AutocastScope

from seqmem.cells import Cell, ScanCell
from seqmem.recurrence.isolation import Compiled
from seqmem.recurrence.step_analysis import weights

Tensor = Any
BLOCK = 32  # steps


def run(
    cell: ScanCell, inputs: Tensor, states: Sequence[Tensor], *, sequences: int, training: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """As `compiled_loop.run`, in plain operations: states after every step, if asked for, and the last."""
    with AutocastScope(None):
        inputs = ops.cast(inputs, cell.compute_dtype)
        a, b, _ = cell.coefficients(cell.project(inputs, training))
        first = ops.cast(states[0], cell.compute_dtype)
        found = linear_scan(a, b, first)
    return [found][:sequences], [found[:, -1]]


def linear_scan(a: Tensor, b: Tensor, first: Tensor) -> Tensor:
    """All h_t = a_t h_{t-1} + b_t over a, b [B, T, U], T known, from h_0 [B, U].

    In blocks of one length, whose last states are a recurrence of as many steps as blocks. (By halves, as
    `keras.ops.associative_scan` has it, every round strides over all that is in memory: that took five to
    eight times as long.)
    """
    length, units = b.shape[1:]
    blocks = -(-length // BLOCK)
    steps = -(-length // blocks)
    rest = blocks * steps - length  # to be cut off again
    if rest:
        a, b = (tf.pad(one, [[0, 0], [0, rest], [0, 0]]) for one in (a, b))
    a_each, b_each = (
        tf.unstack(tf.transpose(tf.reshape(one, (-1, blocks, steps, units)), (2, 0, 1, 3))) for one in (a, b)
    )
    states, products = [b_each[0]], [a_each[0]]  # from zeros; what is left of the state before a block
    for a_step, b_step in zip(a_each[1:], b_each[1:], strict=True):
        states.append(a_step * states[-1] + b_step)
        products.append(a_step * products[-1])
    before = first[:, None]
    if blocks > 1:
        before = tf.concat([before, linear_scan(products[-1], states[-1], first)[:, :-1]], 1)
    whole = tf.stack([state + kept * before for state, kept in zip(states, products, strict=True)], 2)
    return tf.reshape(whole, (-1, blocks * steps, units))[:, :length]


class CompiledScan(NamedTuple):
    """A scan and its derivative, each compiled; see `seqmem.recurrence.adjoint.Pair`."""

    forward: Compiled
    backward: Compiled

    def pull_back(
        self,
        cell: Cell,
        given: tuple[Tensor, Tensor | None, Sequence[Tensor]],
        found: tuple[Any, Any],
        d_after: Sequence[Tensor],
        d_last: Sequence[Tensor],
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """See `Pair`."""
        (inputs, _, values), ((states,), _) = given, found
        d_inputs, d_values, d_first = self.backward(inputs, states, values, list(d_after), d_last[0])
        return d_inputs, d_values, [d_first]


def compile_scan(cell: ScanCell) -> CompiledScan:
    """The pair of a built cell."""
    variables = weights(cell)

    def coefficients(inputs: Tensor, values: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            a, b, _ = cell.coefficients(cell.project(tf.transpose(inputs, (1, 0, 2))))
        return a, b

    def forward(inputs: Tensor, keep: None, states: Any, values: Any) -> tuple[Any, Any]:
        a, b = coefficients(inputs, values)
        found = tf.transpose(linear_scan(a, b, states[0]), (1, 0, 2))
        return [tf.concat([states[0][None], found], 0)], []

    def backward(inputs: Tensor, states: Tensor, values: Any, d_after: Any, d_last: Any) -> tuple[Any, ...]:
        with tf.GradientTape() as tape:  # computed again: less than to read them
            tape.watch([inputs, values])
            a, b = coefficients(inputs, values)
        d_states = tf.concat([tf.zeros_like(b[:, :-1]), d_last[:, None]], 1)
        d_states = d_states + tf.transpose(d_after[0], (1, 0, 2)) if d_after else d_states
        # d b_t = d h_t + a_{t+1} d b_{t+1}: from the end, with the factors one step later.
        later = tf.concat([a[:, 1:], tf.zeros_like(a[:, :1])], 1)
        d_b = linear_scan(later[:, ::-1], d_states[:, ::-1], tf.zeros_like(d_last))[:, ::-1]
        before = tf.transpose(states[:-1], (1, 0, 2))
        d_inputs, d_values = tape.gradient(
            [a, b], [inputs, values], [d_b * before, d_b], unconnected_gradients="zero"
        )
        return d_inputs, d_values, d_b[:, 0] * a[:, 0]

    return CompiledScan(Compiled(forward), Compiled(backward))
