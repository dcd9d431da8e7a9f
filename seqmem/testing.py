"""Checks of a cell of yours: whether it keeps the contract that the rest of seqmem stands on."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqmem.cells import ActivatedCell, Activation, Cell, ScanCell
from seqmem.cells.activations import intercept_activations
from seqmem.recurrence import Recurrent, compiled, inference_mode
from seqmem.recurrence.compiled_loop import is_supported

B, T, F, U = 3, 6, 2, 4
Make = Callable[..., Cell]


def check_cell(cell: Make, **options: Any) -> None:
    """Check that a cell keeps the contract of `Cell`, in the manner of scikit-learn's `check_estimator`.

    That it computes with the activations that its gates report; gives the same numbers and gradients on
    compiled loops as in Keras's loop; computes in float64 and with float16; passes over masked steps; comes
    back from its config and from a file; may be exported; and gives step by step what it gives at once.

    Args:
        cell: the class, or a function of units and options that makes a cell.
        **options: further arguments of the cell.

    Raises:
        AssertionError: the first check that fails, by name, with what was expected and what was found.
        TypeError: what is made is no `Cell`.

    >>> from seqmem.cells import RNNCell
    >>> check_cell(RNNCell, activation="relu")
    """
    for name, check in checks(cell, **options):
        try:
            check()
        except Exception as error:
            error.add_note(f"check_cell: {name}")
            raise


def checks(cell: Make, **options: Any) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each check of `check_cell` by its name, for a parametrised test."""

    def make(**more: Any) -> Cell:
        made = cell(U, **options | more)
        if not isinstance(made, Cell):
            raise TypeError(f"check_cell: expected a seqmem.cells.Cell. Received: {made!r}")
        return made

    for check in (
        gates_report_activations,
        states_and_output_have_their_shapes,
        compiled_loops_agree,
        types_agree,
        masked_steps_are_passed_over,
        config_and_file_bring_it_back,
        export_and_stream_agree,
    ):
        yield check.__name__.replace("_", " "), lambda check=check: check(make)  # type: ignore[misc]


def gates_report_activations(make: Make) -> None:
    """Where each activation is a constant, each gate reports the constant of its own."""
    cell = make()
    kinds = [cell]
    if isinstance(cell, ActivatedCell):
        kinds.append(make(activation="softsign"))
    for one in kinds:
        one.build((None, F))
        known = list(dict.fromkeys(one.gates.values()))
        constants = {activation: 0.25 + number / 8 for number, activation in enumerate(known)}

        def constant(activation: Activation, z: Any, constants: Any = constants) -> Any:
            return keras.ops.zeros_like(z) + constants.get(activation, 0.5)

        states = tuple(keras.ops.ones((B, U)) * 0.3 for _ in range(one.num_states))
        with intercept_activations(constant):
            step = one.advance(one.project(keras.ops.ones((B, F))), states)
        assert set(step.gates) == set(one.gates), f"expected {set(one.gates)}. Received: {set(step.gates)}"
        for name, activation in one.gates.items():
            np.testing.assert_allclose(
                step.gates[name],
                np.full((B, U), constants[activation]),
                rtol=1e-5,
                err_msg=f"the gate {name} is not what {activation} gives",
            )


def states_and_output_have_their_shapes(make: Make) -> None:
    """A step gives an output [B, U], and as many states [B, U] as it says."""
    cell = make()
    output, states = cell(keras.ops.ones((B, F)), cell.get_initial_state(B))
    assert tuple(output.shape) == (B, U), f"output: expected {(B, U)}. Received: {tuple(output.shape)}"
    shapes = [tuple(state.shape) for state in states]
    assert shapes == [(B, U)] * cell.num_states, f"states: received {shapes}, num_states={cell.num_states}"


def compiled_loops_agree(make: Make) -> None:
    """Outputs and gradients are those of Keras's loop, whether compiled, plain or without gradients."""
    layer, inputs = _layer(make()), _inputs()
    expected = _numbers(layer, inputs, on=False)
    if is_supported(layer.cell) or isinstance(layer.cell, ScanCell):
        _close(_numbers(layer, inputs, on=True), expected, "compiled")
    _close([layer(inputs)[0]], expected[:1], "not training")
    with inference_mode():
        _close([layer(inputs)[0]], expected[:1], "inference_mode")


def types_agree(make: Make) -> None:
    """float64 and mixed_float16 give the numbers of float32, as far as their digits go."""
    layer, inputs = _layer(make()), _inputs()
    for policy, tolerance in (("float64", 1e-5), ("mixed_float16", 2e-2)):
        other = _layer(make(dtype=policy), dtype=policy)
        other.set_weights(layer.get_weights())
        found = other(inputs)[0]
        output, _ = other.cell(inputs[:, 0], other.get_initial_state(B))
        dtype = output.dtype.name
        assert dtype == other.cell.compute_dtype, f"expected {other.cell.compute_dtype}. Received: {dtype}"
        _close([found], [layer(inputs)[0]], policy, tolerance)


def masked_steps_are_passed_over(make: Make) -> None:
    """A sequence with masked steps in it ends where it ends without them."""
    layer, inputs = _layer(make()), _inputs()
    mask = np.array([True, True, False, True, False, True])
    masked = layer(inputs, mask=np.tile(mask, (B, 1)))[1:]
    _close(masked, layer(tf.boolean_mask(inputs, mask, axis=1))[1:], "masked")


def config_and_file_bring_it_back(make: Make) -> None:
    """Its config goes through JSON, and a saved model gives its numbers."""
    layer, inputs = _layer(make()), _inputs()
    text = json.dumps(keras.saving.serialize_keras_object(layer.cell))
    again = keras.saving.deserialize_keras_object(json.loads(text))
    assert json.dumps(keras.saving.serialize_keras_object(again)) == text, f"another config: {text}"
    model = keras.Sequential([keras.Input((T, F)), Recurrent(layer.cell)])
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.models.load_model(Path(folder) / "model.keras")
    _close([loaded(inputs)], [model(inputs)], "loaded")


def export_and_stream_agree(make: Make) -> None:
    """A SavedModel gives its numbers, and so do steps one by one, each from the states of the last."""
    layer, inputs = _layer(make()), _inputs()
    whole = layer(inputs)
    module = tf.Module()
    module.layer = layer
    module.call = tf.function(lambda x: layer(x)[0], input_signature=[tf.TensorSpec((None, None, F))])
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder)
        served = tf.saved_model.load(folder)
        _close([served.call(inputs)], whole[:1], "SavedModel")
    states: Any = layer.get_initial_state(B)
    for t in range(T):
        output, *states = layer(inputs[:, t : t + 1], initial_state=states)
    _close([output[:, -1], *states], [whole[0][:, -1], *whole[1:]], "step by step")


def _layer(cell: Cell, **options: Any) -> Recurrent:
    layer = Recurrent(cell, return_sequences=True, return_state=True, **options)
    layer.build((None, T, F))
    draw = np.random.default_rng(0)
    for weight in layer.trainable_weights:
        weight.assign(draw.normal(0, 0.3, weight.shape))
    return layer


def _inputs() -> Any:
    return tf.constant(np.random.default_rng(1).normal(size=(B, T, F)).astype("float32"))


def _numbers(layer: Recurrent, inputs: Any, *, on: bool) -> list[Any]:
    with compiled(on), tf.GradientTape() as tape:
        found = layer(inputs, training=True)
        loss = sum(tf.reduce_sum(one**2) for one in found)
    weights = [weight.value for weight in layer.trainable_weights]
    return [*found, *tape.gradient(loss, weights, unconnected_gradients="zero")]


def _close(found: Any, expected: Any, what: str, tolerance: float = 1e-4) -> None:
    for one, other in zip(found, expected, strict=True):
        mine, theirs = np.asarray(one, "float64"), np.asarray(other, "float64")
        np.testing.assert_allclose(mine, theirs, atol=tolerance, rtol=tolerance, err_msg=what)
