"""How Keras trains a network on windows by origin: what happens to a batch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from seqmem.data import windows
from seqmem.data.dataset import day
from seqmem.heads import LabelForecast
from seqmem.models.callbacks import DivergenceRecorder, RaiseWhenDiverged, with_average
from seqmem.models.examples import Examples
from seqmem.models.fitting import check_fit, watched
from seqmem.networks import Network
from seqmem.recipe import CosineEachFit, Recipe
from seqmem.recurrence import inference_mode
from seqmem.targets import Target

Tensor = Any
AT_ONCE = 512  # windows, where nothing is learnt
STEPS_PER_CALL = 16  # batches to a call from Python, at most: a call costs as much as a small step


class TrainedOnWindows(keras.Model, ABC):
    """Trains a network to give a target's labels, from batches of `windows.pair_with_series`.

    Attributes:
        network: what is trained.
        target: its inputs, from a history, and its labels.
    """

    network: Network
    target: Target
    steps_per_execution: Any  # Keras's, which ships no types; so are the three functions
    train_function: Any
    test_function: Any
    predict_function: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._chunk_length = 1
        self._weighted = False
        self._compiled_for: Recipe | None = None
        self.fitted_by: Recipe | None = None  # of the last fit; its epochs are those of what was kept
        self.fitted_until: str = ""  # the last date that training knew
        object.__setattr__(self, "_diverged", DivergenceRecorder())  # past Keras's tracking: no weight

    @property
    @abstractmethod
    def context_length(self) -> int:
        """How many rows a window reads."""

    @abstractmethod
    def respond(self, history: Tensor, training: bool = False) -> LabelForecast:
        """The forecast of a batch of histories."""

    def train_on(
        self,
        seen: Examples,
        recipe: Recipe,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        **options: Any,
    ) -> None:
        """Train by a recipe; with validation origins, keep the weights of the best epoch.

        Raises:
            TrainingDiverged: the loss became NaN or infinite.
            TrainingStopped: Ctrl-C.
            ValueError: options that a split or a recipe has, or chunks that the network does not take.
        """
        check_fit(self.network, recipe, options)
        self._compile_for(recipe, len(seen.train))
        watch: list[keras.callbacks.Callback] = [RaiseWhenDiverged(self._diverged, seen.when)]
        if seen.validation is not None:
            options["validation_data"] = windows.pair_with_series(
                seen.rows, windows.batches(seen.validation, batch_size=AT_ONCE)
            )
            patience = recipe.epochs if recipe.patience is None else recipe.patience
            watch.append(keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True))
        batches, steps = windows.shuffled_batches(
            seen.train, batch_size=recipe.batch_size, chunk_length=recipe.chunk_length, seed=recipe.seed
        )
        steps = self._divide(steps, recipe.chunk_length, seen.weighted)
        self._diverged.forget()

        def kept() -> None:
            losses = self.history.history.get("val_loss")
            self.fitted_by = replace(recipe, epochs=int(np.argmin(losses)) + 1) if losses else recipe
            self.fitted_until = day(seen.until)

        with watched(self, watch, recipe.epochs, options, kept) as more:
            keras.Model.fit(
                self,
                windows.pair_with_series(seen.rows, batches),
                steps_per_epoch=steps,
                epochs=recipe.epochs,
                callbacks=with_average(self.optimizer, [*watch, *more, *callbacks]),
                shuffle=False,  # the batches come in a new order
                **{"verbose": 0, **options},
            )

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """One step of gradient descent on a batch of `windows.pair_with_series`."""
        with tf.GradientTape() as tape:
            loss, label, raw = self._learn(data, training=True)
            self._diverged.note(loss, data[1])
            scaled = self.optimizer.scale_loss(loss)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, weights), weights)
        return self._logs(loss, label, raw)

    def test_step(self, data: Any) -> dict[str, Tensor]:
        """The loss on a batch of `windows.pair_with_series`."""
        with self._scoring():
            return self._logs(*self._learn(data, training=False))

    def predict_step(self, data: Any) -> dict[str, Tensor]:
        """Forecasts from a batch of windows, by the names of a `LabelForecast`."""
        with self._scoring():
            found = self.respond(data)._asdict()
        return {name: values for name, values in found.items() if values is not None}

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """The mean of the head's loss, or the loss that `compile` was given; and what the weights add.

        Args:
            x: histories [B, T + warm-up, C].
            y: labels [B, H, 1].
            y_pred: raw outputs [B, H, M, K].
            sample_weight: of each example, [B]; None: 1.
            training: whether a step is trained.
        """
        if self._compile_loss is not None:
            if self.network.head.width != 1:
                raise ValueError(
                    "Forecaster: compile(loss=...): expected no loss: "
                    f"{type(self.network.head).__name__} has one already"
                )
            return super().compute_loss(x, y, y_pred[..., 0], sample_weight, training)
        losses = self.network.head.loss(y, y_pred)
        if sample_weight is not None:
            weights = ops.cast(sample_weight, losses.dtype)
            losses = losses * ops.reshape(weights, (-1, *[1] * (len(losses.shape) - 1)))
        total = ops.sum(losses) / ops.cast(ops.prod(ops.shape(losses)), losses.dtype)
        extra = [ops.sum(ops.cast(one, total.dtype)) for one in self.losses]
        return ops.sum(ops.stack([total, *extra])) if extra else total

    def _compile_for(self, recipe: Recipe, origins: int) -> None:
        """Compile and build, where no one has compiled, or a recipe has whose optimizer will not do again."""
        wanted = (recipe.learning_rate, recipe.cosine, recipe.clipnorm)
        before = self._compiled_for
        again = before is not None and wanted != (before.learning_rate, before.cosine, before.clipnorm)
        spent = self.compiled and isinstance(getattr(self.optimizer, "_learning_rate", None), CosineEachFit)
        if not self.compiled or again or spent:
            steps = max(1, origins // recipe.chunk_length // recipe.batch_size) * recipe.epochs
            self.compile(optimizer=recipe.optimizer(steps))
            self._compiled_for = recipe
        if not self.built:
            self.build()
        if not self.optimizer.built:  # or Keras builds it in the graph, and traces the step again
            self.optimizer.build(self.trainable_variables)

    def _divide(self, steps: int, chunk_length: int, weighted: bool) -> int:
        """Divide the steps of an epoch into equal calls, each of Keras's `steps_per_execution`."""
        calls = -(-steps // STEPS_PER_CALL)
        before = (getattr(self, "steps_per_execution", 1), self._chunk_length, self._weighted)
        if before != (steps // calls, chunk_length, weighted):
            self.steps_per_execution, self._chunk_length, self._weighted = (
                steps // calls,
                chunk_length,
                weighted,
            )
            self.train_function = self.test_function = self.predict_function = None  # they have all built in
        return calls * (steps // calls)

    def _scoring(self) -> AbstractContextManager[None]:
        return nullcontext() if self.jit_compile else inference_mode()  # XLA has no such operation

    def _learn(self, data: Any, training: bool) -> tuple[Tensor, Tensor, Tensor]:
        """The loss of a batch, its labels [B * L, H, 1], and the raw outputs [B * L, H, M, K]."""
        rows, origins = data
        size = {"context_length": self.context_length, "horizon": max(self.network.horizons)}
        history, future = windows.gather(rows, origins, **size)
        columns = len(self.target.columns)  # what stands after them is for the label alone
        inputs = self.target.inputs(history[..., :columns])
        chunk_length = origins.shape[1]
        if chunk_length > 1:
            read = self.target.label_context or self.context_length
            history = history[:, -(read + chunk_length - 1) :]
            history, future = windows.split_chunks(history, future, chunk_length)
        history, weight = history[..., :columns], None
        if self._weighted:
            future, weight = future[..., :-1], future[:, 0, -1]
        label = self.target.label(future, history)
        raw = self.network(
            inputs, training=training, teacher=label if training else None, chunk_length=chunk_length
        )
        return self.compute_loss(history, label, raw, weight, training), label, raw

    def _logs(self, loss: Tensor, label: Tensor, raw: Tensor) -> dict[str, Tensor]:
        self._loss_tracker.update_state(loss, sample_weight=ops.shape(label)[0])
        point = None
        if self._compile_metrics is not None:  # the metrics that compile was given see the point forecast
            found = self.network.head.predict(self.network.head.merge(raw))
            point = found.quantiles if found.mean is None else found.mean[..., None]
        return dict(self.compute_metrics(None, label, point))
