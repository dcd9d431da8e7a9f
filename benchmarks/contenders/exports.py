"""Exported models to be asked: Keras's own export of a layer and a head, and ours."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import seqmem
from benchmarks.contenders.tensorflow import LayerAndHead
from benchmarks.data import HORIZON, LOOKBACK
from seqmem.serving.provenance import write_tensors

UNITS = 64


def models(kind: str, folder: str) -> Callable[[], None]:
    """Keras's layer of a kind exported by Keras, and ours by us, in forecasters of the same weights."""
    home, options = Path(folder), {} if kind == "SimpleRNN" else {"use_cudnn": False}
    theirs = _fitted(LayerAndHead(getattr(keras.layers, kind)(UNITS, **options)))
    archive = keras.export.ExportArchive()
    archive.track(theirs)
    archive.add_endpoint(
        "serving_default",
        lambda closes: {"forecast": theirs(closes, training=False)},
        input_signature=[tf.TensorSpec((None, None), tf.float32, name="closes")],
    )
    archive.write_out(str(home / f"keras_{kind}"), verbose=False)
    write_tensors(home / f"keras_{kind}")
    inputs = keras.Input((LOOKBACK, 1))
    layer = getattr(keras.layers, kind)(UNITS, **options)
    stock = keras.Model(inputs, keras.layers.Dense(HORIZON)(layer(inputs)))
    stock(np.zeros((1, LOOKBACK, 1)))  # Keras exports to ONNX only what was called
    stock.export(home / f"keras_{kind}.onnx", format="onnx", verbose=False)
    ours = _fitted(LayerAndHead(getattr(seqmem, kind)(UNITS)))
    ours.network.set_weights(theirs.network.get_weights())
    seqmem.export(ours, home, name=f"seqmem_{kind}", onnx=True)
    return lambda: None


def streams(folder: str) -> Callable[[], None]:
    """Networks whose `step` is asked."""
    one, two, three = (seqmem.LSTMCell(UNITS) for _ in range(3))
    path = _fitted(seqmem.EncoderDecoder(one, two, horizon=HORIZON))
    seqmem.export(path, folder, name="EncoderDecoder")
    variances = seqmem.variance_forecaster(three, seqmem.RawVariance(), lookback=LOOKBACK)
    seqmem.export(_ready(variances), folder, name="ResidualRecurrent")
    return lambda: None


def _fitted(network: seqmem.Network) -> seqmem.Forecaster:
    return _ready(seqmem.Forecaster(network, lookback=LOOKBACK))


def _ready(forecaster: seqmem.Forecaster) -> seqmem.Forecaster:
    """What `export` takes: scales that are learnt, and weights, however they come."""
    closes = 100 * np.exp(np.random.default_rng(0).normal(size=500).cumsum() / 100)
    forecaster.target.adapt([closes[:, None]])
    forecaster.build()
    return forecaster
