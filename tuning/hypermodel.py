"""The hypermodel: a configuration to a forecaster, trained and validated on the origins of all trials."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import keras
import keras_tuner
import numpy as np

from seqmem.cells import cell_class
from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import ExpandingWindow, RollingWindow, Split
from seqmem.data.stationarity import require_stationary
from seqmem.models.forecaster import Forecaster
from seqmem.recipe import Recipe
from tuning.space import SearchSpace
from tuning.tasks import PathTask, Task


class ForecastHyperModel(keras_tuner.HyperModel):
    """Builds a task's forecaster from `hp` and fits it on windows of `hp`'s lookback.

    Whatever its lookback, every trial is trained and validated on the same origins: those that the
    longest lookback of the space allows. The last `test` of the rows is not touched.

    It brings its own data. So a plain tuner of KerasTuner's searches with it without arguments, as in
    ``keras_tuner.RandomSearch(hypermodel, objective="val_loss").search()``: each trial is trained once, on
    the last fold. `tuning.search` adds folds, seeds, the default first, and a project that can be resumed.

    Args:
        space: what to choose from.
        data: the series; see `seqmem.read`.
        task: what is forecast; by default `PathTask()`, the path of the next five closes.
        recipe: how a trial is trained; by default the task's. The space chooses the learning rate.
        folds: that a trial is validated on: `ExpandingWindow(K)` or `RollingWindow(K)` (K = 1).
        seeds: S, trainings of different weights and orders on each fold.
        test, validation: shares of the rows, as in `Split.by_share`.

    Raises:
        ValueError: an unknown cell, or a series too short for the longest lookback.
        PriceError: data that must not be trained on.
    """

    def __init__(
        self,
        space: SearchSpace,
        data: PriceData,
        *,
        task: Task | None = None,
        recipe: Recipe | None = None,
        folds: ExpandingWindow | RollingWindow | None = None,
        seeds: int = 1,
        test: float = 0.3,
        validation: float = 0.2,
    ) -> None:
        for name in space.cells:
            cell_class(name)  # an unknown cell is an error now, not a failed trial later
        if seeds < 1:
            raise ValueError(f"ForecastHyperModel: seeds must be at least 1. Received: seeds={seeds}")
        self.space = space
        self.data: Dataset = as_dataset(data)
        self.task: Task = task or PathTask()
        self.recipe: Recipe = recipe or self.task.recipe
        self.folds: ExpandingWindow | RollingWindow = folds or ExpandingWindow()
        self.seeds = seeds
        self.test: float = test
        self.validation: float = validation
        self.first: Mapping[str, Any] = self.space.nearest(self.task.default)
        self._passed: set[bytes] = set()
        size = {
            "context_length": max(space.lookbacks) + self.task.target(self.data).warmup,
            "horizon": max(self.task.horizons),
        }
        try:
            self.splits: tuple[Split, ...] = self.folds.splits(
                self.data, test=test, validation=validation, **size
            )
            for split in self.splits:
                split.train(self.data), split.validation(self.data), split.test(self.data)
        except ValueError as error:
            share = (1 - test) * (1 - validation) ** self.folds.count
            raise ValueError(
                f"{len(self.data)} rows are too few for a lookback of {max(space.lookbacks)} and "
                f"{size['horizon']} days ahead: the first training part is their first {share:.0%}. {error}"
            ) from error
        super().__init__()  # last: it rebinds self.build

    @property
    def starts_with_default(self) -> bool:
        """Whether `first`, what is tried first, is the task's default, or the nearest that the space has."""
        return dict(self.first) == self.space.nearest(self.task.default)

    @property
    def split(self) -> Split:
        """The last fold and the test part; with one fold, the only ones."""
        return self.splits[-1]

    @cached_property
    def refit_split(self) -> Split:
        """The split that trains on all that lies before the test part."""
        return replace(self.split, validation_start=None, train_start=None)

    def build(self, hp: Any) -> Forecaster:
        """An unfitted, compiled forecaster with its weights made."""
        return self.compiled(self.choice(hp))

    def choice(self, hp: Any) -> dict[str, Any]:
        """The configuration that `hp` stands for: name -> value, the default where it has none yet."""
        declared = self.space.declare(hp, self.first)
        return self.space.nearest(declared)  # what came over the wire has fewer digits

    def compiled(self, choice: Mapping[str, Any]) -> Forecaster:
        """An unfitted, compiled forecaster of a configuration."""
        forecaster = self.task.forecaster(choice, self.data)
        recipe = self.recipe_of(choice)
        optimizer = recipe.optimizer(steps=recipe.epochs)  # `fit` knows how many steps there are
        forecaster.compile(optimizer=optimizer)
        forecaster.build()
        optimizer.build(forecaster.trainable_variables)  # so that a checkpoint brings its moments back
        return forecaster

    def recipe_of(self, choice: Mapping[str, Any], **changes: Any) -> Recipe:
        """How a configuration is trained."""
        return replace(self.recipe, learning_rate=choice["learning_rate"], **changes)

    def fit(
        self, hp: Any, model: Forecaster, *data: Any, fold: int = -1, seed: int = 0, **options: Any
    ) -> keras.callbacks.History:
        """Train on the training origins of a fold, validate on its others, keep the best epoch.

        Raises:
            FatalValueError: data, which the hypermodel has already; it ends KerasTuner's search.
        """
        own = {"x", "y", "validation_data", "validation_split", "batch_size"} & set(options)
        if data or own:
            received = ", ".join([f"{len(data)} arrays"] * bool(data) + sorted(own))
            raise keras_tuner.errors.FatalValueError(
                "ForecastHyperModel has its own data, folds and batches: call tuner.search() without them, "
                f"and give ForecastHyperModel(space, data, recipe=Recipe(...)). Received: {received}"
            )
        return self.train(model, self.choice(hp), self.splits[fold], seed=seed, **options)

    def train(
        self,
        model: Forecaster,
        choice: Mapping[str, Any],
        split: Split,
        *,
        seed: int = 0,
        epochs: int | None = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Train a configuration on a split, by the recipe; without validation, for all of the epochs."""
        recipe = self.recipe_of(choice, seed=seed, epochs=epochs or self.recipe.epochs)
        model.fit(self.data, split, recipe, check_inputs=self._check_inputs, **{"verbose": 0, **options})
        return model.history

    def naive_losses(self) -> list[float]:
        """The validation loss of the naive forecast on each fold, in the units of the trials' losses."""
        return list(self._naive_losses)

    @cached_property
    def _naive_losses(self) -> tuple[float, ...]:
        return tuple(self.task.naive_loss(self.data, split) for split in self.splits)

    def naive_loss(self) -> float:
        """Their mean."""
        return float(np.mean(self.naive_losses()))

    def check_data(self) -> None:
        """Refuse, before any trial, data that every trial would refuse.

        Raises:
            NonStationary: what a network would see of them is not stationary.
        """
        target = self.task.target(self.data)
        known = self.split.train(self.data)
        arrays = [
            target.to_array(self.data.frames[name])[: rows[-1] + 1 + max(self.task.horizons)]
            for name, rows in known.items()
        ]
        target.adapt(arrays)
        for rows in arrays:
            for feature in target.stationary_view(rows).T:
                self._check_inputs(feature, differenced=target.transform.warmup > 0)

    def _check_inputs(self, values: np.ndarray, *, differenced: bool) -> None:
        """Refuse what is not stationary; what has passed once is the same in every trial."""
        seen = values.tobytes()
        if seen not in self._passed:
            require_stationary(values, differenced=differenced)
            self._passed.add(seen)
