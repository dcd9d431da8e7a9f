"""The one object that is trained, scored and served: raw history in, raw forecast out."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
import numpy as np
import pandas as pd
from keras import ops

from seqmem._configured import Configured
from seqmem.data import windows
from seqmem.data.dataset import PriceData
from seqmem.data.pool import Pool
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Origins, Split, as_origins
from seqmem.data.stationarity import require_stationary
from seqmem.evaluation.forecast import Prediction
from seqmem.heads import LabelForecast
from seqmem.models.base import Model
from seqmem.models.examples import examples
from seqmem.models.training import AT_ONCE, TrainedOnWindows
from seqmem.networks import Network
from seqmem.quantities import Quantity
from seqmem.recipe import Recipe
from seqmem.targets import PricePath, Target

Tensor = Any


class Forecaster(Configured, Model, TrainedOnWindows):
    """``target.inverse(head(network(target.inputs(history))), history)``: prices [B, T, C] to [B, H].

    What `fit` trains, `forecast` scores and TensorFlow Serving serves is this one graph, so that training and
    serving cannot drift apart. The loss compares the network's raw outputs with the target's labels; the
    forecast is in the units of the target's quantity.

    Args:
        network: a `Network`, such as an `EncoderDecoder`; any other Keras model in a `KerasNetwork`.
        target: what is forecast; by default `PricePath()`: prices, by way of standardised log returns.
        lookback: T, the steps that the network reads.

    Raises:
        ValueError: a lookback below 1, something else than a network, horizons that are not the target's, or
            a head with quantiles on a target that is pathwise.

    >>> from seqmem import EncoderDecoder
    >>> from seqmem.cells import LSTMCell
    >>> prices = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 300).cumsum())
    >>> forecaster = Forecaster(EncoderDecoder(LSTMCell(4), LSTMCell(4), horizon=2), lookback=10)
    >>> split = Split.by_share(prices)
    >>> forecaster = forecaster.fit(prices, split, Recipe(epochs=1))
    >>> forecaster.forecast(prices, split.test(prices, horizon=2)).mean.shape
    (89, 2)
    """

    def __init__(
        self, network: Network, target: Target | None = None, lookback: int = 30, **kwargs: Any
    ) -> None:
        # Prices stay float32 whatever the policy: the network casts for itself.
        super().__init__(**{"dtype": "float32", "autocast": False, **kwargs})
        if lookback < 1:
            raise ValueError(f"Forecaster: lookback must be at least 1. Received: lookback={lookback}")
        if not isinstance(network, Network):
            raise ValueError(
                "Forecaster: expected a seqmem Network (put a Keras model into "
                f"seqmem.networks.KerasNetwork(model, horizons)). Received: {network!r}"
            )
        self.network = network
        self.target: Target = target or PricePath()
        self.lookback = lookback
        _check_pair(network, self.target)

    @property
    def horizons(self) -> tuple[int, ...]:
        """Rows ahead of each forecast."""
        return self.network.horizons

    @property
    def context_length(self) -> int:
        """How many rows a window reads: lookback + the warm-up of the target."""
        return self.lookback + self.target.warmup

    @property
    def quantity(self) -> Quantity:
        """What is forecast."""
        return self.target.quantity

    @property
    def positive(self) -> bool:  # noqa: D102 (as `Model` says)
        return self.target.positive

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; the shape is known without being told."""
        if not self.network.built:
            window = ops.ones((1, self.context_length, len(self.target.columns)))
            self.network.build((None, self.lookback, self.target.inputs(window).shape[-1]))
        self.built = True

    def call(self, history: Tensor, training: bool = False) -> Tensor:
        """The point forecast [B, H] from prices [B, at least T + warm-up, C], or [B, ...] closes alone.

        Raises:
            ValueError: a history of another shape.
        """
        return self.point(self.respond(history, training=training))

    def point(self, found: LabelForecast) -> Tensor:
        """The mean of a forecast [B, H], or the quantile nearest to the median."""
        if found.quantiles is None or found.mean is not None:
            return found.mean
        levels = self.network.head.levels
        return found.quantiles[..., min(range(len(levels)), key=lambda n: abs(levels[n] - 0.5))]

    def outputs(self, found: LabelForecast) -> dict[str, Tensor]:
        """A forecast by the names under which it is served; the point first, then the quantiles."""
        served = self.quantity.outputs(self.point(found), self.horizons)
        return served if found.quantiles is None else served | {"quantiles": found.quantiles}

    def respond(self, history: Tensor, training: bool = False) -> LabelForecast:
        """All that the head gives, in the units of the quantity: mean [B, H], quantiles [B, H, Q]."""
        history = self.window(history)
        raw = self.network(self.target.inputs(history), training=training)
        return self.read(raw, history)

    def read(self, raw: Tensor, history: Tensor) -> LabelForecast:
        """The raw outputs of the network after a window, in the units of the quantity."""
        head, inverse = self.network.head, self.target.inverse
        found = head.predict(head.merge(ops.cast(raw, history.dtype)))
        quantiles = found.quantiles
        if quantiles is not None:
            each = [inverse(quantiles[..., level], history) for level in range(quantiles.shape[-1])]
            quantiles = ops.stack(each, axis=-1)
        return LabelForecast(None if found.mean is None else inverse(found.mean, history), quantiles)

    def window(self, history: Tensor) -> Tensor:
        """The last T + warm-up rows of a history [B, at least that many, C]; closes [B, ...] become a column.

        Raises:
            ValueError: a history of another shape.
        """
        shape, width, needed = tuple(history.shape), len(self.target.columns), self.context_length
        if len(shape) == 2 and width == 1:
            history, shape = history[..., None], (*shape, 1)
        if len(shape) != 3 or shape[2] != width or (shape[1] is not None and shape[1] < needed):
            raise ValueError(
                f"Forecaster: history must be [B, at least {needed}, {width}] (lookback {self.lookback} + "
                f"warm-up {self.target.warmup}; {', '.join(self.target.columns)}). Received: {shape}"
            )
        history = ops.cast(history[:, -needed:], "float32")
        return ops.reshape(history, (-1, needed, width))  # a length that graphs know

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, int]:
        """[B, rows] -> [B, H]."""
        return (input_shape[0], len(self.horizons))

    def fit(
        self,
        data: PriceData,
        split: Split,
        recipe: Recipe | None = None,
        *,
        pool: Pool | None = None,
        adapt: bool = True,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        check_inputs: Callable[..., None] | None = require_stationary,
        **options: Any,
    ) -> Self:
        """Train on the windows of a split's training part; the transform is adapted on its rows alone.

        With a validation part, the weights of the best epoch are what is kept, after Ctrl-C too. On a
        terminal and in a notebook progress is shown, unless there is a `verbose`. Where the optimizer keeps
        an average of the weights (Keras's ``use_ema=True``), that is what is validated and kept. What Keras
        calls the history of the fit is in `history`.

        Args:
            data: prices; see `seqmem.read`.
            split: which origins are trained and validated on.
            recipe: epochs, batch size, learning rate, ...; by default the network's own. After `compile`,
                the optimizer and loss that were given there count.
            pool: other series to learn from too, cut by date; see `seqmem.Pool`.
            adapt: whether the transform learns from these rows; else it stays as it is.
            callbacks: Keras callbacks.
            check_inputs: called with what the network would see of the training part; it raises where that
                must not be trained on. None trains on anything.
            **options: of `keras.Model.fit`: verbose (0: no progress), initial_epoch, ... Keras's
                `steps_per_execution` is chosen here, whatever `compile` was given.

        Raises:
            NonStationary: raw price levels, or other values that wander.
            TrainingDiverged: the loss became NaN or infinite.
            PriceError: prices that must not be trained on.
            ValueError: a series too short for the split, or chunks that the network does not take.
        """
        recipe = recipe or self.network.recipe
        data = as_dataset(data, allow_negative=not self.positive)
        size = {"context_length": self.context_length, "horizon": max(self.horizons)}
        seen = examples(data, split, self.target, pool=pool, **size)
        if adapt:
            self.target.adapt(seen.known)
        self.target.use_calendar(data.calendar)
        if check_inputs is not None:
            for known in seen.known:
                for feature in self.target.stationary_view(known).T:
                    check_inputs(feature, differenced=self.target.transform.warmup > 0)
        self.train_on(seen, recipe, callbacks, **options)
        return self

    def predict_series(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> Prediction:
        """Forecasts of one series; see `Model`."""
        self.build()
        found = self.predict(self._windows(frame, origins), verbose=0)
        parts = {name: np.asarray(values, "float64") for name, values in found.items()}
        if not all(np.isfinite(values).all() for values in parts.values()):
            raise ValueError("Forecaster: the forecast is not finite: never fitted, or its weights diverged")
        return Prediction(**parts, levels=self.network.head.levels)

    def histories(self, data: PriceData, origins: Origins = None) -> Any:
        """Batches of the windows that end at the origins of one series, [B, T + warm-up, C]."""
        one = as_dataset(data, allow_negative=not self.positive)
        rows = as_origins(one, origins, context_length=self.context_length)[one.ids[0]]
        return self._windows(one.frame, rows)

    def _windows(self, frame: pd.DataFrame, origins: np.ndarray) -> Any:
        rows = self.target.to_array(frame)
        pairs = windows.pair_with_series(rows, windows.batches(origins, batch_size=AT_ONCE))
        return pairs.map(lambda rows, at: windows.histories(rows, at, self.context_length))

    def __repr__(self) -> str:
        count = f"{self.network.count_params():,}" if self.network.built else "no"
        until = f"fitted until {self.fitted_until}" if self.fitted_until else "not fitted here"
        return (
            f"Forecaster({type(self.network).__name__}, {type(self.target).__name__}, "
            f"lookback={self.lookback}, horizons={self.horizons}, {count} parameters, {until})"
        )


def _check_pair(network: Network, target: Target) -> None:
    """Refuse a network and a target that do not fit together."""
    if target.horizons is not None and target.horizons != network.horizons:
        raise ValueError(
            f"Forecaster: expected a network with the horizons of its target, {target.horizons}. "
            f"Received: {network.horizons}"
        )
    if target.pathwise and network.head.levels:
        raise ValueError(
            f"Forecaster: {type(target).__name__} reads the whole path together, and quantiles of its steps "
            f"are no quantiles of the path: expected a head with a mean alone. Received: {network.head!r}"
        )
