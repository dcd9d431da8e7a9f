"""Law: cells equal a NumPy loop written from the paper, and Keras's own with the same weights."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from samples import CELLS, DROP_INS

from seqmem.cells import ScanCell
from seqmem.recurrence import Recurrent

B, T, F, U = 3, 7, 2, 4
IDS = [sample.cell.__name__ for sample in CELLS]
MASKED = ("RNNCell", "LSTMCell", "GRUCell", "MinGRUCell")


def _layer(sample, dtype="float64", **options):
    """A recurrent layer whose weights, biases and peepholes too, are all random."""
    layer = Recurrent(sample.cell(U, dtype=dtype), dtype=dtype, **options)
    layer.build((B, T, F))
    draw = np.random.default_rng(0)
    layer.set_weights([draw.normal(0, 0.5, weight.shape) for weight in layer.weights])
    return layer


@pytest.mark.parametrize("sample", CELLS, ids=IDS)
def test_the_outputs_are_the_papers(sample, rng):
    layer, inputs = _layer(sample, return_sequences=True, return_state=True), rng.normal(size=(B, T, F))
    outputs, *states = layer(inputs)
    expected, expected_states = sample.paper(inputs, *layer.get_weights())
    np.testing.assert_allclose(outputs, expected, atol=1e-12)
    for state, expected_state in zip(states, expected_states, strict=True):
        np.testing.assert_allclose(state, expected_state, atol=1e-12)


@pytest.mark.parametrize("sample", CELLS, ids=IDS)
def test_the_gradients_are_the_papers(sample, rng):
    """Against central differences of the NumPy loop, in every weight and input."""
    layer = _layer(sample, return_sequences=True)
    inputs, mix = rng.normal(size=(B, T, F)), rng.normal(size=(B, T, U))
    tensor = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        loss = tf.reduce_sum(layer(tensor) * mix)
    weights = [weight.value for weight in layer.trainable_weights]
    gradients = tape.gradient(loss, [tensor, *weights])
    point = [inputs, *layer.get_weights()]
    for gradient, place in zip(gradients, range(len(point)), strict=True):
        direction = rng.normal(size=point[place].shape)

        def moved(by, place=place, direction=direction):
            there = [array + by * direction if n == place else array for n, array in enumerate(point)]
            return np.sum(sample.paper(*there)[0] * mix)

        slope = (moved(1e-6) - moved(-1e-6)) / 2e-6
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("sample", DROP_INS, ids=[sample.cell.__name__ for sample in DROP_INS])
def test_a_cell_is_keras_cell_in_output_and_gradient(sample, rng):
    ours, theirs = sample.cell(U), sample.keras_cell(U)
    inputs = rng.normal(size=(B, F)).astype("float32")
    states = [rng.normal(size=(B, U)).astype("float32") for _ in range(sample.cell.num_states)]
    values = []
    for cell in (theirs, ours):
        cell.build((B, F))
        cell.set_weights(theirs.get_weights())
        with tf.GradientTape() as tape:
            output, new = cell(tf.constant(inputs), [tf.constant(state) for state in states])
            loss = tf.reduce_sum(output**2)
        values.append([output, *new, *tape.gradient(loss, [weight.value for weight in cell.weights])])
    for theirs_value, ours_value in zip(*values, strict=True):
        np.testing.assert_allclose(ours_value, theirs_value, atol=1e-6)


OPTIONS = [
    {},
    {"return_sequences": True, "return_state": True},
    {"go_backwards": True, "return_sequences": True},
    {"unroll": True, "return_state": True},
    {"zero_output_for_mask": True, "return_sequences": True},
    {"use_bias": False},
    {"activation": "relu"},
]
MASKS = {"no mask": None, "ragged": np.arange(T) < np.array([[T], [3], [1]])}


@pytest.mark.parametrize("sample", DROP_INS, ids=[sample.drop_in.__name__ for sample in DROP_INS])
@pytest.mark.parametrize(("options", "mask"), list(itertools.product(OPTIONS, MASKS)), ids=str)
def test_a_drop_in_is_keras_layer_in_output_and_gradient(sample, options, mask, rng):
    inputs = tf.constant(rng.normal(size=(B, T, F)).astype("float32"))
    start = [tf.constant(rng.normal(size=(B, U)).astype("float32")) for _ in range(sample.cell.num_states)]
    theirs, ours = (layer(U, **options) for layer in (sample.keras_layer, sample.drop_in))
    values = []
    for layer in (theirs, ours):
        layer.build((B, T, F))
        layer.set_weights(theirs.get_weights())
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = keras.tree.flatten(layer(inputs, initial_state=start, mask=MASKS[mask]))
            loss = sum(tf.reduce_sum(output**2) for output in outputs)
        values.append([*outputs, *tape.gradient(loss, [inputs, *(weight.value for weight in layer.weights)])])
    for theirs_value, ours_value in zip(*values, strict=True):
        np.testing.assert_allclose(ours_value, theirs_value, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("sample", DROP_INS, ids=[sample.drop_in.__name__ for sample in DROP_INS])
def test_a_stateful_drop_in_remembers_as_keras_does(sample, rng):
    inputs = rng.normal(size=(2, B, T, F)).astype("float32")
    theirs, ours = (layer(U, stateful=True) for layer in (sample.keras_layer, sample.drop_in))
    for layer in (theirs, ours):
        layer.build((B, T, F))
    ours.set_weights(theirs.get_weights())
    for batch in inputs:
        np.testing.assert_allclose(ours(batch), theirs(batch), atol=1e-6)
    ours.reset_state()
    theirs.reset_state()
    np.testing.assert_allclose(ours(inputs[0]), theirs(inputs[0]), atol=1e-6)


@pytest.mark.parametrize("sample", CELLS, ids=IDS)
def test_bidirectional_is_one_pass_each_way(sample, rng):
    inputs = rng.normal(size=(B, T, F)).astype("float32")
    layer = keras.layers.Bidirectional(Recurrent(sample.cell(U), return_sequences=True))
    both = layer(inputs)
    there = layer.forward_layer(inputs)
    back = layer.forward_layer(inputs[:, ::-1])
    layer.backward_layer.set_weights(layer.forward_layer.get_weights())
    both = np.asarray(layer(inputs))
    np.testing.assert_allclose(both[..., :U], there, atol=1e-6)
    np.testing.assert_allclose(both[..., U:], np.asarray(back)[:, ::-1], atol=1e-6)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_stack_is_keras_stack(mask, backwards, rng):
    inputs = rng.normal(size=(B, T, F)).astype("float32")
    options = {"return_sequences": True, "return_state": True, "go_backwards": backwards}
    theirs = keras.layers.RNN([keras.layers.LSTMCell(4), keras.layers.GRUCell(3)], **options)
    ours = Recurrent([CELLS[1].cell(4), CELLS[2].cell(3)], **options)
    for layer in (theirs, ours):
        layer.build((B, T, F))
    ours.set_weights(theirs.get_weights())
    for mine, yours in zip(
        *(keras.tree.flatten(layer(inputs, mask=MASKS[mask])) for layer in (ours, theirs)), strict=True
    ):
        np.testing.assert_allclose(mine, yours, atol=1e-6)


@pytest.mark.parametrize("sample", CELLS, ids=IDS)
def test_a_cell_under_keras_own_layer_gives_the_same(sample, rng):
    inputs = rng.normal(size=(B, T, F)).astype("float32")
    cell = sample.cell(U)
    np.testing.assert_allclose(Recurrent(cell)(inputs), keras.layers.RNN(cell)(inputs), atol=1e-6)


def test_weights_start_as_keras_weights_start():
    for sample in DROP_INS:
        theirs, ours = sample.keras_cell(U), sample.cell(U)
        for cell in (theirs, ours):
            cell.build((None, F))
        assert [weight.shape for weight in ours.weights] == [weight.shape for weight in theirs.weights]
        np.testing.assert_array_equal(ours.bias, theirs.bias)  # the unit forget bias
        kernel = np.asarray(ours.recurrent_kernel)
        np.testing.assert_allclose(kernel @ kernel.T, np.eye(U), atol=1e-5)  # orthogonal
    assert not np.asarray(_built(CELLS[1].cell(U, unit_forget_bias=False)).bias).any()


def _built(cell):
    cell.build((None, F))
    return cell


@pytest.mark.parametrize(
    "sample",
    [
        # masks are the base class's: a cell of each number of projections, and a scan
        pytest.param(one, marks=() if one.cell.__name__ in MASKED else pytest.mark.slow, id=str(one))
        for one in CELLS
    ],
)
def test_dropout_is_one_mask_for_all_steps_and_for_training_alone(sample):
    """With inputs of ones and an input kernel that copies them, a dropped input is dropped at every step."""
    steps = np.ones((64, T, F), "float32")
    layer = Recurrent(sample.cell(F, dropout=0.5), return_sequences=True)
    layer(steps)
    np.testing.assert_array_equal(layer(steps), layer(steps, training=False))
    assert not np.allclose(layer(steps), layer(steps, training=True))
    seen = np.asarray(layer.cell.project(steps, training=True))
    np.testing.assert_array_equal(seen, np.repeat(seen[:, :1], T, axis=1))
    assert len(np.unique(seen[:, 0], axis=0)) == 2**F  # each input kept or dropped on its own

    if issubclass(sample.cell, ScanCell):
        with pytest.raises(ValueError, match="no recurrent kernel, and so no recurrent_dropout"):
            sample.cell(F, recurrent_dropout=0.5)
        return
    recurrent = Recurrent(sample.cell(F, recurrent_dropout=0.5), return_sequences=True)
    recurrent(steps)
    kept, dropped = recurrent(steps), recurrent(steps, training=True)
    np.testing.assert_allclose(dropped[:, 0], kept[:, 0], atol=1e-6)  # h_0 is 0: nothing to drop
    assert not np.allclose(dropped[:, 1:], kept[:, 1:])


def test_regularisers_reach_the_loss():
    layer = _built_layer(kernel_regularizer="l2", recurrent_regularizer="l2", bias_regularizer="l2")
    expected = sum(0.01 * np.sum(np.square(weight)) for weight in layer.get_weights())
    np.testing.assert_allclose(sum(map(float, layer.losses)), expected, rtol=1e-5)


def _built_layer(**options):
    layer = DROP_INS[1].drop_in(U, **options)
    layer.build((B, T, F))
    return layer


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"units": 0}, "expected a positive integer, got 0"),  # Keras's words
        ({"units": 2.5}, "Received: units=2.5"),
        ({"units": 3, "activation": "nothing"}, "activation function identifier: nothing"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        DROP_INS[0].drop_in(**arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"units": 0}, "units must be a whole number of at least 1. Received: units=0"),
        ({"units": 3, "dropout": 1.5}, r"dropout must lie in \[0, 1\]. Received: dropout=1.5"),
        ({"units": 3, "recurrent_activation": "tanh"}, "no sigmoid gate"),
    ],
)
def test_bad_arguments_of_a_cell_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        CELLS[0].cell(**arguments)
