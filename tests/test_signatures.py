"""What an exported model answers besides forecasts, and what it refuses."""

import json

import numpy as np
import pytest
import tensorflow as tf
from samples import GRUCell, LSTMCell, adapted, random_bars, random_walk

import seqmem
from seqmem.recurrence.inference import is_fusible
from seqmem.serving import export
from seqmem.serving.exporting.endpoints import endpoints


@pytest.fixture(scope="module")
def signatures(exported):
    model = tf.saved_model.load(str(exported))
    return {"model": model, **model.signatures}


def test_describe_tells_the_card(exported, signatures):
    (text, again) = signatures["describe"](request=tf.constant(["a", "b"]))["card"].numpy()
    assert text == again
    told, written = json.loads(text), json.loads((exported / "card.json").read_text())
    assert told == {name: value for name, value in written.items() if name not in ("operations", "files")}
    assert set(written["signatures"]) == set(signatures) - {"model"}


def test_explain_tells_what_every_gate_does(fitted, prices, signatures):
    """As the cell itself says, step by step."""
    closes = prices.to_numpy("float32")[None, -fitted.context_length - 5 :]
    found = signatures["explain"](closes=closes)
    cell = fitted.network.encoder.cell
    inputs = fitted.target.inputs(closes[:, -fitted.context_length :, None])
    states = tuple(cell.get_initial_state(1))
    for t in range(fitted.lookback):
        step = cell.advance(cell.project(inputs[:, t]), states)
        states = step.states
        for gate, values in step.gates.items():
            np.testing.assert_allclose(found[gate][:, t], values, atol=1e-6)
    assert set(found) == {"input", "forget", "candidate", "output"}


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_step_refuses_what_is_no_price(bad, signatures):
    inputs = signatures["step"].structured_input_signature[1]
    state = {name: np.zeros([3, *spec.shape[1:]], "float32") for name, spec in inputs.items()}
    state["close"] = np.array([100.0, bad, 100.0], "float32")
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"close: .* above 0. Not so at \[row\].*\[\[1\]\]"
    ):
        signatures["step"](**state)


def test_bars_are_checked_by_name(tmp_path):
    bars, target = random_bars(60), seqmem.ScaleFreeVariance(memory=20)
    forecaster = adapted(seqmem.variance_forecaster(None, target, lookback=8), bars)
    served = tf.saved_model.load(str(export(forecaster, tmp_path, name="m"))).signatures["volatility"]
    rows = {name.lower(): bars[name].to_numpy("float32")[None].copy() for name in bars}
    rows["low"][0, 40] = np.nan
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"low: expected .*\[row, position\].*\[\[0 40\]\]"
    ):
        served(**rows)


def test_two_clients_share_no_state(signatures, prices):
    """Interleaved streams say what they say alone."""
    step, closes = signatures["step"], prices.to_numpy("float32")
    zeros = {
        name: np.zeros([1, *spec.shape[1:]], "float32")
        for name, spec in step.structured_input_signature[1].items()
        if name != "close"
    }

    def stream(rows):
        state = zeros
        for close in rows:
            found = step(close=close[None], **state)
            state = {name: found[name] for name in zeros}
            yield found["forecast"].numpy()

    alone = [list(stream(closes[:20])), list(stream(closes[100:120]))]
    together = zip(stream(closes[:20]), stream(closes[100:120]), strict=True)
    for n, (one, other) in enumerate(together):
        np.testing.assert_array_equal(one, alone[0][n])
        np.testing.assert_array_equal(other, alone[1][n])


def test_only_the_cell_that_the_kernel_computes_is_fused():
    assert is_fusible(LSTMCell(4))
    assert not is_fusible(LSTMCell(4, activation="relu"))
    assert not is_fusible(LSTMCell(4, recurrent_activation="hard_sigmoid"))
    assert not is_fusible(LSTMCell(4, dtype="float64"))
    assert not is_fusible(type("Mine", (LSTMCell,), {})(4))


def test_a_served_lstm_gives_no_wrong_gradient(signatures, prices):
    """TensorFlow's own for this kernel is silently wrong."""
    closes = tf.constant(prices.to_numpy("float32")[None, -9:])
    with tf.GradientTape() as tape:
        tape.watch(closes)
        with pytest.raises(LookupError, match="has no gradient"):
            signatures["serving_default"](closes=closes)


LOOPS = {"While", "StatelessWhile"}


@pytest.mark.parametrize(
    ("cell", "lookback", "has", "has_not"),
    [
        (LSTMCell, 2, {"BlockLSTMV2"}, LOOPS),  # one operation
        (LSTMCell, 150, {"BlockLSTMV2"}, LOOPS),
        (GRUCell, 8, {"MatMul"}, LOOPS | {"BlockLSTMV2"}),  # a straight line
        (GRUCell, 9, {"StatelessWhile"}, {"BlockLSTMV2"}),  # and a loop beyond
    ],
)
def test_any_length_is_served_as_python_says(cell, lookback, has, has_not, monkeypatch):
    """As the graph that is written says; that the written one says the same, test_no_skew.py holds."""
    monkeypatch.setattr("seqmem.recurrence.inference.WRITTEN_OUT", 8)
    network = seqmem.EncoderDecoder(cell(3), cell(3), horizon=2)
    prices = random_walk(400)
    forecaster = adapted(seqmem.Forecaster(network, lookback=lookback), prices)
    closes = prices.to_numpy("float32")
    name, function, inputs = endpoints(forecaster, "")[0]
    assert name == "serving_default"
    served = tf.function(function, input_signature=inputs, autograph=False).get_concrete_function()
    nodes = [node for f in served.graph.as_graph_def().library.function for node in f.node_def]
    found = {node.op for node in [*nodes, *served.graph.as_graph_def().node]}
    assert has <= found
    assert not has_not & found
    at = np.arange(160, 160 + 33)
    windows = np.stack([closes[o - lookback : o + 1] for o in at])
    expected = forecaster.forecast(prices, at).mean
    for batch in (1, 2, 33):  # the fused kernel takes the halves of a batch
        found = served(closes=tf.constant(windows[:batch]))["forecast"]
        np.testing.assert_allclose(found, expected[:batch], rtol=1e-6)
