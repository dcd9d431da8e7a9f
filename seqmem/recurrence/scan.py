"""A linear recurrence over a whole sequence, by a parallel scan.

h_t = a_t h_{t-1} + b_t composes: two steps in a row are one, with a = a_1 a_2 and b = a_2 b_1 + b_2. So all T
states come from log T rounds of operations on whole sequences, and so does the gradient, which is the same
recurrence backwards: it is differentiable any number of times, may be exported, and XLA compiles it.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from keras import ops
from keras.src.backend import AutocastScope

from seqmem.cells import ScanCell

Tensor = Any


def linear_scan(a: Tensor, b: Tensor, first: Tensor, training: bool = True) -> Tensor:
    """All h_t = a_t h_{t-1} + b_t over a, b [B, T, U], T known, from h_0 [B, U].

    Where nothing is trained it is the bare operations: a graph to be saved needs no gradient of ours in it.
    """
    if not training:
        return _scan(a, _begun(a, b, first))

    @tf.custom_gradient
    def scanned(a: Tensor, b: Tensor, first: Tensor) -> Any:
        states = _scan(a, _begun(a, b, first))

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


def _begun(a: Tensor, b: Tensor, first: Tensor) -> Tensor:
    return tf.concat([b[:, :1] + a[:, :1] * first[:, None], b[:, 1:]], 1)


def _scan(a: Tensor, b: Tensor) -> Tensor:
    """All states from zeros: those after every second step from half as many steps, the others from those.

    (`keras.ops.associative_scan` branches where both branches have other shapes, which XLA refuses.)
    """
    length = b.shape[1]
    if length == 1:
        return b
    a_odd, b_odd = a[:, 1::2], b[:, 1::2]
    half = length // 2
    odd = _scan(a_odd * a[:, ::2][:, :half], a_odd * b[:, ::2][:, :half] + b_odd)
    even = tf.concat([b[:, :1], a[:, 2::2] * odd[:, : (length - 1) // 2] + b[:, 2::2]], 1)
    if length % 2:
        odd = tf.concat([odd, even[:, -1:]], 1)  # to be cut off again
    size, units = tf.shape(b)[0], b.shape[2]
    states = tf.reshape(tf.stack([even, odd], 2), (size, 2 * odd.shape[1], units))[:, :length]
    if not tf.executing_eagerly():
        states.set_shape(b.shape)
    return states


def run(
    cell: ScanCell, inputs: Tensor, states: Sequence[Tensor], *, sequences: int, training: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """As `compiled_loop.run`: the state after every step [B, T, U], if asked for, and the last one."""
    with AutocastScope(None):
        inputs = ops.cast(inputs, cell.compute_dtype)
        a, b, _ = cell.coefficients(cell.project(inputs, training))
        found = linear_scan(a, b, ops.cast(states[0], cell.compute_dtype), training)
    return [found][:sequences], [found[:, -1]]
