"""Keras and seqmem in TensorFlow: a training step, a forward pass, a whole training."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import seqmem
from benchmarks.data import BATCH, EPOCHS, HORIZON, LOOKBACK, WINDOWS, closes, returns, windows
from benchmarks.harness import THREADS
from seqmem.cells import EMACell, MinGRUCell, MinLSTMCell, PeepholeLSTMCell
from seqmem.process import configure_cpu
from seqmem.recurrence import compiled, inference_mode
from seqmem.recurrence.inference import export_graph

configure_cpu(THREADS)

LAYERS = {
    "keras LSTM": keras.layers.LSTM,
    "keras GRU": keras.layers.GRU,
    "keras SimpleRNN": keras.layers.SimpleRNN,
    "keras peephole LSTM": lambda units: keras.layers.RNN(PeepholeLSTMCell(units)),
    "seqmem LSTM": seqmem.LSTM,
    "seqmem GRU": seqmem.GRU,
    "seqmem SimpleRNN": seqmem.SimpleRNN,
    "seqmem peephole LSTM": lambda units: seqmem.Recurrent(PeepholeLSTMCell(units)),
    "minGRU": lambda units: seqmem.Recurrent(MinGRUCell(units)),
    "minLSTM": lambda units: seqmem.Recurrent(MinLSTMCell(units)),
    "bank of averages": lambda units: seqmem.Recurrent(EMACell(units)),
}


def step(
    layer: str, lookback: int, units: int, features: int, batch: int, jit: bool = False
) -> Callable[[], None]:
    """Forward, backward and Adam, of a layer with a dense head of 5 on squared error."""
    x, y = random_batch(batch, lookback, features)
    model = keras.Sequential([LAYERS[layer](units), keras.layers.Dense(5)])
    model.build(x.shape)
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=jit)
    def train(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    return lambda: train(x, y).numpy()


def forward(layer: str, lookback: int, units: int, batch: int) -> Callable[[], None]:
    """A forward pass of a layer that might be differentiated."""
    return _passed(layer, lookback, units, batch, lambda made: nullcontext())


def forward_scored(layer: str, lookback: int, units: int, batch: int) -> Callable[[], None]:
    """The same as `Forecaster.forecast` runs it, and validation."""
    return _passed(layer, lookback, units, batch, lambda made: inference_mode())


def forward_exported(layer: str, lookback: int, units: int, batch: int) -> Callable[[], None]:
    """The same as `seqmem.export` writes it."""
    return _passed(layer, lookback, units, batch, export_graph)


def forward_compiled(layer: str, lookback: int, units: int, batch: int) -> Callable[[], None]:
    """The same by XLA, for Python only."""
    return _passed(layer, lookback, units, batch, lambda made: compiled(True))


def forward_predicted(layer: str, lookback: int, units: int, batch: int) -> Callable[[], None]:
    """A batch by `keras.Model.predict_on_batch`: what `predict` does between its own fixed costs."""
    x = random_batch(batch, lookback, 1)[0].numpy()
    model = keras.Sequential([keras.Input((lookback, 1)), LAYERS[layer](units)])
    return lambda: model.predict_on_batch(x)


def _passed(
    layer: str,
    lookback: int,
    units: int,
    batch: int,
    way: Callable[[Any], AbstractContextManager[None]],
) -> Callable[[], None]:
    x, _ = random_batch(batch, lookback, 1)
    made = LAYERS[layer](units)
    made.build(x.shape)

    @tf.function
    def run(x: tf.Tensor) -> tf.Tensor:
        with way(made):
            return made(x, training=False)

    return lambda: run(x).numpy()


def random_batch(batch: int, lookback: int, features: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Inputs [B, T, F] and labels [B, 5], of noise."""
    draw = np.random.default_rng(0)
    shapes = (batch, lookback, features), (batch, 5)
    x, y = (tf.constant(draw.normal(size=shape).astype("float32")) for shape in shapes)
    return x, y


class LayerAndHead(seqmem.Network):
    """A recurrent layer and a dense head of the whole horizon: the network of all contenders."""

    def __init__(self, layer: keras.layers.Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.horizons, self.head = tuple(range(1, HORIZON + 1)), seqmem.Point()
        self.layer, self.dense = layer, keras.layers.Dense(HORIZON)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self.layer.build(input_shape)
        self.dense.build(self.layer.compute_output_shape(input_shape))
        self.built = True

    def call(
        self, inputs: tf.Tensor, training: bool = False, teacher: Any = None, chunk_length: int = 1
    ) -> tf.Tensor:
        """[B, T, F] -> [B, H, 1, 1]."""
        return self.dense(self.layer(inputs, training=training))[:, :, None, None]


def fit_encoder_decoder(units: int, chunk_length: int = 1, batch_size: int = BATCH) -> Callable[[], int]:
    """`Forecaster.fit` on the encoder-decoder that the search trains."""
    cells = seqmem.LSTMCell(units), seqmem.LSTMCell(units)
    recipe = seqmem.Recipe(epochs=EPOCHS, chunk_length=chunk_length, batch_size=batch_size)
    return fit_forecaster(seqmem.EncoderDecoder(*cells, horizon=HORIZON), recipe)


def fit_head(units: int) -> Callable[[], int]:
    """`Forecaster.fit` on the network that the others train."""
    return fit_forecaster(LayerAndHead(seqmem.LSTM(units)))


def fit_forecaster(network: seqmem.Network, recipe: seqmem.Recipe | None = None) -> Callable[[], int]:
    """`Forecaster.fit` on the windows that all contenders train on."""
    forecaster = seqmem.Forecaster(network, lookback=LOOKBACK)
    split = seqmem.Split(validation_start=None, test_start=LOOKBACK + WINDOWS + HORIZON)
    recipe = recipe or seqmem.Recipe(epochs=EPOCHS, batch_size=BATCH)

    def train() -> int:
        forecaster.fit(closes(), split, recipe)
        return EPOCHS * WINDOWS

    return train


def fit_drop_in(units: int) -> Callable[[], int]:
    """Keras's `fit` from arrays with our layer in the place of Keras's."""
    return _fit(seqmem.LSTM(units), steps_per_execution=16)


def fit_arrays(units: int) -> Callable[[], int]:
    """Keras's `fit` from arrays."""
    return _fit(keras.layers.LSTM(units))


def fit_jit(units: int) -> Callable[[], int]:
    """The same with the two switches that make it faster."""
    return _fit(keras.layers.LSTM(units), jit_compile=True, steps_per_execution=16)


def _fit(layer: keras.layers.Layer, **options: Any) -> Callable[[], int]:
    inputs, labels = windows()
    model = keras.Sequential([keras.Input((LOOKBACK, 1)), layer, keras.layers.Dense(HORIZON)])
    model.compile("adam", "mse", **options)

    def train() -> int:
        model.fit(inputs, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        return EPOCHS * WINDOWS

    return train


def fit_tutorial(units: int) -> Callable[[], int]:
    """As the Keras tutorials on time series have it."""
    rows, (_, labels) = returns()[: WINDOWS + LOOKBACK - 1, None], windows()
    data = keras.utils.timeseries_dataset_from_array(rows, labels, LOOKBACK, batch_size=BATCH, shuffle=True)
    model = keras.Sequential(
        [keras.Input((LOOKBACK, 1)), keras.layers.LSTM(units), keras.layers.Dense(HORIZON)]
    )
    model.compile("adam", "mse")

    def train() -> int:
        model.fit(data, epochs=EPOCHS, verbose=0)
        return EPOCHS * WINDOWS

    return train
