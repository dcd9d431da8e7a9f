"""A recurrence and its adjoint, each one compiled loop.

Forward, the loop keeps the states and what every activation function gave. Backward, each step is one
vector-Jacobian product of the cell's own `step`, by automatic differentiation: its activation functions are
not computed again, they give back what was kept, and their slope is known from it. The gradients of both
kernels and biases are one large matmul after the loop. No equation of a cell is written here.

Sequences are time-major, [T, B, ...]. The weights are arguments, so that cells of one kind and
size share what was compiled.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from seqmem.cells import Cell
from seqmem.cells.activations import intercept_activations
from seqmem.recurrence.isolation import Compiled, isolated
from seqmem.recurrence.step_analysis import (
    StepAnalysis,
    analyze_step,
    record_activations,
    replay_activations,
    weights,
)

Tensor = Any


class Adjoint(NamedTuple):
    """The two compiled functions.

    Attributes:
        forward: (inputs [T, B, F], keep, states, weights) to (each state after each step [T, B, U], what the
            derivative will read [T, B, ...]). `keep` [B, U], or None, multiplies h before its kernel.
        backward: (the recurrent kernel transposed, keep, weights, each state before each step [T, B, U], what
            the derivative reads, the gradients of the first states after every step [T, B, U], those of
            the last states) to (the gradients of the projections x and r, or the one that both have
            [T, B, G*U]; of the first states; of the weights that `step` reads).
        own: the places of those among `weights`. `projection_gradients` makes what the projections add.
    """

    forward: Compiled
    backward: Compiled
    own: tuple[int, ...]

    def weight_gradients(
        self, cell: Cell, inputs: Tensor, h: Tensor, d_projected: Sequence[Tensor], d_own: Sequence[Tensor]
    ) -> list[Tensor]:
        """The gradients of all `weights`, from whole sequences: see `projection_gradients`."""
        found = projection_gradients(cell, inputs, h, d_projected)
        found += [tf.zeros(weight.shape, inputs.dtype) for weight in weights(cell)[len(found) :]]
        for place, d in zip(self.own, d_own, strict=True):
            found[place] += d
        return found


def adjoint(cell: Cell) -> Adjoint | None:
    """The compiled pair of a built cell; None where `analyze_step` finds its `step` unfit.

    Raises whatever `step` raises.
    """
    if "_adjoint" not in cell.__dict__:
        shapes = tuple(tuple(weight.shape) for weight in weights(cell))
        key = _Key(cell, (type(cell), cell.compute_dtype, shapes, *cell.gates.values(), *cell.step_key()))
        try:
            hash(key)
        except TypeError:  # an argument that cannot be compared: nothing is shared
            pair = isolated(_pair, cell)
        else:
            pair = _shared(key)
        object.__setattr__(cell, "_adjoint", pair)  # past Keras's tracking; it goes with the cell
    own: Adjoint | None = cell.__dict__["_adjoint"]
    return own


class _Key:
    """A cell that equals any other of the same kind and size."""

    def __init__(self, cell: Cell, key: tuple[Any, ...]) -> None:
        self.cell, self.key = cell, key

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.key == other.key


@lru_cache(maxsize=64)
def _shared(key: _Key) -> Adjoint | None:
    return isolated(_pair, key.cell)


def _pair(cell: Cell) -> Adjoint | None:
    analysis = analyze_step(cell)
    return _compile(cell, analysis) if analysis else None


def _compile(cell: Cell, analysis: StepAnalysis) -> Adjoint:
    count, units, width = cell.num_states, cell.units, cell.units * len(cell.gates)
    variables, own = weights(cell), analysis.reads_weights

    def supplied(values: Sequence[Tensor]) -> keras.StatelessScope:
        return keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True)))

    def forward(inputs: Tensor, keep: Tensor | None, states: Any, values: Any) -> tuple[Any, Any]:
        length = tf.shape(inputs)[0]

        def body(t: Tensor, states: Any, arrays: Any) -> tuple[Any, ...]:
            activated: list[Tensor] = []
            with supplied(values), intercept_activations(record_activations(activated)):
                x, r = cell.project(inputs[t]), cell.recur(_masked(states[0], keep))
                step = cell.step(x, r, tuple(states))
            # What is written, XLA computes once; what only feeds other operations, once in each of them.
            found = [*step.states, *analysis.read(x, r), *activated]
            return t + 1, list(step.states), [a.write(t, one) for a, one in zip(arrays, found, strict=True)]

        widths = [*[units] * count, *analysis.read(width, width), *analysis.activated]
        arrays = [_array(length, inputs, one) for one in widths]
        *_, arrays = tf.while_loop(
            lambda t, *_: t < length, body, (0, list(states), arrays), maximum_iterations=length
        )
        sequences = [array.stack() for array in arrays]
        return sequences[:count], sequences[count:]

    def backward(
        across: Tensor, keep: Tensor | None, values: Any, before: Any, kept: Any, d_after: Any, d_last: Any
    ) -> tuple[Any, ...]:
        length = tf.shape(before[0])[0]

        def step_again(now: Sequence[Tensor], given: Sequence[Tensor], watched: Sequence[Tensor]) -> Any:
            """The step once more from what it gave, with a tape: states, tape, x and r."""
            given, unread = list(given), tf.zeros((tf.shape(now[0])[0], width), now[0].dtype)
            x = given.pop(0) if analysis.reads_x else tf.identity(unread)
            r = given.pop(0) if analysis.reads_r else tf.identity(unread)
            with (
                supplied(values),
                intercept_activations(replay_activations(given)),
                tf.GradientTape() as tape,
            ):
                tape.watch([x, r, *watched])
                return list(cell.step(x, r, tuple(now)).states), tape, [x, r]

        def body(t: Tensor, d_states: Any, arrays: Any) -> tuple[Any, ...]:
            d_states = list(d_states)
            for n, sequence in enumerate(d_after):
                d_states[n] += sequence[t]
            now = [one[t] for one in before]
            states, tape, projected = step_again(now, [one[t] for one in kept], now)
            d_x, d_r, *d_before = tape.gradient(
                states, [*projected, *now], d_states, unconnected_gradients="zero"
            )
            d_before[0] += _masked(tf.matmul(d_r, across), keep)
            found = [d_x] if analysis.one_slope else [d_x, d_r]
            if own:
                found += d_states
            return t - 1, d_before, [array.write(t, d) for array, d in zip(arrays, found, strict=True)]

        widths = [width] * (1 if analysis.one_slope else 2) + [units] * (count if own else 0)
        _, d_first, arrays = tf.while_loop(
            lambda t, *_: t >= 0,
            body,
            (length - 1, list(d_last), [_array(length, before[0], one) for one in widths]),
            maximum_iterations=length,
        )
        d_projected = [array.stack() for array in arrays]
        d_own = []
        if own:  # of all moments at once, as if each were an example: a sum in the loop costs more
            d_states = [_rows(d_projected.pop()) for _ in range(count)][::-1]
            read = [values[place] for place in own]
            states, tape, _ = step_again([_rows(one) for one in before], [_rows(one) for one in kept], read)
            d_own = tape.gradient(states, read, d_states, unconnected_gradients="zero")
        return d_projected, d_first, d_own

    return Adjoint(Compiled(forward), Compiled(backward), own)


def projection_gradients(
    cell: Cell, inputs: Tensor, h: Tensor, d_projected: Sequence[Tensor]
) -> list[Tensor]:
    """The gradients of kernel, recurrent kernel and bias.

    From whole sequences [T, B, ...]: the inputs, what met the recurrent kernel, and the gradients of the
    projections. A column of ones gives that of the bias in the same matmul.
    """
    features, ones = inputs.shape[-1], tf.ones_like(inputs[..., :1])
    if len(d_projected) == 1:
        both = tf.matmul(_rows(ones, inputs, h), _rows(d_projected[0]), transpose_a=True)
        of_x, of_r = both[: 1 + features], tf.concat([both[:1], both[1 + features :]], 0)
    else:
        of_x = tf.matmul(_rows(ones, inputs), _rows(d_projected[0]), transpose_a=True)
        of_r = tf.matmul(_rows(ones, h), _rows(d_projected[1]), transpose_a=True)
    gradients = [of_x[1:], of_r[1:]]
    if cell.bias is not None:
        gradients.append(tf.stack([of_x[0], of_r[0]]) if cell.recurrent_bias else of_x[0])
    return gradients


def _rows(*sequences: Tensor) -> Tensor:
    """Sequences [T, B, ...] side by side, one row for each moment of each example."""
    rows = [tf.reshape(one, (-1, one.shape[-1])) for one in sequences]
    return rows[0] if len(rows) == 1 else tf.concat(rows, 1)


def _masked(h: Tensor, keep: Tensor | None) -> Tensor:
    return h if keep is None else h * keep


def _array(length: Tensor, like: Tensor, width: int) -> tf.TensorArray:
    return tf.TensorArray(like.dtype, length, element_shape=(like.shape[1], width))
