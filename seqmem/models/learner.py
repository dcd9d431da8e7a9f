"""How a network learns from windows by origin: what Keras calls for a batch."""

import inspect
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from seqmem.data import windows
from seqmem.models.divergence import DivergenceRecorder
from seqmem.recurrence import inference_mode
from seqmem.targets import Target

Tensor = Any
TURN = 16  # batches to a call from Python, at most: a call costs as much as a small step


class Learner(keras.Model, ABC):
    """Learns to say a target's labels, from batches of `windows.beside`.

    Attributes:
        network: learns; its call may take `labels` and `teacher`.
        target: what it sees of a history, and what it should say.
    """

    network: Any
    target: Target

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._labels = 1
        object.__setattr__(
            self, "_first_bad", DivergenceRecorder()
        )  # past Keras's tracking: it is nobody's weight

    @property
    @abstractmethod
    def horizon(self) -> int:
        """H, the days ahead."""

    @property
    @abstractmethod
    def closes(self) -> int:
        """How many rows a window reads."""

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """One step of gradient descent on a batch of `windows.beside`."""
        with tf.GradientTape() as tape:
            loss = self._learn(data, training=True)
            self._first_bad.note(loss, data[1])
            scaled = self.optimizer.scale_loss(loss)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, weights), weights)
        return self._logs(loss, data)

    def test_step(self, data: Any) -> dict[str, Tensor]:
        """The loss on a batch of `windows.beside`."""
        with self._scoring():
            return self._logs(self._learn(data, training=False), data)

    def predict_step(self, data: Any) -> Tensor:
        """Forecasts from a batch of windows."""
        with self._scoring():
            return super().predict_step(data)

    def _divide(self, steps: int, labels: int) -> int:
        """Divide the steps of an epoch into equal turns, each of Keras's `steps_per_execution`."""
        turns = -(-steps // TURN)
        if (getattr(self, "steps_per_execution", 1), self._labels) != (steps // turns, labels):
            self.steps_per_execution, self._labels = steps // turns, labels
            self.train_function = self.test_function = self.predict_function = None  # they have both built in
        return turns * (steps // turns)

    def _scoring(self) -> AbstractContextManager[None]:
        return nullcontext() if self.jit_compile else inference_mode()  # XLA has no such operation

    def _learn(self, data: Any, training: bool) -> Tensor:
        series, at = data
        history, future = windows.cut(series, at, history=self.closes, horizon=self.horizon)
        inputs = self.target.inputs(history)
        options: dict[str, Any] = {}
        labels = at.shape[1]
        if labels > 1:
            options["labels"] = labels
            read = self.target.label_rows or self.closes
            history, future = windows.apart(history[:, -(read + labels - 1) :], future, labels)
        label = self.target.label(future, history)
        if training and takes(self.network, "teacher"):
            options["teacher"] = label
        prediction = self.network(inputs, training=training, **options)
        return self.compute_loss(history, label, prediction, training=training)

    def _logs(self, loss: Tensor, data: Any) -> dict[str, Tensor]:
        for metric in self.metrics:
            metric.update_state(loss, sample_weight=ops.shape(data[1])[0])
        return {metric.name: metric.result() for metric in self.metrics}


def takes(network: Any, argument: str) -> bool:
    """Whether the network's call has such an argument."""
    return argument in inspect.signature(network.call).parameters
