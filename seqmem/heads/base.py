"""The contract of a head: what the last axis of a network's output means, and its loss."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import keras
from keras import ops

from seqmem._configured import Configured

Tensor = Any


class LabelForecast(NamedTuple):
    """A forecast in the space of the labels.

    Attributes:
        mean: [B, H], or None where a head gives quantiles alone.
        quantiles: [B, H, Q] at the head's levels, ascending; or None.
    """

    mean: Tensor | None = None
    quantiles: Tensor | None = None


class Head(Configured, keras.layers.Layer, ABC):
    """The last axis of a network's output: how wide it is, its loss, and how it is read.

    A network's raw output is [B, H, M, K]: batch, horizons, members of an ensemble, and the K numbers of
    the head. Each member has a loss of its own; the forecast is read from the mean over the members.

    Class attributes:
        width: K.
        has_mean: whether a forecast has a mean; otherwise the median is its point.
        levels: of the quantiles in a `LabelForecast`, ascending; none where it has a mean alone.
        sampled: S, the paths that `sample` gives; 0 where it gives none.
    """

    width: int = 1
    has_mean: bool = True
    levels: tuple[float, ...] = ()
    sampled: int = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.built = True

    @abstractmethod
    def loss(self, label: Tensor, raw: Tensor) -> Tensor:
        """Labels [B, H, 1] and raw outputs [B, H, M, K] to losses [B, H, M]."""

    @abstractmethod
    def predict(self, raw: Tensor) -> LabelForecast:
        """Raw outputs [B, H, K], the mean over the members, to a forecast in the space of the labels."""

    def sample(self, raw: Tensor) -> Tensor:
        """Joint paths in the space of the labels, [B, S, H], from raw outputs [B, H, K].

        Raises:
            ValueError: a head without them.
        """
        raise ValueError(f"{type(self).__name__}: has no sampled paths")

    def feedback(self, raw: Tensor) -> Tensor:
        """What a decoder is fed after a step: raw outputs [B, K] to [B, 1]."""
        return raw[..., :1]

    def merge(self, raw: Tensor) -> Tensor:
        """The mean over the members: [B, H, M, K] to [B, H, K]."""
        return raw[:, :, 0] if raw.shape[2] == 1 else ops.mean(raw, axis=2)
