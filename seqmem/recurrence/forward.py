"""A forward pass alone, compiled: what `keras.Model.predict` runs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from seqmem.cells import Activation, Cell
from seqmem.cells.activations import intercept_activations
from seqmem.recurrence import compiled_loop
from seqmem.recurrence.isolation import Compiled
from seqmem.recurrence.sharing import shared
from seqmem.recurrence.step_analysis import weights

Tensor = Any


def run(cell: Cell, inputs: Tensor, states: Sequence[Tensor], sequences: bool) -> tuple[Any, list[Any]]:
    """Outputs [B, T, U] over inputs [B, T, F], or the last one alone [B, 1, U]; the last states."""
    passes: _Passes = shared(cell, _passes)
    values = compiled_loop.current(cell)
    inputs, states = compiled_loop.sized(inputs, states, cell.compute_dtype)
    ways = compiled_loop.shards(inputs.shape[0])
    parts = zip(*(compiled_loop.cut(one, ways) for one in (inputs, *states)), strict=True)
    kernel = passes.every if sequences else passes.last
    ran = [kernel(compiled_loop.time_major(x), first, values) for x, *first in parts]
    last = [tf.concat(each, 0) for each in zip(*(after for _, after, _ in ran), strict=True)]
    if not sequences:
        return last[0][:, None], last
    return compiled_loop.batch_major([outputs for (outputs,), *_ in ran]), last


class _Passes(NamedTuple):
    last: Compiled
    every: Compiled


def _passes(cell: Cell) -> _Passes:
    variables = weights(cell)

    def passed(every: bool) -> Compiled:
        def run(inputs: Tensor, states: Any, values: Any) -> tuple[Any, Any, Any]:
            length = tf.shape(inputs)[0]

            def step(t: Tensor, states: Any) -> tuple[Any, list[Tensor]]:
                activated: list[Tensor] = []

                def keep(activation: Activation, z: Tensor) -> Tensor:
                    activated.append(activation.function(z))
                    return activated[-1]

                mapping = list(zip(variables, values, strict=True))
                with keras.StatelessScope(state_mapping=mapping), intercept_activations(keep):
                    return cell.step(cell.project(inputs[t]), cell.recur(states[0]), tuple(states)), activated

            def body(t: Tensor, states: Any, activated: Any, outputs: Any) -> tuple[Any, ...]:
                found, activated = step(t, states)
                outputs = [one.write(t, found.output) for one in outputs]
                return t + 1, list(found.states), activated, outputs

            # What leaves a step, XLA computes once and in a loop of its own, which it vectorises; the rest in
            # each operation that it feeds. So what was activated leaves it, though nobody asks for it.
            activated = [tf.zeros_like(one) for one in step(0, states)[1]]
            shape = (inputs.shape[1], cell.units)
            outputs = [tf.TensorArray(inputs.dtype, length, element_shape=shape)] if every else []
            _, last, activated, outputs = tf.while_loop(
                lambda t, *_: t < length,
                body,
                (0, list(states), activated, outputs),
                maximum_iterations=length,
            )
            return [one.stack() for one in outputs], last, activated

        return Compiled(run)

    return _Passes(passed(False), passed(True))
