"""Diagnostics against closed forms, for every cell."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops
from samples import CELLS, GRUCell, LSTMCell, MinimalGatedUnitCell, RNNCell, adapted, small_forecaster

import seqmem
from seqmem import cli, diagnostics, report
from seqmem.data.splits import Split
from seqmem.recipe import Recipe
from seqmem.recurrence import Recurrent


@pytest.fixture
def sequence(rng):
    return rng.normal(size=(12, 2)).astype("float32")


@pytest.mark.parametrize("sample", CELLS, ids=lambda one: one.cell.__name__)
def test_a_trace_ends_in_what_the_layer_says(sample, sequence):
    layer = Recurrent([sample.cell(3), sample.cell(2)])
    dates = pd.bdate_range("2020-01-01", periods=12)
    found = diagnostics.trace(layer, pd.DataFrame(sequence, dates))
    np.testing.assert_allclose(found[1, "h"].iloc[-1], layer(sequence[None])[0], atol=1e-6)
    assert list(found.index) == list(dates)
    for name, values in layer.gates(sequence[None]).items():
        number, gate = name.split("_", 1)
        np.testing.assert_allclose(found[int(number), gate], values[0], atol=1e-6)


@pytest.mark.parametrize("sample", CELLS, ids=lambda one: one.cell.__name__)
def test_the_flow_of_inputs_is_the_jacobian(sample, sequence):
    """Against the whole Jacobian by automatic differentiation of the layer."""
    import tensorflow as tf

    layer = Recurrent(sample.cell(3))
    found = diagnostics.gradient_flow(layer, sequence, probes=4000)
    x = tf.constant(sequence[None])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        output = layer(x)
    jacobian = tape.jacobian(output, x, experimental_use_pfor=False)[0, :, 0]  # [U, T, F]
    expected = np.sqrt(np.sum(np.asarray(jacobian) ** 2, axis=(0, 2)))[::-1]
    np.testing.assert_allclose(found["input"], expected, rtol=0.1)
    assert found.loc[0, "h"] == pytest.approx(np.sqrt(3), rel=0.1)  # of h_T itself: the identity


def test_a_simple_cell_multiplies_its_jacobians(sequence):
    """d h_T / d h_{T-k} is the product of diag(1 - h^2) U, written in NumPy."""
    layer = Recurrent(RNNCell(4), return_sequences=True)
    found = diagnostics.gradient_flow(layer, sequence, probes=4000)["h"]
    h, kernel = np.asarray(layer(sequence[None]))[0], np.asarray(layer.cell.recurrent_kernel)
    expected = []
    product = np.eye(4)
    for t in range(11, -1, -1):
        expected.append(np.linalg.norm(product))
        product = product @ np.diag(1 - h[t] ** 2) @ kernel.T
    np.testing.assert_allclose(found, expected, rtol=0.1)


def _fixed(cell, gate, value):
    """A cell whose one gate says `value` whatever comes."""
    layer = Recurrent(cell)
    layer.build((None, None, 2))
    weights = [np.zeros(weight.shape, "float32") for weight in layer.cell.weights]
    number = list(layer.cell.gates).index(gate)
    weights[-1].reshape(-1)[number * cell.units : (number + 1) * cell.units] = np.log(value / (1 - value))
    layer.set_weights(weights)
    return layer


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    ("cell", "gate", "value"),
    [
        (LSTMCell, "forget", lambda keep: keep),
        (GRUCell, "update", lambda keep: keep),
        (MinimalGatedUnitCell, "forget", lambda keep: 1 - keep),
    ],
)
def test_a_gate_that_stands_still_has_the_half_life_of_the_books(cell, gate, value, keep, sequence):
    found = diagnostics.memory_half_life(_fixed(cell(3), gate, value(keep)), sequence)
    np.testing.assert_allclose(found["kept"], keep, rtol=1e-5)
    np.testing.assert_allclose(found["half_life"], np.log(0.5) / np.log(keep), rtol=1e-3)


def test_a_simple_cell_keeps_nothing(sequence):
    found = diagnostics.memory_half_life(Recurrent(RNNCell(3)), sequence)
    assert (found["half_life"] == 0).all()


def test_the_gradient_of_a_cell_state_halves_when_its_gate_says_so(rng):
    sequence = rng.normal(size=(60, 2)).astype("float32")
    flow = diagnostics.gradient_flow(_fixed(LSTMCell(3), "forget", 0.9), sequence)
    ratio = flow["c"].iloc[5:50].to_numpy() / flow["c"].iloc[4:49].to_numpy()
    np.testing.assert_allclose(ratio, 0.9, rtol=1e-3)
    assert diagnostics.gradient_half_life(flow)["c"] == 7  # ln .5 / ln .9 is 6.6


def test_saturation_counts_what_is_near_a_limit(sequence):
    stuck = diagnostics.saturation(_fixed(LSTMCell(3), "forget", 0.99), sequence)
    assert stuck.loc[(0, "forget"), ["low", "high"]].tolist() == [0, 1]
    assert stuck.loc[(0, "input"), ["low", "high"]].tolist() == [0, 0]
    found = diagnostics.saturation(Recurrent(LSTMCell(3, activation="linear")), sequence)
    assert found.loc[(0, "candidate"), ["low", "high"]].isna().all()
    layer = seqmem.GRU(4)
    gates = np.asarray(layer(sequence[None]) * 0 + 1)  # builds it
    assert gates.all()
    update = np.asarray(layer.gates(sequence[None])["update"])
    margin = diagnostics.saturation(layer, sequence, margin=0.3).loc[(0, "update")]
    assert margin["low"] == pytest.approx((update < 0.3).mean())
    assert margin["high"] == pytest.approx((update > 0.7).mean())


def test_a_forecaster_is_looked_into(fitted, prices):
    (layer,) = diagnostics.recurrent_layers(fitted)
    seen = diagnostics.sequences(fitted, prices, [100, 200])
    assert seen.shape == (2, 8, 1)
    flow = diagnostics.gradient_flow(layer, seen)
    assert len(flow) == 8
    assert 0 <= diagnostics.effective_lookback(flow) < 8
    with pytest.raises(ValueError, match="has no Recurrent"):
        diagnostics.recurrent_layers(keras.Sequential([keras.layers.Dense(1)]))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros((2, 0, 1)), "expected a sequence"),
        (np.zeros((2, 2, 2, 2)), "expected a sequence"),
        ([[1.0], [np.nan]], r"\[0, 1, 0\]"),
    ],
)
def test_bad_sequences_are_refused(bad, words):
    with pytest.raises(ValueError, match=words):
        diagnostics.saturation(Recurrent(GRUCell(2)), bad)
    with pytest.raises(TypeError, match="expected a seqmem.cells.Cell"):
        diagnostics.trace(Recurrent(keras.layers.GRUCell(2)), ops.ones((3, 1)))


def test_the_command_says_it_draws_it_and_writes_json(exported, prices, tmp_path, capsys):
    prices.to_frame().to_csv(tmp_path / "prices.csv")
    asked = ["diagnose", str(exported), str(tmp_path / "prices.csv"), "--windows", "5"]
    assert cli.main([*asked, "--plot", str(tmp_path / "flow.png")]) == 0
    said = capsys.readouterr().out
    assert "forget" in said
    assert "of 8 days" in said
    assert (tmp_path / "flow.png").read_bytes()[1:4] == b"PNG"
    assert cli.main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["gate"] for one in found["saturation"]} == {"input", "forget", "candidate", "output"}
    assert found["memory"][0]["median"] > 0


def test_each_table_has_a_figure(fitted, prices, tmp_path):
    (layer,) = diagnostics.recurrent_layers(fitted)
    seen = diagnostics.sequences(fitted, prices)
    for number, (draw, found) in enumerate(
        [
            (report.plot_trace, diagnostics.trace(layer, seen[0])),
            (report.plot_saturation, diagnostics.saturation(layer, seen)),
            (report.plot_half_lives, diagnostics.memory_half_life(layer, seen)),
            (report.plot_flow, {"encoder": diagnostics.gradient_flow(layer, seen)}),
        ]
    ):
        assert draw(found, tmp_path / f"{number}.svg").read_text().startswith("<?xml")


def test_what_is_kept_is_a_geometric_mean(rng):
    layer, sequences = Recurrent(LSTMCell(3)), 3 * rng.normal(size=(2, 12, 1))
    both, *each = (
        np.log(diagnostics.memory_half_life(layer, one)["kept"]) for one in (sequences, *sequences)
    )
    np.testing.assert_allclose(both, np.mean(each, axis=0), rtol=1e-5)
    assert np.ptp(each, axis=0).max() > 0.1  # an arithmetic mean would be another number


def test_memory_is_logged_while_it_is_trained(prices, tmp_path):
    forecaster = adapted(small_forecaster(), prices)
    (layer,) = diagnostics.recurrent_layers(forecaster)
    watch = diagnostics.MemoryLog(
        layer, diagnostics.sequences(forecaster, prices, [100, 200]), folder=tmp_path / "board", every=2
    )
    split = Split(None, prices.index[200])
    history = forecaster.fit(prices, split, Recipe(epochs=3), callbacks=[watch]).history.history
    assert len(history["half_life"]) == 2
    last = diagnostics.memory_half_life(layer, watch.sequences)["half_life"].median()
    assert history["half_life"][-1] == pytest.approx(last)
    assert set(history) >= {"effective_lookback", "saturated_forget", "saturated_output"}
    assert list((tmp_path / "board").iterdir())
