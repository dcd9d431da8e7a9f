"""A point: the mean, by squared error."""

from typing import Any

from keras import ops

from seqmem.heads.base import Head, LabelForecast

Tensor = Any


class Point(Head):
    """One number, the mean of the label: the squared error is lowest there.

    >>> Point().predict(ops.ones((2, 5, 1))).mean.shape
    TensorShape([2, 5])
    """

    def loss(self, label: Tensor, raw: Tensor) -> Tensor:
        """(label - raw)^2."""
        return ops.square(ops.subtract(label, raw[..., 0]))

    def predict(self, raw: Tensor) -> LabelForecast:
        """The number itself."""
        return LabelForecast(mean=raw[..., 0])
