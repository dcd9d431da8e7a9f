"""Any Keras model as a network."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from seqmem.heads import Head, Point
from seqmem.networks.base import Network

Tensor = Any


class KerasNetwork(Network):
    """A Keras model or layer from [B, T, F] to H numbers, or H times the K of a head, as a `Network`.

    Any model can be trained, scored and asked for forecasts. To be exported, it is made of Keras's
    recurrent layers and `Dense`, or of registered layers of your own: loading refuses others by name.

    Args:
        model: any Keras model or layer whose output reshapes to [B, H, K].
        horizons: rows ahead of each output; a whole number H stands for 1, ..., H.
        head: what the last axis means.

    Raises:
        ValueError: no horizons, or one below 1.

    >>> import keras
    >>> dense = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
    >>> KerasNetwork(dense, horizons=3)(ops.zeros((2, 8, 1))).shape
    TensorShape([2, 3, 1, 1])
    """

    def __init__(
        self, model: Any, horizons: int | Sequence[int], head: Head | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.horizons: tuple[int, ...] = as_horizons(horizons, type(self).__name__)
        self.head: Head = head or Point()
        self.model = model

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of [B, T, F]."""
        if not self.model.built:
            self.model.build(input_shape)
        self.built = True

    def call(
        self, inputs: Tensor, training: bool = False, teacher: Tensor | None = None, chunk_length: int = 1
    ) -> Tensor:
        """[B, T, F] -> [B, H, 1, K]."""
        raw = self.model(inputs, training=training)
        return ops.reshape(raw, (-1, len(self.horizons), 1, self.head.width))


def as_horizons(horizons: int | Sequence[int], who: str) -> tuple[int, ...]:
    """Rows ahead as a tuple, ascending; a whole number H stands for 1, ..., H.

    Raises:
        ValueError: none, one below 1, or not ascending.
    """
    found = tuple(range(1, horizons + 1)) if isinstance(horizons, int) else tuple(horizons)
    whole = all(isinstance(one, int) and one >= 1 for one in found)
    if not found or not whole or list(found) != sorted(set(found)):
        raise ValueError(
            f"{who}: horizons must be whole numbers of at least 1, ascending. Received: {horizons}"
        )
    return found
