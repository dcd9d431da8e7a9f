"""The contract of a target: what a network is asked for, and how its answer is read back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from seqmem._configured import Configured
from seqmem.data.series import as_levels
from seqmem.transforms import Transform

Tensor = Any


class Target(Configured, keras.layers.Layer, ABC):
    """The two halves that must agree: what goes into a network and out of it.

    Attributes:
        transform: what the network sees of the levels; `adapt` it on the training part alone.
    """

    def __init__(self, transform: Transform, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        if not isinstance(transform, Transform):
            raise ValueError(
                f"{type(self).__name__}: expected a Transform, such as LogReturn(). Received: {transform!r}"
            )
        self.transform = transform
        self.built = True

    @property
    def columns(self) -> tuple[int, ...]:
        """What follows the rows in the shape of a history: nothing, or the number of its columns."""
        return ()

    @property
    def lag(self) -> int:
        """How many more rows than steps a history has."""
        return int(self.transform.lag)

    @property
    def label_rows(self) -> int | None:
        """How many of the last rows of a history `label` reads. None: all of them."""
        return None

    def levels(self, series: Any) -> np.ndarray:
        """A series as the numbers that a history is cut from: [N], or [N, columns].

        Raises:
            ValueError: a series of another kind, or what is no number.
        """
        return as_levels(series)

    def adapt(self, known: Sequence[np.ndarray]) -> None:
        """Learn from the training parts alone, one for each series.

        Raises:
            ValueError: more than one series, where the transform learns a scale.
        """
        if len(known) != 1 and self.transform.weights:
            raise ValueError(f"{type(self).__name__}: learns from one series. Received: {len(known)}")
        self.transform.adapt(known[0])

    def must_be_stationary(self, known: np.ndarray) -> np.ndarray:
        """What the network would see of a series that must not wander: values [n, features]."""
        return np.asarray(self.inputs(known[None]))[0]

    def answer(self, forecast: Tensor) -> dict[str, Tensor]:
        """A forecast [B, H] as a server names it."""
        return {"forecast": forecast}

    @abstractmethod
    def inputs(self, history: Tensor) -> Tensor:
        """Levels [B, T + lag] (or [B, T + lag, columns]) -> inputs of the network [B, T, F]."""

    @abstractmethod
    def label(self, future: Tensor, history: Tensor) -> Tensor:
        """Levels [B, H] that follow `history` -> what the network should have said [B, H, features]."""

    @abstractmethod
    def restore(self, prediction: Tensor, history: Tensor) -> Tensor:
        """What the network said [B, H, features] -> the forecast in the units of the levels [B, H]."""
