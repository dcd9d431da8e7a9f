"""Transforms: price levels to what a network may see, and back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from seqmem._configured import Configured

Tensor = Any


class Transform(Configured, keras.layers.Layer, ABC):
    """From levels to values and back, in `keras.ops`, time on the last axis.

    The same code runs on arrays, in the input pipeline and inside the exported graph. What `adapt`
    learns is held in weights, so it is saved and exported with the model.

    Attributes:
        warmup: how many more levels than values there are.
        positive: whether the levels must be above 0.
    """

    warmup: int = 0
    positive: bool = False

    def __init__(self, **kwargs: Any) -> None:
        # float32 whatever the policy of the network: at half precision a price has three digits.
        super().__init__(**{"dtype": "float32", **kwargs})
        self.built = True

    def adapt(self, levels: Any) -> None:
        """Learn from levels [N] of the training part alone."""

    @abstractmethod
    def forward(self, levels: Tensor) -> Tensor:
        """Levels [..., n + warmup] -> values [..., n]."""

    @abstractmethod
    def inverse(self, future: Tensor, history: Tensor) -> Tensor:
        """Values [..., H] that follow the levels `history` [..., at least 1] -> levels [..., H]."""


class LogReturn(Transform):
    """Log returns: r_t = log(p_t / p_{t-1}), computed as log1p((p_t - p_{t-1}) / p_{t-1}).

    At an index level of 40,000 in float32, the difference of two logs is wrong by 1e-6, this by 3e-9.

    >>> LogReturn().forward(np.array([100.0, 101.0, 99.0])).numpy().round(5)
    array([ 0.00995, -0.02   ])
    """

    warmup = 1
    positive = True

    def forward(self, levels: Tensor) -> Tensor:
        """Log returns of consecutive levels."""
        before, after = levels[..., :-1], levels[..., 1:]
        return ops.log1p((after - before) / before)

    def inverse(self, future: Tensor, history: Tensor) -> Tensor:
        """p_{t+h} = p_t exp(r_{t+1} + ... + r_{t+h})."""
        return history[..., -1:] * ops.exp(ops.cumsum(future, axis=-1))


class Difference(Transform):
    """Differences: d_t = x_t - x_{t-1}, for rates and spreads.

    >>> np.asarray(Difference().forward(np.array([100.0, 101.0, 99.0])))
    array([ 1., -2.])
    """

    warmup = 1

    def forward(self, levels: Tensor) -> Tensor:
        """Differences of consecutive levels."""
        return levels[..., 1:] - levels[..., :-1]

    def inverse(self, future: Tensor, history: Tensor) -> Tensor:
        """x_{t+h} = x_t + d_{t+1} + ... + d_{t+h}."""
        return history[..., -1:] + ops.cumsum(future, axis=-1)


class Standardize(Transform):
    """(x - mean) / standard deviation, both of the training part.

    Until `adapt` is called both are NaN, and so is all that comes out.

    >>> scale = Standardize()
    >>> scale.adapt(np.array([1.0, 3.0]))
    >>> scale.forward(np.array([1.0, 2.0, 5.0])).numpy()
    array([-1.,  0.,  3.])
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        nan = keras.initializers.Constant(float("nan"))
        self.mean: Any = self.add_weight(name="mean", shape=(), initializer=nan, trainable=False)
        self.scale: Any = self.add_weight(name="scale", shape=(), initializer=nan, trainable=False)

    def adapt(self, levels: Any) -> None:
        """Learn mean and standard deviation.

        Raises:
            ValueError: the values are constant, or there are fewer than two.
        """
        levels = np.asarray(levels, dtype="float64")
        spread = float(levels.std()) if levels.size > 1 else 0.0
        if not spread > 1e-12 * abs(float(levels.mean() if levels.size else 0.0)):
            raise ValueError(
                "Standardize: expected values that vary. "
                f"Received: {levels.size} values with standard deviation {spread}"
            )
        self.mean.assign(levels.mean())
        self.scale.assign(spread)

    def forward(self, levels: Tensor) -> Tensor:
        """Subtract the mean, divide by the standard deviation."""
        return (levels - ops.cast(self.mean, levels.dtype)) / ops.cast(self.scale, levels.dtype)

    def inverse(self, future: Tensor, history: Tensor) -> Tensor:
        """Multiply by the standard deviation, add the mean."""
        return future * ops.cast(self.scale, future.dtype) + ops.cast(self.mean, future.dtype)


class Chain(Transform):
    """Transforms one after the other; each is adapted on what the ones before it give.

    Args:
        transforms: at least one, the first applied first.

    >>> chain = Chain([LogReturn(), Standardize()])
    >>> chain.adapt(np.array([100.0, 101.0, 99.0]))
    >>> chain.warmup, chain.forward(np.array([100.0, 101.0, 99.0])).numpy().round(3).tolist()
    (1, [1.0, -1.0])
    """

    def __init__(self, transforms: Sequence[Transform], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not transforms:
            raise ValueError("Chain: expected at least one transform. Received: none")
        self.transforms: list[Transform] = list(transforms)
        self.positive = self.transforms[0].positive
        self.warmup: int = sum(transform.warmup for transform in self.transforms)

    def adapt(self, levels: Any) -> None:
        """Adapt each transform in turn."""
        for transform in self.transforms:
            transform.adapt(levels)
            levels = np.asarray(transform.forward(np.asarray(levels, dtype="float64")))

    def forward(self, levels: Tensor) -> Tensor:
        """First to last."""
        for transform in self.transforms:
            levels = transform.forward(levels)
        return levels

    def inverse(self, future: Tensor, history: Tensor) -> Tensor:
        """Last to first, each with the history that it saw on the way in."""
        seen = [history]
        for transform in self.transforms[:-1]:
            seen.append(transform.forward(seen[-1]))
        for transform, before in zip(reversed(self.transforms), reversed(seen), strict=True):
            future = transform.inverse(future, before)
        return future
