"""The one object that is trained, scored and served: raw history in, raw forecast out."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from seqmem._configured import Configured
from seqmem.data import windows
from seqmem.data.stationarity import require_stationary
from seqmem.models.averages import with_average
from seqmem.models.divergence import RaiseWhenDiverged
from seqmem.models.learner import Learner, takes
from seqmem.models.panel import panel
from seqmem.targets import PricePath, Target

Tensor = Any
AT_ONCE = 512  # windows, where nothing is learnt


class Forecaster(Configured, Learner):
    """``target.restore(network(target.inputs(history)), history)``: closes [B, T + lag] to [B, H].

    What `fit` trains, `forecast` scores and TensorFlow Serving serves is this one graph, so that
    training and serving cannot drift apart. The loss compares the network's own words with the target's
    labels; the forecast is in the units of the series.

    Args:
        network: a Keras model or layer from [B, T, F] to [B, H, features] with an attribute `horizon`,
            such as an `EncoderDecoder`. One whose call takes `teacher` is given the labels in training.
        target: what is forecast; by default `PricePath()`: prices, by way of standardised log returns.
        lookback: T, the steps that the network reads.

    Raises:
        ValueError: a lookback below 1, or a network without a horizon.

    >>> from seqmem import EncoderDecoder
    >>> from seqmem.cells import LSTMCell
    >>> prices = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 300).cumsum())
    >>> forecaster = Forecaster(EncoderDecoder(LSTMCell(4), LSTMCell(4), horizon=2), lookback=10)
    >>> parts = windows.split(len(prices), history=forecaster.closes, horizon=2)
    >>> history = forecaster.fit(prices, parts.train, validation=parts.validation, epochs=1)
    >>> forecaster.forecast(prices, parts.test).shape
    (89, 2)
    """

    def __init__(self, network: Any, target: Target | None = None, lookback: int = 30, **kwargs: Any) -> None:
        # Prices stay float32 whatever the policy: the network casts for itself.
        super().__init__(**{"dtype": "float32", "autocast": False, **kwargs})
        if lookback < 1:
            raise ValueError(f"Forecaster: lookback must be at least 1. Received: lookback={lookback}")
        if not isinstance(getattr(network, "horizon", None), int):
            raise ValueError(f"Forecaster: the network must have an attribute horizon. Received: {network!r}")
        self.network = network
        self.target = target or PricePath()
        self.lookback = lookback

    @property
    def horizon(self) -> int:
        """H, the days ahead."""
        return int(self.network.horizon)

    @property
    def closes(self) -> int:
        """How many closes a window reads: lookback + the lag of the transform."""
        return self.lookback + self.target.lag

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; the shape is known without being told."""
        if not self.network.built:
            features = self.target.inputs(ops.ones((1, self.closes, *self.target.columns))).shape[-1]
            self.network.build((None, self.lookback, features))
        self.built = True

    def call(self, history: Tensor, training: bool = False) -> Tensor:
        """Forecast from closes [B, at least T + lag]; only the last T + lag of them matter.

        Raises:
            ValueError: a history that is not [B, at least T + lag].
        """
        shape, columns = tuple(history.shape), self.target.columns
        if len(shape) != 2 + len(columns) or (shape[1] is not None and shape[1] < self.closes):
            rest = "".join(f", {count}" for count in columns)
            raise ValueError(
                f"Forecaster: history must be [B, at least {self.closes}{rest}] "
                f"(lookback {self.lookback} + lag {self.target.lag}). Received: {shape}"
            )
        history = history[:, -self.closes :]
        history = ops.reshape(history, (-1, self.closes, *columns))  # a length that graphs know
        return self.target.restore(self.network(self.target.inputs(history), training=training), history)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, int]:
        """[B, closes] -> [B, H]."""
        return (input_shape[0], self.network.compute_output_shape((None, self.lookback, None))[1])

    def fit(
        self,
        series: Any,
        origins: Any,
        *,
        validation: Any = None,
        epochs: int = 20,
        batch_size: int = 64,
        labels: int = 1,
        patience: int | None = None,
        seed: int = 0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        guard: Callable[..., None] | None = require_stationary,
        **options: Any,
    ) -> keras.callbacks.History:
        """Train on the windows of `origins`; the transform is adapted on their rows alone.

        Where the optimizer keeps an average of the weights (Keras's ``use_ema=True``), that is what is
        validated and kept.

        Args:
            series: prices [N], a Series or an array.
            origins: training origins, [M]; see `seqmem.data.windows`.
            validation: validation origins. With them the weights of the best epoch are what is kept.
            epochs: passes over the windows, at most.
            batch_size: examples in a batch.
            labels: L, labels to an example. 1: a window, which ends at its one origin. More: a chunk, which
                ends at the last of L consecutive origins and has a loss at each of them, for about the cost
                of a window that much longer. It assumes that what a network makes of T steps it also makes
                of T steps with a past before them. Forecasts are made from windows either way. The network's
                call must take `labels`.
            patience: stop after so many epochs without a better validation loss. None: never.
            seed: of the order of the windows. Weights and dropout follow `keras.utils.set_random_seed`.
            callbacks: Keras callbacks.
            guard: called with what the network would see of the training part; it raises where that must
                not be trained on. None trains on anything.
            **options: of `keras.Model.fit`: verbose (0 by default), initial_epoch, ... Keras's
                `steps_per_execution` is chosen here, whatever `compile` was given.

        Raises:
            NonStationary: raw price levels, or other values that wander.
            TrainingDiverged: the loss became NaN or infinite.
            ValueError: origins that do not fit into the series, validation that overlaps training, or labels
                that the network does not take.
        """
        for name in ("x", "y", "validation_data", "validation_split"):
            if name in options:
                raise ValueError(f"Forecaster: fit takes origins; pass validation=origins. Received: {name}")
        if patience is not None and validation is None:
            raise ValueError("Forecaster: patience needs validation origins to watch. Received: none")
        if labels < 1 or (labels > 1 and not takes(self.network, "labels")):
            raise ValueError(f"Forecaster: the network's call takes no labels. Received: labels={labels}")
        size = {"history": self.closes, "horizon": self.horizon}
        data = panel(series, origins, validation, levels=self.target.levels, **size)
        self.target.adapt(data.known)
        if guard is not None:
            for known in data.known:
                for feature in self.target.must_be_stationary(known).T:
                    guard(feature, differenced=self.target.transform.lag > 0)
        if not self.compiled:
            self.compile(optimizer="adam", loss="mse")
        if not self.built:
            self.build()
        if not self.optimizer.built:  # or Keras builds it in the graph, and traces the step again
            self.optimizer.build(self.trainable_variables)
        self._first_bad.forget()
        watch: list[keras.callbacks.Callback] = [RaiseWhenDiverged(self._first_bad, data.when)]
        if data.validation is not None:
            options["validation_data"] = windows.beside(
                data.levels, windows.in_order(data.validation, batch_size=AT_ONCE)
            )
            best = keras.callbacks.EarlyStopping(
                patience=epochs if patience is None else patience, restore_best_weights=True
            )
            watch.append(best)
        batches, steps = windows.shuffled(data.train, batch_size=batch_size, labels=labels, seed=seed)
        steps = self._divide(steps, labels)
        watch += callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        return super().fit(
            windows.beside(data.levels, batches),
            steps_per_epoch=steps,
            epochs=epochs,
            callbacks=with_average(self.optimizer, watch),
            shuffle=False,  # the batches come in a new order
            **{"verbose": 0, **options},
        )

    def forecast(self, series: Any, at: Any = None) -> np.ndarray:
        """Forecasts [len(at), H], in the units of the series, from windows that end at the origins `at`.

        Without `at`, from the last row alone.

        Raises:
            ValueError: an origin with too little history, or beyond the series; a model never fitted.
        """
        self.build()
        forecast = np.asarray(self.predict(self.histories(series, at), verbose=0))
        if not np.isfinite(forecast).all():
            raise ValueError("Forecaster: the forecast is not finite: never fitted, or its weights diverged")
        return forecast

    def histories(self, series: Any, at: Any = None) -> Any:
        """A `tf.data.Dataset`: batches of the windows that end at the origins `at`, as `call` takes them."""
        levels = self.target.levels(series)
        at = len(levels) - 1 if at is None else at
        at = windows.checked(at, len(levels), history=self.closes, ahead=0)
        batches = windows.beside(levels, windows.in_order(at, batch_size=AT_ONCE))
        return batches.map(lambda series, at: windows.histories(series, at, self.closes))
