"""The hypermodel: a configuration to a forecaster, trained and validated on everybody's origins."""

from typing import Any

import keras
import keras_tuner
import numpy as np

from seqmem import windows
from seqmem.cells import cell_class
from seqmem.forecaster import Forecaster
from seqmem.stationarity import require_stationary
from tuning.space import SearchSpace
from tuning.tasks import PathTask, Task


class ForecastHyperModel(keras_tuner.HyperModel):
    """Builds a task's forecaster from `hp` and fits it on windows of `hp`'s lookback.

    Whatever its lookback, every trial is trained and validated on the same origins: those that the
    longest lookback of the space allows. The last `test` of the rows is not touched.

    Args:
        space: what to choose from.
        prices: the series: closes, or for `VolatilityTask` bars or closes.
        horizon: H, the days ahead, where no task is given.
        task: what is forecast; by default `PathTask(horizon)`, the path of the next closes.
        epochs: for each trial, at most. This and the three after it are the task's where nobody says.
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
        prices: Any,
        *,
        horizon: int = 5,
        task: Task | None = None,
        epochs: int | None = None,
        patience: int | None = None,
        batch_size: int | None = None,
        labels: int | None = None,
        test: float = 0.3,
        validation: float = 0.2,
    ) -> None:
        for name in space.cells:
            cell_class(name)  # an unknown cell is an error now, not a failed trial later
        task = task or PathTask(horizon)
        task.check(prices)
        self.space = space
        self.prices = prices
        self.task = task
        self.horizon = task.horizon
        self.epochs = epochs or task.epochs
        self.patience = patience or task.patience
        self.labels = labels or task.labels
        self.batch_size = batch_size or task.batch_size
        self._passed: set[bytes] = set()
        longest = task.history(max(space.lookbacks), prices)
        try:
            self.split = windows.split(
                len(prices), history=longest, horizon=task.horizon, test=test, validation=validation
            )
        except ValueError as error:
            raise ValueError(
                f"{len(prices)} rows are too few for a lookback of {max(space.lookbacks)} and {task.horizon} "
                f"days ahead: the training part is their first {(1 - test) * (1 - validation):.0%}. {error}"
            ) from error
        super().__init__()  # last: it rebinds self.build

    def build(self, hp: Any) -> Forecaster:
        """An unfitted, compiled forecaster with its weights made."""
        choice = self.space.declare(hp)
        forecaster = self.task.forecaster(choice, self.prices)
        optimizer = keras.optimizers.Adam(choice["learning_rate"], global_clipnorm=1.0)
        forecaster.compile(optimizer=optimizer, loss=self.task.loss())
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
            guard=self._guard,
            **{"epochs": self.epochs, "patience": self.patience, **options},
        )

    def _guard(self, values: np.ndarray, *, differenced: bool) -> None:
        """Refuse what is not stationary; what has passed once is the same in every trial."""
        seen = values.tobytes()
        if seen not in self._passed:
            require_stationary(values, differenced=differenced)
            self._passed.add(seen)

    def naive_loss(self) -> float:
        """The validation loss of what anybody can say, in the units of the trials' losses."""
        return self.task.naive_loss(self.prices, self.split.train, self.split.validation)
