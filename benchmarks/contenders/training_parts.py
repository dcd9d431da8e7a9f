"""The parts of a training step of our layers, each with the ones before it; and `fit` with all of them."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

import seqmem
from benchmarks.contenders.tensorflow import LAYERS, LayerAndHead, fit_forecaster, random_batch
from benchmarks.contenders.tensorflow import step as whole_step
from benchmarks.data import BATCH, EPOCHS, LOOKBACK, WINDOWS


def forward(kind: str, units: int) -> Callable[[], None]:
    """The layer and a dense head, compiled, keeping what a gradient needs."""
    return _run(kind, units, lambda model, x, y: _loss(model, x, y))


def gradients(kind: str, units: int) -> Callable[[], None]:
    """And all gradients."""

    def both(model: keras.Model, x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = _loss(model, x, y)
        return tf.add_n([tf.reduce_sum(one) for one in tape.gradient(loss, model.trainable_variables)])

    return _run(kind, units, both)


def step(kind: str, units: int) -> Callable[[], None]:
    """And Adam."""
    return whole_step(f"seqmem {kind}", LOOKBACK, units, 1, BATCH)


def fit(kind: str, units: int) -> Callable[[], int]:
    """`Forecaster.fit`, which gathers windows from the series; gives the steps that it took."""
    train = fit_forecaster(LayerAndHead(getattr(seqmem, kind)(units)))

    def run() -> int:
        train()
        return EPOCHS * WINDOWS // BATCH

    return run


def _run(kind: str, units: int, function: Callable[[keras.Model, Any, Any], Any]) -> Callable[[], None]:
    x, y = random_batch(BATCH, LOOKBACK, 1)
    model = keras.Sequential([LAYERS[f"seqmem {kind}"](units), keras.layers.Dense(5)])
    model.build(x.shape)
    compiled = tf.function(lambda x, y: function(model, x, y))
    return lambda: compiled(x, y).numpy()


def _loss(model: keras.Model, x: Any, y: Any) -> Any:
    return tf.reduce_mean((model(x, training=True) - y) ** 2)
