"""The hypermodel: a configuration to a forecaster, trained and validated on everybody's origins."""

from typing import Any

import keras
import keras_tuner
import numpy as np
import pandas as pd

from seqmem import windows
from seqmem.baselines import LastClose
from seqmem.cells import cell_class
from seqmem.forecaster import Forecaster
from seqmem.networks import EncoderDecoder
from seqmem.targets import PricePath
from tuning.space import SearchSpace


class ForecastHyperModel(keras_tuner.HyperModel):
    """Builds an encoder-decoder forecaster from `hp` and fits it on windows of `hp`'s lookback.

    Whatever its lookback, every trial is trained and validated on the same origins: those that the
    longest lookback of the space allows. The last `test` of the rows is not touched.

    Args:
        space: what to choose from.
        prices: the series.
        horizon: H, the days ahead.
        epochs: for each trial, at most.
        patience: epochs without a better validation loss after which a trial ends.
        batch_size: labels in a batch.
        labels: origins to an example, as in `Forecaster.fit`; a batch has `batch_size // labels` examples.
        test, validation: shares of the rows, as in `seqmem.windows.split`.

    Raises:
        ValueError: an unknown cell, or a series too short for the longest lookback.
    """

    def __init__(
        self,
        space: SearchSpace,
        prices: pd.Series,
        *,
        horizon: int = 5,
        epochs: int = 20,
        patience: int = 4,
        batch_size: int = 64,
        labels: int = 1,
        test: float = 0.3,
        validation: float = 0.2,
    ) -> None:
        for name in space.cells:
            cell_class(name)  # an unknown cell is an error now, not a failed trial later
        if not isinstance(prices, pd.Series):
            kind = type(prices).__name__
            raise ValueError(
                f"ForecastHyperModel: prices must be a Series, see read_prices. Received: {kind}"
            )
        self.space = space
        self.prices = prices
        self.horizon = horizon
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.labels = labels
        longest = max(space.lookbacks) + PricePath().transform.lag
        try:
            self.split = windows.split(
                len(prices), history=longest, horizon=horizon, test=test, validation=validation
            )
        except ValueError as error:
            raise ValueError(
                f"{len(prices)} rows are too few for a lookback of {max(space.lookbacks)} and {horizon} days "
                f"ahead: the training part is their first {(1 - test) * (1 - validation):.0%}. {error}"
            ) from error
        super().__init__()  # last: it rebinds self.build

    def build(self, hp: Any) -> Forecaster:
        """An unfitted, compiled forecaster with its weights made."""
        choice = self.space.declare(hp)
        cell = cell_class(choice["cell"])

        def stack() -> list[Any]:
            return [cell(choice["units"], dropout=choice["dropout"]) for _ in range(choice["layers"])]

        network = EncoderDecoder(stack(), stack(), horizon=self.horizon)
        forecaster = Forecaster(network, PricePath(), lookback=choice["lookback"])
        optimizer = keras.optimizers.Adam(choice["learning_rate"], global_clipnorm=1.0)
        forecaster.compile(optimizer=optimizer, loss="mse")
        forecaster.build()
        optimizer.build(forecaster.trainable_variables)  # so that a checkpoint brings its moments back
        return forecaster

    def fit(self, hp: Any, model: Forecaster, **options: Any) -> keras.callbacks.History:
        """Train on the training origins, validate on the validation origins, keep the best epoch."""
        return model.fit(
            self.prices,
            self.split.train,
            validation=self.split.validation,
            batch_size=max(1, self.batch_size // self.labels),
            labels=self.labels,
            **{"epochs": self.epochs, "patience": self.patience, **options},
        )

    def naive_loss(self) -> float:
        """The validation loss of "no change" in the units of the trials' losses.

        A trial's loss is the mean squared error of standardised daily log returns over the horizon; this
        is that of the forecast "every close is the last one".
        """
        target = PricePath()
        known = self.prices.to_numpy()[: self.split.train[-1] + self.horizon + 1]
        target.transform.adapt(known)
        at = self.split.validation
        values = self.prices.to_numpy()
        history = values[at[:, None] + np.arange(-1, 1)]
        future = values[at[:, None] + np.arange(1, self.horizon + 1)]
        unchanged = LastClose(horizon=self.horizon).forecast(values, at)
        label, said = (np.asarray(target.label(path, history)) for path in (future, unchanged))
        return float(np.mean((label - said) ** 2))
