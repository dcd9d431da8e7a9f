"""Every sample as an ONNX model: ONNX Runtime says what Python says, by ONNX's own operators."""

import warnings

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from samples import NETWORKS, TRAINED_FORECASTERS, VARIANCE_FORECASTERS, adapted, random_bars

import seqmem
from seqmem.cells import GRUCell, LSTMCell, RNNCell
from seqmem.data.reading import read
from seqmem.serving import export, to_onnx, verify
from seqmem.serving.questions import input_names

OPERATORS = {LSTMCell: "LSTM", GRUCell: "GRU", RNNCell: "RNN", keras.layers.LSTM: "LSTM"}
# Every kind of cell, and variances from closes and from bars.
SAMPLES = [
    *TRAINED_FORECASTERS[: len(NETWORKS)],
    VARIANCE_FORECASTERS[0],
    pytest.param(VARIANCE_FORECASTERS[-1], marks=pytest.mark.slow),
]


def _written(forecaster):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx on NumPy 2
        return to_onnx(forecaster)


@pytest.mark.parametrize("make", SAMPLES)
def test_onnx_says_what_python_says(make):
    bars = random_bars(200)
    forecaster = adapted(make(), bars)
    written = _written(forecaster)
    session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
    rows = forecaster.target.to_array(read(bars).frame).astype("float32")
    longer = forecaster.context_length + 3  # is cut
    names = input_names(forecaster.target.columns)
    assert {one.name for one in session.get_inputs()} == set(names)
    for batch in (1, 7):
        windows = np.stack([rows[20 + n : 20 + n + longer] for n in range(batch)])
        given = {name: np.ascontiguousarray(windows[..., n]) for n, name in enumerate(names)}
        expected = forecaster.outputs(forecaster.respond(windows, training=False))
        assert [output.name for output in session.get_outputs()] == list(expected)
        for output, found in zip(session.get_outputs(), session.run(None, given), strict=True):
            np.testing.assert_allclose(found, expected[output.name], rtol=1e-6)
    layers = list(forecaster._flatten_layers())
    loops = [layer for layer in layers if isinstance(layer, seqmem.Recurrent)]
    cells = [cell for layer in loops for cell in getattr(layer.cell, "cells", [layer.cell])]
    plain = [layer for layer in layers if type(layer) is keras.layers.LSTM]
    operators = [node.op_type for node in onnx.load_from_string(written).graph.node]
    ours = sorted(OPERATORS[type(one)] for one in (*cells, *plain) if type(one) in OPERATORS)
    assert sorted(kind for kind in operators if kind in OPERATORS.values()) == ours


def test_it_stands_beside_the_saved_model(fitted, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        folder = export(fitted, tmp_path, name="m", onnx=True)
    assert (folder / "model.onnx").stat().st_size > 0
    assert len(list(verify(folder))) == 4


def test_prices_that_are_none_give_no_number(fitted):
    session = onnxruntime.InferenceSession(_written(fitted), providers=["CPUExecutionProvider"])
    for bad in (0.0, -1.0, np.nan, np.inf):
        closes = np.full((1, 9), 100, "float32")
        closes[0, 4] = bad
        assert np.isnan(session.run(None, {"closes": closes})[0]).all()
