"""What the derivative of a cell's `step` needs, found out by trying it once on a scratch graph."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from seqmem.cells import Activation, Cell
from seqmem.cells.activations import intercept_activations, linear

Tensor = Any


class StepAnalysis(NamedTuple):
    """The analysis of a `step` that can be run again for its derivative.

    Attributes:
        activated: the widths of what its activation functions give, in the order of the calls.
        reads_x, reads_r: the gates whose projections the derivative reads the values of.
        reads_weights: the places, among `weights`, of those that `step` itself reads, such as peepholes.
        one_slope: the gates whose derivatives with respect to x and r are one, as where only x + r matters.
    """

    activated: tuple[int, ...]
    reads_x: tuple[int, ...]
    reads_r: tuple[int, ...]
    reads_weights: tuple[int, ...]
    one_slope: tuple[int, ...]


def weights(cell: Cell) -> list[Any]:
    """Kernel, recurrent kernel, bias where there is one, then all others, trained or not."""
    projections = [weight for weight in (cell.kernel, cell.recurrent_kernel, cell.bias) if weight is not None]
    known = {id(weight) for weight in projections}
    return projections + [weight for weight in cell.weights if id(weight) not in known]


def analyze_step(cell: Cell) -> StepAnalysis | None:
    """The analysis of a built cell's `step`, or None where it cannot be cut into shards and run again.

    That is where it draws numbers or changes variables (it would not be the same a second time), mixes the
    examples of a batch, or puts out something else than its first state.
    """
    found: list[StepAnalysis | None] = []

    gates = range(len(cell.gates))

    def once(x: Tensor, r: Tensor, *states: Tensor) -> None:
        before = [(variable, tf.identity(variable.value)) for variable in cell.variables]
        value_of = {id(variable): value for variable, value in before}
        own = [value_of[id(weight)] for weight in weights(cell)]
        activated: list[Tensor] = []
        x_again, r_again = tf.identity(x), tf.identity(r)
        with keras.StatelessScope(state_mapping=before) as scope:
            with intercept_activations(record_activations(activated)):
                step = cell.step(x, r, states)
            read = [x_again, r_again, *states, *own]
            with tf.GradientTape() as tape, intercept_activations(replay_activations(activated)):
                tape.watch(read)
                again = cell.step(x_again, r_again, states)
            unchanged = all(scope.get_current_value(variable) is value for variable, value in before)
        if not unchanged or step.output is not step.states[0]:
            return
        slopes = tape.gradient(list(again.states), read, list(states))
        sources = _sources(slopes, [x_again, r_again], len(gates))
        of_x, of_r = ([_gate(slope, gate, len(gates)) for gate in gates] for slope in slopes[:2])
        found.append(
            StepAnalysis(
                tuple(value.shape[-1] for value in activated),
                tuple(gate for gate in gates if (x_again.name, gate) in sources),
                tuple(gate for gate in gates if (r_again.name, gate) in sources),
                tuple(place for place, slope in enumerate(slopes[2 + len(states) :]) if slope is not None),
                tuple(gate for gate in gates if of_x[gate] is not None and of_x[gate] == of_r[gate]),
            )
        )

    # Of a known size: else the derivative of a sum asks both sides for their shapes.
    projected = tf.TensorSpec((2, len(cell.gates) * cell.units), cell.compute_dtype)
    state = tf.TensorSpec((2, cell.units), cell.compute_dtype)
    scratch = tf.function(once, autograph=False).get_concrete_function(
        projected, projected, *[state] * cell.num_states
    )
    kinds = {operation.type for operation in scratch.graph.get_operations() if operation.op_def.is_stateful}
    repeatable = bool(found) and kinds <= {"Placeholder", "ReadVariableOp"}
    return found[0] if repeatable and not _mixes(cell) else None


def _mixes(cell: Cell) -> bool:
    """Whether what `step` says of an example depends on its batch, so that no batch may be cut."""
    draw = np.random.default_rng(0)

    def random(*shape: int) -> np.ndarray:
        return draw.normal(size=shape).astype(cell.compute_dtype)

    width = len(cell.gates) * cell.units
    x, r, *states = (random(2, size) for size in [width, width, *[cell.units] * cell.num_states])
    drawn = [(weight, tf.constant(random(*weight.shape))) for weight in weights(cell)]
    with keras.StatelessScope(state_mapping=drawn):  # zeros could hide it
        both = cell.step(x, r, tuple(states)).states
        alone = cell.step(x[:1], r[:1], tuple(state[:1] for state in states)).states
    return not all(
        np.allclose(one[:1], other, atol=1e-5, equal_nan=True) for one, other in zip(both, alone, strict=True)
    )


def _sources(slopes: Iterable[Tensor | None], projections: Sequence[Tensor], gates: int) -> set[Any]:
    """The gates of the projections, as (name, gate), that the values of these come from."""
    ends = {projection.name for projection in projections}
    seen: set[str] = set()
    found: set[tuple[str, int]] = set()
    waiting = [slope for slope in slopes if slope is not None]
    while waiting:
        tensor = waiting.pop()
        if tensor.name in seen:
            continue
        seen.add(tensor.name)
        if tensor.name in ends:
            found |= {(tensor.name, gate) for gate in range(gates)}
        elif (
            tensor.op.type == "Split"
            and tensor.op.inputs[1].name in ends
            and tensor.shape[-1] * gates == tensor.op.inputs[1].shape[-1]
        ):
            found.add((tensor.op.inputs[1].name, tensor.value_index))
        elif tensor.op.type == "IdentityN":  # each output is its own input
            waiting.append(tensor.op.inputs[tensor.value_index])
        elif tensor.op.type not in ("Shape", "ZerosLike"):
            waiting += tensor.op.inputs
    return found


def _gate(slope: Tensor | None, gate: int, gates: int) -> tuple[str, int] | None:
    """What tells the slope of a gate from others: of a slope put together gate by gate, its own part."""
    if slope is None:
        return None
    parts = slope.op.inputs[:-1] if slope.op.type == "ConcatV2" else []  # the last is the axis
    if len(parts) == gates and all(part.shape[-1] * gates == slope.shape[-1] for part in parts):
        return slope.op.inputs[gate].name, 0
    return slope.name, gate


def record_activations(kept: list[Tensor]) -> Callable[[Activation, Tensor], Tensor]:
    """Activation, and keep what came out, where the slope can be told from it."""

    def way(activation: Activation, z: Tensor) -> Tensor:
        y = activation.function(z)
        if _is_kept(activation):
            kept.append(y)
        return y

    return way


def replay_activations(kept: Sequence[Tensor]) -> Callable[[Activation, Tensor], Tensor]:
    """Give back what was kept, in the order of the calls, with its slope."""
    values: Iterator[Tensor] = iter(kept)

    def way(activation: Activation, z: Tensor) -> Tensor:
        if not _is_kept(activation):
            return activation.function(z)
        y = next(values)

        @tf.custom_gradient
        def given(z: Tensor) -> Any:
            return tf.identity(y), lambda d: d * activation.slope(y)  # type: ignore[misc]

        return given(z)

    return way


def _is_kept(activation: Activation) -> bool:
    return activation.slope is not None and activation != linear
