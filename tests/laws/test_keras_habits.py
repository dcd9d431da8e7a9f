"""Law: what holds for Keras's recurrent layers holds for ours, whatever types, ways and order of calls."""

import importlib
import inspect
import json
import threading

import fresh
import keras
import numpy as np
import pytest
import tensorflow as tf
from samples import CELLS, DROP_INS

import seqmem
import seqmem._configured
from seqmem._configured import Configured
from seqmem._registry import HOMES
from seqmem.cells import GRUCell, LSTMCell
from seqmem.recurrence import Recurrent, compiled

B, T, F, U = 3, 5, 2, 3
IDS = [sample.drop_in.__name__ for sample in DROP_INS]
each_drop_in = pytest.mark.parametrize("sample", DROP_INS, ids=IDS)
FEW = (LSTMCell, GRUCell)  # the rest of a long law is slow
each_cell = pytest.mark.parametrize("sample", CELLS, ids=lambda sample: sample.cell.__name__)


def _around(cell):
    return lambda units, **options: Recurrent(cell(units), **options)


LAYERS = {
    **{sample.drop_in.__name__: sample.drop_in for sample in DROP_INS},
    **{f"Recurrent({sample.cell.__name__})": _around(sample.cell) for sample in CELLS},
    "Recurrent(stack)": lambda units, **options: Recurrent([LSTMCell(units), GRUCell(units)], **options),
    "Bidirectional": lambda units, **options: keras.layers.Bidirectional(seqmem.LSTM(units, **options)),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
# What a layer does, not its cell: a layer of each kind.
CAST = {"SimpleRNN", "LSTM", "GRU", "Bidirectional"} | {f"Recurrent({cell})" for cell in ("EMACell", "stack")}


def _pair(sample, units=U, **options):
    """Keras's layer and ours, built, with the same weights."""
    theirs, ours = sample.keras_layer(units, **options), sample.drop_in(units, **options)
    for layer in (theirs, ours):
        layer.build((None, T, F))
        layer.set_weights(theirs.get_weights())
    return theirs, ours


def _gradients(layer, inputs, training=True):
    with tf.GradientTape() as tape:
        output = layer(inputs, training=training)
        loss = tf.reduce_sum(output**2)
    return [output, *tape.gradient(loss, [weight.value for weight in layer.trainable_weights])]


def _inputs(rng, dtype="float32"):
    return tf.constant((np.abs(rng.normal(size=(B, T, F))) * 3).astype(dtype))


def _equal(ours, theirs, atol=1e-5):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=atol, rtol=1e-4)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, marks=() if name in CAST else pytest.mark.slow, id=name)
        for name, make in LAYERS.items()
    ],
)
def test_whole_numbers_and_truth_values_are_numbers(make, rng):
    """D1: a layer whose inputs are not floats gives the outputs and gradients of the same floats."""
    layer = make(U)
    layer.build((None, T, F))
    for dtype in ("int32", "int64", "uint8", "bool") if make is seqmem.LSTM else ("int64", "bool"):
        inputs = _inputs(rng, dtype)
        _equal(_gradients(layer, inputs), _gradients(layer, tf.cast(inputs, "float32")))


@each_layer
def test_what_is_frozen_stays_frozen(make, tmp_path):
    """D2: in the constructor, in a clone, and in a loaded model."""
    assert not make(U, trainable=False).trainable_weights
    model = keras.Sequential([keras.Input((T, F)), make(U), keras.layers.Dense(1)])
    model.layers[0].trainable = False
    model.save(tmp_path / "model.keras")
    for again in (keras.models.clone_model(model), keras.models.load_model(tmp_path / "model.keras")):
        assert len(again.trainable_variables) == 2


def test_another_backend_is_refused_in_one_line(monkeypatch):
    """D3."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(
        ImportError, match="expected Keras's TensorFlow backend; set KERAS_BACKEND=tensorflow"
    ):
        importlib.reload(seqmem._configured)


@each_drop_in
def test_a_stateful_layer_takes_an_unknown_batch(sample):
    """D4: in training, too, which is compiled."""
    layer = sample.drop_in(U, stateful=True)
    layer(np.ones((2, T, F), "float32"), training=True)
    call = tf.function(lambda x: layer(x, training=True), input_signature=[tf.TensorSpec((None, T, F))])
    assert call(np.ones((2, T, F))).shape == (2, U)


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_float16"])
@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(one, id=one.cell.__name__, marks=() if one.cell in FEW else pytest.mark.slow)
        for one in CELLS
    ],
)
def test_a_layer_may_have_another_type_than_its_cell(sample, policy, rng):
    """D5: each computes in its own; the numbers are those of Keras's layer around the same cell."""
    cell = sample.cell(U, dtype="float32")
    theirs, ours = keras.layers.RNN(cell, dtype=policy), Recurrent(cell, dtype=policy)
    inputs = rng.normal(size=(B, T, F))
    expected = _gradients(theirs, inputs)
    found = _gradients(ours, inputs)
    assert [one.dtype for one in found] == [one.dtype for one in expected]
    _equal(found, expected, 2e-3 if policy == "mixed_float16" else 1e-5)


@each_drop_in
def test_arguments_attributes_and_config_are_keras(sample):
    """D6, D7, D10: in their order, with their defaults, of layer and cell."""
    assert inspect.signature(sample.drop_in) == inspect.signature(sample.keras_layer)
    options = {"dropout": 0.1, "kernel_initializer": "he_normal", "bias_regularizer": "l2", "seed": 3}
    theirs, ours = sample.keras_layer(U, "relu", **options), sample.drop_in(U, "relu", **options)
    expected = theirs.get_config() | {"name": ours.name}
    assert ours.get_config() == expected
    assert json.dumps(type(ours).from_config(ours.get_config()).get_config()) == json.dumps(expected)
    for name in inspect.signature(type(theirs.cell).__init__).parameters:
        assert not hasattr(theirs, name) or hasattr(ours, name), name
        assert not hasattr(theirs.cell, name) or hasattr(ours.cell, name), name
    assert ours.activation is keras.activations.relu
    assert isinstance(ours, sample.keras_layer)
    for layer in (ours, theirs):
        layer.build((None, T, F))
    assert [w.path.split("/", 1)[1] for w in ours.weights] == [
        w.path.split("/", 1)[1] for w in theirs.weights
    ]


@each_drop_in
def test_one_seed_gives_the_weights_that_keras_gives(sample):
    """D10: and whatever is drawn after them."""
    drawn = []
    for kind in (sample.keras_layer, sample.drop_in):
        keras.utils.set_random_seed(7)
        layer, after = kind(U, bias_initializer="random_normal"), keras.layers.Dense(2)
        layer.build((None, T, F))
        after.build((None, U))
        drawn.append([*layer.get_weights(), *after.get_weights()])
    _equal(*drawn, atol=0)


OPTIONS = [
    {"activation": keras.layers.LeakyReLU()},  # a layer
    {"dropout": -0.5},  # Keras clamps
    {"use_bias": False, "unroll": True},
]
OF_GATED = [
    {"implementation": 0},
    {"implementation": 1},
    {"use_cudnn": False},
    {"dropout": 1.0},
]  # which drops nothing
OF_GRU = [{"reset_after": False}, {"reset_after": False, "use_bias": False}]


@pytest.mark.parametrize(
    ("sample", "options"),
    [
        *((sample, options) for sample in DROP_INS for options in OPTIONS),
        *((sample, options) for sample in DROP_INS[1:] for options in OF_GATED),
        *((DROP_INS[2], options) for options in OF_GRU),
    ],
    ids=str,
)
def test_every_argument_of_keras_is_taken_and_gives_its_numbers(sample, options, rng):
    theirs, ours = _pair(sample, **options)
    inputs = _inputs(rng)
    _equal(_gradients(ours, inputs), _gradients(theirs, inputs))
    _equal(_gradients(ours, inputs, training=False), _gradients(theirs, inputs, training=False))


@pytest.mark.parametrize(
    ("sample", "training"),
    [
        pytest.param(DROP_INS[1], False, marks=pytest.mark.slow),
        (DROP_INS[1], True),
        (DROP_INS[2], False),
    ],
)
def test_gradients_under_xla_and_for_each_example_apart(sample, training, rng):
    """D8."""
    theirs, ours = _pair(sample)
    inputs = _inputs(rng)
    expected = _gradients(theirs, inputs)
    _equal(tf.function(lambda x: _gradients(ours, x, training), jit_compile=True)(inputs), expected)
    apart = tf.vectorized_map(lambda x: _gradients(ours, x[None], training)[1:], inputs)
    _equal([tf.reduce_sum(one, 0) for one in apart], expected[1:])


def _accumulator(layer, inputs):
    with tf.autodiff.ForwardAccumulator(inputs, tf.ones_like(inputs)):
        layer(inputs, training=True)


def _vectorized(layer, inputs):
    tf.vectorized_map(lambda x: _gradients(layer, x[None]), inputs)


def _xla(layer, inputs):
    tf.function(lambda x: _gradients(layer, x), jit_compile=True)(inputs)


def _thread(layer, inputs):
    other = threading.Thread(target=_gradients, args=(layer, inputs))
    other.start()
    other.join()


def _exception(layer, inputs):
    with pytest.raises(RuntimeError), tf.GradientTape(persistent=True) as tape:  # noqa: PT012
        tape.watch(inputs)
        layer(inputs, training=True)
        raise RuntimeError


FIRST = [_accumulator, _vectorized, _xla, _thread, _exception]


@pytest.mark.parametrize("first", FIRST, ids=lambda one: one.__name__)
def test_whatever_calls_a_cell_first_leaves_nothing_in_what_is_compiled(first, rng):
    """D11: the pairs are shared by all layers of a kind and size; each size here is new to the process."""
    units, inputs = 20 + FIRST.index(first), _inputs(rng)
    first(_pair(DROP_INS[1], units)[1], inputs)
    theirs, ours = _pair(DROP_INS[1], units)
    _equal(_gradients(ours, inputs), _gradients(theirs, inputs))
    with tf.GradientTape() as tape, tf.GradientTape() as of_theirs:
        tape.watch(inputs)
        of_theirs.watch(inputs)
        mine, other = ours(inputs, training=True), theirs(inputs, training=True)
    _equal([tape.gradient(mine, inputs)], [of_theirs.gradient(other, inputs)])


@pytest.mark.parametrize("on", [False, True], ids=["plain", "compiled"])
def test_a_foreign_cell_may_take_more_axes_than_features(on, rng):
    """D10: `Recurrent` takes any Keras cell, so its inputs are what that cell takes a step of."""

    class Grid(keras.layers.Layer):
        state_size, output_size = [(2, 3)], 2

        def call(self, inputs, states):
            after = 0.5 * states[0] + inputs
            return keras.ops.sum(after, -1), [after]

        def get_initial_state(self, batch_size=None):
            return [keras.ops.zeros((batch_size, 2, 3))]

    inputs = rng.normal(size=(B, T, 2, 3)).astype("float32")
    with compiled(on):
        found = Recurrent(Grid(), return_sequences=True)(inputs)
    np.testing.assert_allclose(found, keras.layers.RNN(Grid(), return_sequences=True)(inputs), atol=1e-6)


def test_it_trains_under_jit_compile_with_metrics_and_names(rng):
    model = keras.Sequential([keras.Input((T, F)), seqmem.LSTM(U, dropout=0.2), keras.layers.Dense(1)])
    model.compile("sgd", "mae", metrics=["mse"], jit_compile=True)
    history = model.fit(rng.normal(size=(B, T, F)), np.ones((B, 1)), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert set(history) == {"loss", "mse"}


IMPORTS = [
    "import seqmem, keras",
    pytest.param("import keras, seqmem", marks=pytest.mark.slow),
    pytest.param("import seqmem.cells, keras", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("imports", IMPORTS)
def test_a_file_is_loaded_whatever_of_ours_was_imported(imports, tmp_path):
    """T."""
    model = keras.Sequential([keras.Input((T, F)), seqmem.LSTM(U)])
    model.save(tmp_path / "model.keras")
    code = f"import sys\n{imports}\nprint(type(keras.models.load_model(sys.argv[1]).layers[0]).__name__)"
    assert fresh.python(code, tmp_path / "model.keras") == "LSTM"


def _final(base):
    for child in base.__subclasses__():
        yield from _final(child)
        if (
            child.__module__.startswith("seqmem")
            and not inspect.isabstract(child)
            and child.__name__[0] != "_"
        ):
            yield child


def test_keras_can_find_every_class_of_ours():
    homes = {name: home for home, names in HOMES.items() for name in names}
    for child in _final(Configured):
        assert child.__name__ in homes, f"{child.__name__}: put it into seqmem._registry.HOMES"
        assert child.__module__.startswith(homes[child.__name__])
