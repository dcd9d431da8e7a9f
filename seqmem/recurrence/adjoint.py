"""A recurrence and its adjoint, each one compiled loop.

Forward, the loop keeps the states and what every activation function gave. Backward, each step is one
vector-Jacobian product of the cell's own `step`, by automatic differentiation: its activation functions are
not computed again, they give back what was kept, and their slope is known from it. The gradients of both
kernels and biases are one large matmul after the loop. No equation of a cell is written here.

Sequences are time-major, [T, B, ...]. The weights are arguments, so that cells of one kind and
size share what was compiled.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import keras
import tensorflow as tf

from seqmem.cells import Cell, ScanCell
from seqmem.cells.activations import intercept_activations
from seqmem.recurrence.isolation import Compiled
from seqmem.recurrence.scan import compile_scan
from seqmem.recurrence.sharing import shared
from seqmem.recurrence.step_analysis import (
    StepAnalysis,
    analyze_step,
    record_activations,
    replay_activations,
    weights,
)

Tensor = Any


class Pair(Protocol):
    """A recurrence and its derivative, each compiled."""

    @property
    def forward(self) -> Callable[..., tuple[list[Tensor], Any]]:
        """(inputs [T, B, F], keep, states, weights) to (each state [T + 1, B, U], what `pull_back` reads)."""

    def pull_back(
        self,
        cell: Cell,
        given: tuple[Tensor, Tensor | None, Sequence[Tensor]],
        found: tuple[Any, Any],
        d_after: Sequence[Tensor],
        d_last: Sequence[Tensor],
    ) -> tuple[Tensor, Sequence[Tensor], Sequence[Tensor]]:
        """The gradients of the inputs, of all `weights` and of the first states.

        Args:
            cell: built.
            given: inputs [T, B, F], keep, weights: what `forward` was given.
            found: what it gave.
            d_after: the gradients of the first states after every step [T, B, U].
            d_last: those of the last states.
        """


class Adjoint(NamedTuple):
    """The two compiled functions of a cell whose steps follow one another.

    Attributes:
        forward: (inputs [T, B, F], keep, states, weights) to (each state before each step and after the last
            [T + 1, B, U], what the derivative will read [T, B, ...]). `keep` [B, U], or None, multiplies h
            before its kernel.
        backward: (keep, weights, what forward gave, the gradients of the first states after every step
            [T, B, U], those of the last states) to (the gradients of the projection r [T, B, G*U], then, of
            each gate that tells x from r, of its x [T, B, U]; of the first states; of the weights that
            `step` reads).
        analysis: of the `step`.
    """

    forward: Compiled
    backward: Compiled
    analysis: StepAnalysis

    def pull_back(
        self,
        cell: Cell,
        given: tuple[Tensor, Tensor | None, Sequence[Tensor]],
        found: tuple[Any, Any],
        d_after: Sequence[Tensor],
        d_last: Sequence[Tensor],
    ) -> tuple[Tensor, Sequence[Tensor], Sequence[Tensor]]:
        """See `Pair`."""
        (inputs, keep, values), (along, kept) = given, found
        d_projected, d_first, d_own = self.backward(keep, values, along, kept, d_after, d_last)
        h = _masked(along[0][:-1], keep)
        return *self._sums(cell, values, inputs, h, d_projected, d_own), d_first

    def _sums(
        self,
        cell: Cell,
        values: Sequence[Tensor],
        inputs: Tensor,
        h: Tensor,
        d_projected: Sequence[Tensor],
        d_own: Any,
    ) -> tuple[Tensor, list[Tensor]]:
        """The gradients of the inputs and of all `weights`, from whole sequences [T, B, ...].

        `h` is what met the recurrent kernel, `d_projected` and `d_own` what `backward` gave. A column of ones
        gives the gradient of a bias in the same matmul.
        """
        gates, features = len(cell.gates), inputs.shape[-1]
        d_r, *rest = map(_rows, d_projected)
        ones = tf.ones_like(inputs[..., :1])
        of_r = tf.matmul(_rows(ones, inputs, h), d_r, transpose_a=True)
        of_x, d_x = of_r[: 1 + features], d_r
        if rest:  # some gates tell x and r apart
            each, each_d = tf.split(of_x, gates, -1), tf.split(d_r, gates, -1)
            for gate in range(gates):
                if gate not in self.analysis.one_slope:
                    each_d[gate] = rest.pop(0)
                    each[gate] = tf.matmul(_rows(ones, inputs), each_d[gate], transpose_a=True)
            of_x, d_x = tf.concat(each, -1), tf.concat(each_d, -1)
        found = [of_x[1:], of_r[1 + features :]]
        if cell.bias is not None:
            found.append(tf.stack([of_x[0], of_r[0]]) if cell.recurrent_bias else of_x[0])
        found += [tf.zeros(weight.shape, inputs.dtype) for weight in weights(cell)[len(found) :]]
        for place, d in zip(self.analysis.reads_weights, d_own, strict=True):
            found[place] += d
        d_inputs = tf.matmul(d_x, values[0], transpose_b=True)
        return tf.reshape(d_inputs, tf.shape(inputs)), found


def adjoint(cell: Cell) -> Pair | None:
    """The compiled pair of a built cell; None where `analyze_step` finds its `step` unfit.

    Raises whatever `step` raises.
    """
    pair: Pair | None = shared(cell, _pair)
    return pair


def _pair(cell: Cell) -> Pair | None:
    analysis = analyze_step(cell)
    if analysis is None:
        return None
    return compile_scan(cell) if isinstance(cell, ScanCell) else _compile(cell, analysis)


def _compile(cell: Cell, analysis: StepAnalysis) -> Adjoint:
    count, units, gates = cell.num_states, cell.units, len(cell.gates)
    variables, own = weights(cell), analysis.reads_weights
    apart = [gate for gate in range(gates) if gate not in analysis.one_slope]

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
            found = [
                *_gates_of(x, analysis.reads_x, units),
                *_gates_of(r, analysis.reads_r, units),
                *activated,
            ]
            written = [a.write(t + 1, one) for a, one in zip(arrays[:count], step.states, strict=True)]
            written += [a.write(t, one) for a, one in zip(arrays[count:], found, strict=True)]
            return t + 1, list(step.states), written

        widths = [units] * (len(analysis.reads_x) + len(analysis.reads_r)) + list(analysis.activated)
        arrays = [_array(length + 1, inputs, units).write(0, state) for state in states]
        arrays += [_array(length, inputs, one) for one in widths]
        *_, arrays = tf.while_loop(
            lambda t, *_: t < length, body, (0, list(states), arrays), maximum_iterations=length
        )
        sequences = [array.stack() for array in arrays]
        return sequences[:count], sequences[count:]

    def backward(
        keep: Tensor | None, values: Any, along: Any, kept: Any, d_after: Any, d_last: Any
    ) -> tuple[Any, ...]:
        length = tf.shape(along[0])[0] - 1
        across = tf.transpose(values[1])  # once, not at every step

        def step_again(now: Sequence[Tensor], given: Sequence[Tensor], watched: Sequence[Tensor]) -> Any:
            """The step once more from what it gave, with a tape: states, tape, x and r gate by gate."""
            given, unread = list(given), tf.zeros((tf.shape(now[0])[0], units), now[0].dtype)
            x, r = (
                [given.pop(0) if gate in read else tf.identity(unread) for gate in range(gates)]
                for read in (analysis.reads_x, analysis.reads_r)
            )
            with (
                supplied(values),
                intercept_activations(replay_activations(given)),
                tf.GradientTape() as tape,
            ):
                tape.watch([x, r, *watched])
                return list(cell.step(tf.concat(x, -1), tf.concat(r, -1), tuple(now)).states), tape, x, r

        def body(t: Tensor, d_states: Any, arrays: Any) -> tuple[Any, ...]:
            d_states = list(d_states)
            for n, sequence in enumerate(d_after):
                d_states[n] += sequence[t]
            now = [one[t] for one in along]
            states, tape, x, r = step_again(now, [one[t] for one in kept], now)
            d_x, d_r, d_before = tape.gradient(states, [x, r, now], d_states, unconnected_gradients="zero")
            d_r = tf.concat(d_r, -1)
            d_before[0] += _masked(d_r @ across, keep)
            found = [d_r, *(d_x[gate] for gate in apart), *(d_states if own else [])]
            return t - 1, d_before, [array.write(t, d) for array, d in zip(arrays, found, strict=True)]

        widths = [gates * units] + [units] * (len(apart) + (count if own else 0))
        _, d_first, arrays = tf.while_loop(
            lambda t, *_: t >= 0,
            body,
            (length - 1, list(d_last), [_array(length, along[0], one) for one in widths]),
            maximum_iterations=length,
        )
        d_projected = [array.stack() for array in arrays]
        d_own = []
        if own:  # of all moments at once, as if each were an example: a sum in the loop costs more
            d_states = [_rows(d_projected.pop()) for _ in range(count)][::-1]
            read = [values[place] for place in own]
            before = [_rows(one[:-1]) for one in along]
            states, tape, *_ = step_again(before, [_rows(one) for one in kept], read)
            d_own = tape.gradient(states, read, d_states, unconnected_gradients="zero")
        return d_projected, d_first, d_own

    return Adjoint(Compiled(forward), Compiled(backward), analysis)


def _gates_of(projected: Tensor, gates: Sequence[int], units: int) -> list[Tensor]:
    return [projected[:, gate * units : (gate + 1) * units] for gate in gates]


def _rows(*sequences: Tensor) -> Tensor:
    """Sequences [T, B, ...] side by side, one row for each moment of each example."""
    rows = [tf.reshape(one, (-1, one.shape[-1])) for one in sequences]
    return rows[0] if len(rows) == 1 else tf.concat(rows, 1)


def _masked(h: Tensor, keep: Tensor | None) -> Tensor:
    return h if keep is None else h * keep


def _array(length: Tensor, like: Tensor, width: int) -> tf.TensorArray:
    return tf.TensorArray(like.dtype, length, element_shape=(like.shape[1], width))
