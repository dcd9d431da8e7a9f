"""Every sample as an ONNX model: ONNX Runtime says what Python says, by ONNX's own operators."""

import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
from samples import FORECASTERS, NETWORKS, VOLATILITY_FORECASTERS, random_bars, random_walk

from seqmem.cells import GRUCell, LSTMCell, RNNCell
from seqmem.diagnostics import recurrent_layers
from seqmem.serving import export, to_onnx, verify

OPERATORS = {LSTMCell: "LSTM", GRUCell: "GRU", RNNCell: "RNN"}
# Every kind of cell, and variances from closes and from bars.
SAMPLES = [*FORECASTERS[: len(NETWORKS)], VOLATILITY_FORECASTERS[0], VOLATILITY_FORECASTERS[-1]]


def _written(forecaster, prices):
    forecaster.target.adapt([forecaster.target.levels(prices)])
    forecaster.build()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx on NumPy 2
        return to_onnx(forecaster)


@pytest.mark.parametrize("make", SAMPLES)
def test_onnx_says_what_python_says(make):
    forecaster = make()
    prices = random_bars(200) if forecaster.target.columns else random_walk(200)
    written = _written(forecaster, prices)
    session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
    levels = forecaster.target.levels(prices).astype("float32")
    longer = forecaster.closes + 3  # is cut
    for batch in (1, 7):
        windows = np.stack([levels[20 + n : 20 + n + longer] for n in range(batch)]).reshape(
            batch, longer, -1
        )
        names = [one.name for one in session.get_inputs()]
        order = ["high", "low", "close"] if len(names) > 1 else names
        given = {name: np.ascontiguousarray(windows[..., n]) for n, name in enumerate(order)}
        history = windows if forecaster.target.columns else windows[..., 0]
        expected = forecaster.target.answer(forecaster(history, training=False))
        for output, found in zip(session.get_outputs(), session.run(None, given), strict=True):
            np.testing.assert_allclose(found, expected[output.name], rtol=1e-6)
    stack = [
        cell for layer in recurrent_layers(forecaster) for cell in getattr(layer.cell, "cells", [layer.cell])
    ]
    operators = [node.op_type for node in onnx.load_from_string(written).graph.node]
    ours = sorted(OPERATORS[type(cell)] for cell in stack if type(cell) in OPERATORS)
    assert sorted(kind for kind in operators if kind in OPERATORS.values()) == ours


def test_it_stands_beside_the_saved_model(fitted, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        folder = export(fitted, tmp_path, name="m", onnx=True)
    assert (folder / "model.onnx").stat().st_size > 0
    assert len(list(verify(folder))) == 4


def test_prices_that_are_none_give_no_number(fitted):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        session = onnxruntime.InferenceSession(to_onnx(fitted), providers=["CPUExecutionProvider"])
    for bad in (0.0, -1.0, np.nan, np.inf):
        closes = np.full((1, 9), 100, "float32")
        closes[0, 4] = bad
        assert np.isnan(session.run(None, {"closes": closes})[0]).all()
