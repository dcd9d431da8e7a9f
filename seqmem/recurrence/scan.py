"""A linear recurrence over a whole sequence, by a parallel scan in blocks.

h_t = a_t h_{t-1} + b_t composes: two steps in a row are one, with a = a_1 a_2 and b = a_2 b_1 + b_2. So the
blocks of a sequence are run side by side, a few dozen operations on all of them at once, then their ends, and
each block is told what came before it. The gradient is the same recurrence backwards: it is differentiable
any number of times, may be exported, and XLA compiles it.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from keras import ops
from keras.src.backend import AutocastScope

from seqmem.cells import ScanCell

Tensor = Any
BLOCK = 32  # steps


def linear_scan(a: Tensor, b: Tensor, first: Tensor, training: bool = True) -> Tensor:
    """All h_t = a_t h_{t-1} + b_t over a, b [B, T, U], T known, from h_0 [B, U].

    Where nothing is trained it is the bare operations: a graph to be saved needs no gradient of ours in it.
    """
    if not training:
        return _scan(a, b, first)

    @tf.custom_gradient
    def scanned(a: Tensor, b: Tensor, first: Tensor) -> Any:
        states = _scan(a, b, first)

        def gradient(d_states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            d_states = tf.reshape(d_states, tf.shape(b))  # that of a slice does not know its rank
            if not tf.executing_eagerly():
                d_states.set_shape(b.shape)
            # d b_t = d h_t + a_{t+1} d b_{t+1}: from the end, with the factors one step later.
            later = tf.concat([a[:, 1:], tf.zeros_like(a[:, :1])], 1)
            backwards = linear_scan(later[:, ::-1], d_states[:, ::-1], tf.zeros_like(first))
            d_b = backwards[:, ::-1]
            before = tf.concat([first[:, None], states[:, :-1]], 1)
            return d_b * before, d_b, d_b[:, 0] * a[:, 0]

        return states, gradient

    found: Tensor = scanned(a, b, first)
    return found


def _scan(a: Tensor, b: Tensor, first: Tensor) -> Tensor:
    """All states, in blocks of one length, whose last states are a recurrence of as many steps as blocks.

    (By halves, as `keras.ops.associative_scan` has it, every round strides over all that is in memory: that
    took five to eight times as long.)
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
        before = tf.concat([before, _scan(products[-1], states[-1], first)[:, :-1]], 1)
    whole = tf.stack([state + kept * before for state, kept in zip(states, products, strict=True)], 2)
    return tf.reshape(whole, (-1, blocks * steps, units))[:, :length]


def run(
    cell: ScanCell, inputs: Tensor, states: Sequence[Tensor], *, sequences: int, training: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """As `compiled_loop.run`: the state after every step [B, T, U], if asked for, and the last one."""
    with AutocastScope(None):
        inputs = ops.cast(inputs, cell.compute_dtype)
        a, b, _ = cell.coefficients(cell.project(inputs, training))
        found = linear_scan(a, b, ops.cast(states[0], cell.compute_dtype), training)
    return [found][:sequences], [found[:, -1]]
