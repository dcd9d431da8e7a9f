"""Targets: what a network is asked for, and how its answer is read back."""

from abc import ABC, abstractmethod
from typing import Any

import keras
from keras import ops

from seqmem._configured import Configured
from seqmem.transforms import Chain, LogReturn, Standardize, Transform

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

    @abstractmethod
    def inputs(self, history: Tensor) -> Tensor:
        """Levels [B, T + lag] -> inputs of the network [B, T, F]."""

    @abstractmethod
    def label(self, future: Tensor, history: Tensor) -> Tensor:
        """Levels [B, H] that follow `history` -> what the network should have said [B, H, features]."""

    @abstractmethod
    def restore(self, prediction: Tensor, history: Tensor) -> Tensor:
        """What the network said [B, H, features] -> the forecast in the units of the levels [B, H]."""


class PricePath(Target):
    """The path of the next H prices: transformed values in, transformed values out, prices restored.

    Args:
        transform: by default standardised log returns.

    >>> target = PricePath(LogReturn())
    >>> prediction = keras.ops.zeros((1, 5, 1))  # no returns
    >>> target.restore(prediction, keras.ops.array([[99.0, 100.0]])).numpy()
    array([[100., 100., 100., 100., 100.]], dtype=float32)
    """

    def __init__(self, transform: Transform | None = None, **kwargs: Any) -> None:
        super().__init__(transform or Chain([LogReturn(), Standardize()]), **kwargs)

    def inputs(self, history: Tensor) -> Tensor:
        """The transformed history, one feature."""
        return self.transform.forward(history)[..., None]

    def label(self, future: Tensor, history: Tensor) -> Tensor:
        """The transformed future."""
        levels = ops.concatenate([history, future], axis=-1)
        return self.transform.forward(levels)[..., -future.shape[-1] :, None]

    def restore(self, prediction: Tensor, history: Tensor) -> Tensor:
        """Prices from transformed values."""
        return self.transform.inverse(ops.cast(prediction[..., 0], history.dtype), history)
