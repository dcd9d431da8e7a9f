"""The hypermodel: a configuration to a forecaster, trained and validated on everybody's origins."""

from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner
import numpy as np

from seqmem.cells import cell_class
from seqmem.data import windows
from seqmem.data.folds import ExpandingWindow, Walk
from seqmem.data.stationarity import require_stationary
from seqmem.models.forecaster import Forecaster
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
        test, validation: shares of the rows, as in `seqmem.data.windows.split`.
        walk: the folds that a trial is validated on, `ExpandingWindow(K)` or `RollingWindow(K)` (one).
        seeds: S, trainings of different weights and orders on each fold.

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
        walk: Walk | None = None,
        seeds: int = 1,
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
        self.test, self.validation = test, validation
        self.walk = walk or ExpandingWindow()
        if seeds < 1:
            raise ValueError(f"ForecastHyperModel: seeds must be at least 1. Received: seeds={seeds}")
        self.seeds = seeds
        self._passed: set[bytes] = set()
        longest = task.history(max(space.lookbacks), prices)
        try:
            self.parts = self.walk.parts(
                len(prices), history=longest, horizon=task.horizon, test=test, validation=validation
            )
        except ValueError as error:
            raise ValueError(
                f"{len(prices)} rows are too few for a lookback of {max(space.lookbacks)} and {task.horizon} "
                f"days ahead: the first training part is their first "
                f"{(1 - test) * (1 - validation) ** self.walk.count:.0%}. {error}"
            ) from error
        super().__init__()  # last: it rebinds self.build

    def build(self, hp: Any) -> Forecaster:
        """An unfitted, compiled forecaster with its weights made."""
        return self.compiled(self.choice(hp))

    def choice(self, hp: Any) -> dict[str, Any]:
        """What `hp` says of each dimension: name -> value. What it does not say yet is the default."""
        said = self.space.declare(hp, self.task.default)
        return self.space.nearest(said)  # what came over the wire has fewer digits

    def compiled(self, choice: Mapping[str, Any], task: Task | None = None) -> Forecaster:
        """An unfitted, compiled forecaster of a configuration, of this task or of another like it."""
        task = task or self.task
        forecaster = task.forecaster(choice, self.prices)
        optimizer = keras.optimizers.Adam(choice["learning_rate"], global_clipnorm=1.0)
        forecaster.compile(optimizer=optimizer, loss=task.loss())
        forecaster.build()
        optimizer.build(forecaster.trainable_variables)  # so that a checkpoint brings its moments back
        return forecaster

    def fit(
        self, hp: Any, model: Forecaster, *, fold: int = -1, seed: int = 0, **options: Any
    ) -> keras.callbacks.History:
        """Train on the training origins of a fold, validate on its others, keep the best epoch."""
        train, validation = self.parts.folds[fold]
        return self.train(model, train, validation=validation, seed=seed, **options)

    def train(self, model: Forecaster, origins: np.ndarray, **options: Any) -> keras.callbacks.History:
        """Train on origins, with this search's settings; without validation, for all of the epochs."""
        if options.get("validation") is not None:
            options.setdefault("patience", self.patience)
        return model.fit(
            self.prices,
            origins,
            batch_size=max(1, self.batch_size // self.labels),
            labels=self.labels,
            guard=self._guard,
            **{"epochs": self.epochs, **options},
        )

    def _guard(self, values: np.ndarray, *, differenced: bool) -> None:
        """Refuse what is not stationary; what has passed once is the same in every trial."""
        seen = values.tobytes()
        if seen not in self._passed:
            require_stationary(values, differenced=differenced)
            self._passed.add(seen)

    @property
    def split(self) -> windows.Split:
        """The last fold and the test part: with one fold, the only ones."""
        return self.parts.last

    def naive_losses(self) -> list[float]:
        """The validation loss on each fold of what anybody can say, in the units of the trials' losses."""
        return [self.task.naive_loss(self.prices, *fold) for fold in self.parts.folds]

    def naive_loss(self) -> float:
        """Their mean."""
        return float(np.mean(self.naive_losses()))
