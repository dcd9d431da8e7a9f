"""Law: a call that is not trained is fused or compiled where nothing leaves TensorFlow, and plain where it
may; it gives the numbers and derivatives of Keras's loop either way."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from samples import CELLS
from tensorflow.core.protobuf import saved_model_pb2

import seqmem
from seqmem.cells import GRUCell, LayerNormLSTMCell, LSTMCell, MinGRUCell, RNNCell
from seqmem.recurrence import Recurrent, compiled, inference
from seqmem.recurrence.step_analysis import analyze_step

B, T, F, U = 5, 7, 2, 4


def _pair(kind, **options):
    """Keras's model and ours, of the same weights."""
    layers = (getattr(library, kind)(U, **options) for library in (keras.layers, seqmem))
    theirs, ours = (keras.Sequential([keras.Input((T, F)), layer]) for layer in layers)
    draw = np.random.default_rng(0)
    theirs.set_weights([draw.normal(0, 0.5, weight.shape) for weight in theirs.weights])
    ours.set_weights(theirs.get_weights())
    return theirs, ours


def _inputs(batch=B):
    return tf.constant(np.random.default_rng(batch).normal(size=(batch, T, F)), "float32")


def _operations(function):
    """Kinds of operations of a traced function, and the marks of what it calls."""
    whole = function.graph.as_graph_def()
    marks = {key for one in whole.library.function for key, value in one.attr.items() if value.b}
    nodes = [*whole.node, *(node for one in whole.library.function for node in one.node_def)]
    return marks | {node.op for node in nodes}


FEW = (LSTMCell, GRUCell, MinGRUCell)
SAMPLES = [
    pytest.param(sample.cell, id=sample.cell.__name__, marks=() if sample.cell in FEW else pytest.mark.slow)
    for sample in CELLS
]


@pytest.mark.parametrize("cell", SAMPLES)
@pytest.mark.parametrize("sequences", [False, True])
def test_what_keras_predicts_is_what_a_call_gives(cell, sequences):
    layer = Recurrent([cell(U), cell(U)], return_sequences=sequences)
    model = keras.Sequential([keras.Input((T, F)), layer])
    x = np.random.default_rng(0).normal(size=(37, T, F)).astype("float32")
    with compiled(False):
        expected = model(x)
    # 32, which are compiled in two shards on two cores, and 5, of a size that the second trace leaves open
    # A layer norm divides by a standard deviation of four units, which may be small.
    atol = 2e-5 if cell is LayerNormLSTMCell else 2e-6
    np.testing.assert_allclose(model.predict(x, batch_size=32, verbose=0), expected, atol=atol)


def test_a_prediction_is_compiled_and_what_may_be_saved_is_not():
    _, model = _pair("GRU")
    model.predict(_inputs(), verbose=0)
    (predicting,) = model.predict_function._list_all_concrete_functions()
    assert "_XlaMustCompile" in _operations(predicting)

    @tf.function(input_signature=[tf.TensorSpec((B, T, F))])
    def served(x):
        return model(x)

    assert "_XlaMustCompile" not in _operations(served.get_concrete_function())


def test_an_lstm_is_one_operation_where_tensorflow_runs_it_alone(tmp_path):
    _, model = _pair("LSTM")
    spec = tf.TensorSpec((None, T, F))

    def traced(**options):
        return _operations(tf.function(lambda x: model(x), **options).get_concrete_function(spec))

    assert "BlockLSTMV2" in traced()
    with compiled(False):
        assert "BlockLSTMV2" not in traced()
    assert "BlockLSTMV2" not in traced(jit_compile=True)  # XLA has no such operation
    model.export(tmp_path, verbose=False)  # and other formats than TensorFlow's have not
    loaded = tf.saved_model.load(tmp_path)
    assert "BlockLSTMV2" not in _operations(loaded.signatures["serving_default"])
    np.testing.assert_allclose(loaded.serve(_inputs()), model(_inputs()), atol=1e-6)


def test_an_export_answers_small_and_large_batches_alike(monkeypatch):
    monkeypatch.setattr(inference, "LARGE", 20)
    monkeypatch.setattr(inference, "LONG", T)
    theirs, ours = _pair("GRU", return_sequences=True)

    @tf.function(input_signature=[tf.TensorSpec((None, T, F))])
    def served(x):
        with inference.export_graph(ours):
            return ours(x)

    for batch in (0, 1, 41):
        np.testing.assert_allclose(served(_inputs(batch)), theirs(_inputs(batch)), atol=1e-6)


IN_HALVES = [("GRU", True, T, 1), ("SimpleRNN", True, T, 41)]
IN_ONE = [("LSTM", graph, *size) for graph in (False, True) for size in ((T, 1), (T, 40), (None, 40))]


@pytest.mark.parametrize(("kind", "in_graph", "length", "batch"), IN_ONE + IN_HALVES)
def test_the_numbers_and_gradients_of_a_fast_call_are_those_of_keras_loop(
    kind, in_graph, length, batch, monkeypatch
):
    monkeypatch.setattr(inference, "LARGE", 20)
    monkeypatch.setattr(inference, "LONG", T)
    monkeypatch.setattr(inference, "AT_A_TIME", 3)
    models, x = _pair(kind, return_sequences=True), _inputs(batch)

    def slopes(model):
        def found(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                outputs = model(x)
                total = tf.reduce_sum(outputs**2)
            slopes = tape.gradient(total, [x, *(one.value for one in model.trainable_weights)])
            return [outputs, *slopes]

        spec = tf.TensorSpec((None if kind == "LSTM" else batch, length, F))
        return (tf.function(found, input_signature=[spec]) if in_graph else found)(x)

    theirs, ours = map(slopes, models)
    for mine, other in zip(ours, theirs, strict=True):
        scale = float(tf.reduce_max(tf.abs(other))) + 1e-3
        np.testing.assert_allclose(mine / scale, other / scale, atol=2e-5)


def test_a_saved_lstm_needs_no_xla_and_keeps_the_right_gradient(tmp_path):
    _, model = _pair("LSTM")
    module, x = tf.Module(), _inputs()
    module.weights = [weight.value for weight in model.weights]
    spec = tf.TensorSpec((None, T, F))
    module.answer = tf.function(lambda x: model(x), input_signature=[spec], autograph=False)
    tf.saved_model.save(module, tmp_path)
    saved = saved_model_pb2.SavedModel.FromString((tmp_path / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    assert any(node.op == "BlockLSTMV2" for one in functions for node in one.node_def)
    assert not [one.signature.name for one in functions if one.attr["_XlaMustCompile"].b]
    slopes = []
    loaded = tf.saved_model.load(tmp_path)  # its variables live as long as it does
    for call in (loaded.answer, model):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(call(x) ** 2)
        slopes.append(tape.gradient(total, x))
    np.testing.assert_allclose(*slopes, atol=1e-5)


def test_a_second_derivative_of_a_fused_call_is_that_of_keras_loop():
    x = _inputs()

    def curvature(model):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                total = tf.reduce_sum(model(x) ** 2)
            slope = inner.gradient(total, x)
        return outer.gradient(slope, x)

    theirs, ours = map(curvature, _pair("LSTM"))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_a_derivative_keeps_no_more_than_it_reads_gate_by_gate():
    def found(cell):
        cell.build((None, F))
        return analyze_step(cell)

    lstm, gru = found(LSTMCell(U)), found(GRUCell(U))
    assert (lstm.reads_x, lstm.reads_r, lstm.one_slope) == ((), (), (0, 1, 2, 3))
    assert (gru.reads_x, gru.reads_r, gru.one_slope) == ((), (2,), (0, 1))  # the candidate tells x from r


class SlicedCell(GRUCell):
    """A GRU that takes its gates by slices: whatever cannot be told apart is kept as a whole."""

    def equations(self, x, r, states, sigmoid, tanh):
        u, (h,) = self.units, states
        z, s = sigmoid(x[:, :u] + r[:, :u]), sigmoid(x[:, u : 2 * u] + r[:, u : 2 * u])
        h = z * h + (1 - z) * tanh(x[:, 2 * u :] + s * r[:, 2 * u :])
        return seqmem.cells.Step(h, (h,), {"update": z, "reset": s, "candidate": h})


@pytest.mark.parametrize("cell", [SlicedCell, GRUCell, LSTMCell, RNNCell], ids=lambda cell: cell.__name__)
def test_any_way_to_take_the_gates_gives_the_gradients_of_keras_loop(cell):
    layer = Recurrent(cell(U), return_sequences=True)
    layer.build((None, T, F))

    def slopes(on):
        x = _inputs()
        with compiled(on), tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(layer(x, training=True) ** 2)
        return tape.gradient(total, [x, *(one.value for one in layer.trainable_weights)])

    for mine, other in zip(slopes(True), slopes(False), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
