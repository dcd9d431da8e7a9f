"""Law: a compiled recurrence gives the numbers of Keras's loop, outputs and gradients, and where it does not
cover a layer, leaves it to that loop."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from samples import CELLS, NETWORKS

import seqmem
from seqmem.cells import (
    ActivatedCell,
    Cell,
    GRUCell,
    LSTMCell,
    MinGRUCell,
    RNNCell,
    ScanCell,
    Step,
    sigmoid,
    tanh,
)
from seqmem.recurrence import Recurrent, compiled, compiled_loop, inference_mode
from seqmem.recurrence.adjoint import adjoint
from seqmem.recurrence.compiled_loop import is_supported

B, T, F, U = 5, 7, 2, 4
IDS = [sample.cell.__name__ for sample in CELLS]


class LayerNormCell(Cell):
    """A step that is not pointwise, with a sublayer's weights, and a function that is no `Activation`."""

    gates = {"update": sigmoid, "candidate": tanh}

    def build(self, input_shape):
        super().build(input_shape)
        self.norm = keras.layers.LayerNormalization(dtype=self.dtype_policy)
        self.norm.build((None, self.units))

    def step(self, x, r, states):
        (h,) = states
        z, g = ops.split(x + r, 2, axis=-1)
        z, g = sigmoid(z), ops.softplus(self.norm(g) * h)
        h = z * h + (1 - z) * g
        return Step(h, (h,), {"update": z, "candidate": g})


class LeakyCell(Cell):
    """A cell with an argument of its own."""

    gates = {"candidate": tanh}

    def __init__(self, units, leak=0.5, **options):
        super().__init__(units, **options)
        self.leak = leak

    def step(self, x, r, states):
        h = self.leak * states[0] + (1 - self.leak) * tanh(x * r)
        return Step(h, (h,), {"candidate": h})


class ZoneoutCell(LSTMCell):
    """A step that draws random numbers: a second run would not be the first."""

    def step(self, x, r, states):
        step = super().step(x, r, states)
        stays = keras.random.uniform(ops.shape(step.output), seed=self.seed_generator) < 0.5
        h = ops.where(stays, states[0], step.output)
        return Step(h, (h, step.states[1]), step.gates)


class CountingCell(RNNCell):
    """A step that changes a variable."""

    def build(self, input_shape):
        super().build(input_shape)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def step(self, x, r, states):
        self.count.assign_add(1.0)
        return super().step(x, r, states)


class DoubledCell(RNNCell):
    """A cell whose output is not its state."""

    def step(self, x, r, states):
        step = super().step(x, r, states)
        return Step(2 * step.output, step.states, step.gates)


class BatchNormCell(RNNCell):
    """A step in which one example depends on the others."""

    def step(self, x, r, states):
        return super().step(x - ops.mean(x, axis=0), r, states)


class OwnWayCell(RNNCell):
    """A cell that goes round the contract."""

    def call(self, inputs, states, training=False):
        return super().call(-inputs, states, training=training)


def _layer(cell, **options):
    layer = Recurrent(cell, dtype=cell.dtype_policy if isinstance(cell, Cell) else None, **options)
    layer.build((None, T, F))
    draw = np.random.default_rng(0)
    for weight in layer.trainable_weights:
        weight.assign(draw.normal(0, 0.5, weight.shape))
    return layer


def _numbers(layer, inputs, *, on, **arguments):
    """Outputs, states, and the gradients of their squares in the inputs and every weight."""
    for cell in getattr(getattr(layer, "cell", None), "cells", [getattr(layer, "cell", None)]):
        if isinstance(cell, Cell):  # the same dropout masks each time
            cell.seed_generator.state.assign([1, 2])
    with compiled(on), tf.GradientTape() as tape:
        tape.watch(inputs)
        found = keras.tree.flatten(layer(inputs, training=True, **arguments))
        loss = sum(tf.reduce_sum(one**2) for one in found)
    weights = [weight.value for weight in layer.trainable_weights]
    return [*found, *tape.gradient(loss, [inputs, *weights])]


def _agree(ours, theirs, tolerance=1e-5):
    for one, other in zip(ours, theirs, strict=True):
        scale = float(tf.reduce_max(tf.abs(other))) + 1e-3
        np.testing.assert_allclose(one / scale, other / scale, atol=tolerance)


def _inputs(batch=B, dtype="float32"):
    return tf.constant(np.random.default_rng(batch).normal(size=(batch, T, F)).astype(dtype))


OWN = "relu, dropout of both"
CASES = {
    "plain": ({}, {}),
    "sequences and states": ({}, {"return_sequences": True, "return_state": True}),
    "backwards": ({}, {"go_backwards": True, "return_sequences": True}),
    "no bias, dropout": ({"use_bias": False, "dropout": 0.3}, {"return_state": True}),
    OWN: (
        {"activation": "relu", "dropout": 0.3, "recurrent_dropout": 0.3},
        {"return_sequences": True, "return_state": True},
    ),
    "an activation of no known slope": ({"activation": "gelu"}, {}),
    "float64": ({"dtype": "float64"}, {"return_sequences": True}),
}


# Every case of one cell, and of the others what has to do with their equations.
PAIRS = [
    pytest.param(
        sample,
        case,
        marks=() if sample.cell is LSTMCell or case == OWN else pytest.mark.slow,
        id=f"{sample}-{case}",
    )
    for sample in CELLS
    for case in CASES
]


@pytest.mark.parametrize(("sample", "case"), PAIRS)
def test_the_numbers_are_those_of_keras_loop(sample, case):
    of_cell, of_layer = CASES[case]
    if "activation" in of_cell and not issubclass(sample.cell, ActivatedCell):
        of_cell = {key: value for key, value in of_cell.items() if key != "activation"}
    if issubclass(sample.cell, ScanCell):
        of_cell = {key: value for key, value in of_cell.items() if key != "recurrent_dropout"}
    layer = _layer(sample.cell(U, **of_cell), **of_layer)
    inputs = _inputs(dtype=layer.compute_dtype)
    assert is_supported(layer.cell) or isinstance(layer.cell, ScanCell)
    tolerance = 1e-12 if case == "float64" else 1e-5
    _agree(_numbers(layer, inputs, on=True), _numbers(layer, inputs, on=False), tolerance)


@pytest.mark.parametrize("sequences", [False, True])
def test_a_sequence_in_blocks_gives_the_numbers_of_the_whole(sequences, monkeypatch):
    layer = _layer(
        GRUCell(U, dropout=0.3, recurrent_dropout=0.3), return_sequences=sequences, return_state=True
    )
    monkeypatch.setattr(compiled_loop, "BLOCK_BYTES", 3 * B * U * 4)
    assert compiled_loop.block_sizes(layer.cell, _inputs()) == [3, 3, 1]
    _agree(_numbers(layer, _inputs(), on=True), _numbers(layer, _inputs(), on=False))


@pytest.mark.parametrize("cell", [LayerNormCell, LeakyCell], ids=lambda cell: cell.__name__)
def test_any_step_will_do(cell):
    layer = _layer(cell(U), return_sequences=True)
    assert is_supported(layer.cell)
    _agree(_numbers(layer, _inputs(), on=True), _numbers(layer, _inputs(), on=False))


OF_EACH_WAY = [
    pytest.param(sample, id=sample.cell.__name__, marks=pytest.mark.slow if sample.cell is GRUCell else ())
    for sample in CELLS
    if sample.cell in (LSTMCell, GRUCell, MinGRUCell)
]


@pytest.mark.parametrize("sample", OF_EACH_WAY)
def test_in_a_graph_of_unknown_batch_one_trace_serves_every_size_and_shard(sample):
    layer = _layer(sample.cell(U), return_sequences=True, return_state=True)
    first = [tf.ones((1, U)) * 0.3 for _ in range(sample.cell.num_states)]

    @tf.function(input_signature=[tf.TensorSpec((None, T, F))])
    def fast(inputs):
        states = [tf.repeat(state, tf.shape(inputs)[0], 0) for state in first]
        return _numbers(layer, inputs, on=True, initial_state=states)

    for batch in (1, 2, 3, 67):
        states = [tf.repeat(state, batch, 0) for state in first]
        plain = _numbers(layer, _inputs(batch), on=False, initial_state=states)
        _agree(fast(_inputs(batch)), plain, 2e-5)


def _stack(dropout=0.0):
    return _layer([LSTMCell(U, dropout=dropout), GRUCell(3, recurrent_dropout=dropout)], return_state=True)


def _both_ways():
    layer = keras.layers.Bidirectional(seqmem.GRU(U, return_sequences=True))
    layer.build((None, T, F))
    return layer


def _last_of_a_scan():
    return _layer(MinGRUCell(U))


def _twice():
    layer = _layer(LSTMCell(F), return_sequences=True)

    class Twice(keras.layers.Layer):
        trainable_weights = layer.trainable_weights

        def call(self, inputs, training=False):
            return layer(layer(inputs, training=training), training=training)

    return Twice()


@pytest.mark.parametrize(
    ("make", "jit"),
    [
        (_stack, True),
        (_both_ways, False),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in [(_stack, False), (_twice, True), (_last_of_a_scan, True)]
        ),
    ],
    ids=lambda one: getattr(one, "__name__", "jit_compile" if one else "graph"),
)
def test_in_larger_models_and_under_the_users_own_jit(make, jit):
    layer, inputs = make(), _inputs(40)
    plain = _numbers(layer, inputs, on=False)
    fast = tf.function(lambda inputs: _numbers(layer, inputs, on=True), jit_compile=jit)
    _agree(fast(inputs), plain, 2e-5)


def test_a_stack_draws_the_dropout_masks_that_keras_loop_draws():
    layer = _stack(dropout=0.3)
    _agree(_numbers(layer, _inputs(), on=True), _numbers(layer, _inputs(), on=False))


def _operations(layer, **arguments):
    shape = arguments.pop("shape", (None, T, F))
    function = tf.function(lambda inputs: layer(inputs, **arguments))
    graph = function.get_concrete_function(tf.TensorSpec(shape)).graph
    functions = graph.as_graph_def().library.function
    return {key for one in functions for key, value in one.attr.items() if value.b} | {
        operation.type for operation in graph.get_operations()
    }


def test_training_is_compiled_and_what_may_be_exported_is_plain():
    layer = _layer(LSTMCell(U))
    assert "_XlaMustCompile" in _operations(layer, training=True)
    for plain in (
        _operations(layer, training=False),
        _operations(layer),
        _operations(layer, training=True, shape=(None, None, F)),  # every length would be compiled
        _operations(layer, training=True, mask=tf.ones((B, T), bool), shape=(B, T, F)),
        _operations(_layer(LSTMCell(U), unroll=True), training=True),
        _operations(_layer(LSTMCell(U, dtype="mixed_float16")), training=True),
        _operations(_layer(keras.layers.LSTMCell(U)), training=True),
    ):
        assert "_XlaMustCompile" not in plain


@pytest.mark.parametrize("cell", [ZoneoutCell, CountingCell, DoubledCell, BatchNormCell, OwnWayCell])
def test_a_step_that_cannot_be_cut_or_run_twice_is_left_to_keras_loop(cell):
    layer = _layer(cell(U))
    assert not is_supported(layer.cell)
    _agree(_numbers(layer, _inputs(), on=True), _numbers(layer, _inputs(), on=False))


def test_cells_of_one_kind_and_size_share_what_was_compiled_and_keep_their_weights():
    layers = [_layer(LSTMCell(U)), _layer(LSTMCell(U))]
    layers[1].set_weights([-weight for weight in layers[1].get_weights()])
    assert adjoint(layers[0].cell) is adjoint(layers[1].cell)
    for layer in layers:
        _agree(_numbers(layer, _inputs(), on=True), _numbers(layer, _inputs(), on=False))
    different = [LSTMCell(U + 1), LSTMCell(U, activation="relu"), LSTMCell(U, use_bias=False), GRUCell(U)]
    pairs = [adjoint(_layer(cell).cell) for cell in (LSTMCell(U), *different)]
    assert len({id(pair) for pair in pairs}) == 5


def test_cells_that_hold_more_than_the_contract_share_nothing():
    one, other = _layer(LeakyCell(U, leak=0.1)), _layer(LeakyCell(U, leak=0.9))
    for layer in (one, other):
        _agree(_numbers(layer, _inputs(), on=True), _numbers(layer, _inputs(), on=False))


@pytest.mark.parametrize("sample", CELLS, ids=IDS)
@pytest.mark.parametrize("sequences", [False, True])
def test_what_nobody_differentiates_is_the_same_number(sample, sequences, rng):
    """An LSTM is one operation then, which has no gradient, and says so."""
    layer = Recurrent([sample.cell(U), sample.cell(U)], return_sequences=sequences, return_state=True)
    x = tf.constant(rng.normal(size=(B, T, F)), "float32")
    first = layer(x)[1:]
    expected = layer(x, initial_state=first)
    with inference_mode(), tf.GradientTape() as tape:
        found = layer(x, initial_state=first)
        loss = tf.reduce_sum(found[0])
    for mine, other in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)
    if sample.cell is LSTMCell:
        with pytest.raises(LookupError, match="an LSTM in one operation has no gradient"):
            tape.gradient(loss, layer.trainable_variables)
    else:
        assert all(one is not None for one in tape.gradient(loss, layer.trainable_variables))


def test_a_second_derivative_is_that_of_keras_loop():
    layer, inputs = _layer(LSTMCell(U, recurrent_dropout=0.2), return_sequences=True), _inputs()[:, :3]
    weights = [weight.value for weight in layer.trainable_weights]

    def curvature(on):
        layer.cell.seed_generator.state.assign([1, 2])
        with compiled(on), tf.GradientTape() as outer:
            outer.watch(inputs)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                total = tf.reduce_sum(layer(inputs, training=True))  # linear: its own gradient is constant
            slope = inner.gradient(total, inputs)
        return outer.gradient(slope, [inputs, *weights])

    expected = curvature(False)
    for call in (curvature, tf.function(curvature)):
        _agree(call(True), expected)


def test_forward_mode_is_backward_mode():
    layer, inputs, direction = _layer([GRUCell(U), LSTMCell(3)]), _inputs(), _inputs(6)[:B]
    with (
        compiled(True),
        tf.GradientTape() as tape,
        tf.autodiff.ForwardAccumulator(inputs, direction) as forward,
    ):
        tape.watch(inputs)
        output = layer(inputs, training=True)
        total = tf.reduce_sum(output)
    np.testing.assert_allclose(
        tf.reduce_sum(forward.jvp(output)),
        tf.reduce_sum(tape.gradient(total, inputs) * direction),
        rtol=1e-4,
    )


@pytest.mark.parametrize("layer", [LSTMCell(U), [GRUCell(U), LSTMCell(3)], keras.layers.GRUCell(U)], ids=str)
def test_a_graph_of_unknown_length_gives_the_numbers_of_keras_loop(layer):
    layer = _layer(layer, return_sequences=True, return_state=True)
    plain = tf.function(layer, input_signature=[tf.TensorSpec((None, None, F))])
    for length in (1, 2, 5, 6, 7, 12):
        inputs = tf.constant(np.random.default_rng(length).normal(size=(3, length, F)).astype("float32"))
        everything = tf.ones((3, length), bool)  # with a mask it is Keras's own loop
        _agree(keras.tree.flatten(plain(inputs)), keras.tree.flatten(layer(inputs, mask=everything)))


@pytest.mark.parametrize(
    ("number", "on"),
    [*((number, False) for number in range(len(NETWORKS))), *((number, True) for number in range(5))],
)
def test_labels_at_the_last_steps_are_forecasts_from_the_history_up_to_each(number, on):
    network, inputs = NETWORKS[number](), _inputs()[..., :1]
    if not network.trains_on_chunks:
        return
    with compiled(on):
        together = network(inputs, chunk_length=3)
        apart = [network(inputs[:, : T - behind]) for behind in (2, 1, 0)]
    assert together.shape[:2] == (B * 3, 3)  # origins, horizons
    _agree([together], [tf.reshape(tf.stack(apart, 1), together.shape)])
