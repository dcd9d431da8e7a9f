"""The logarithm of a variance, by QLIKE."""

from typing import Any

from keras import ops

from seqmem.heads.base import Head, LabelForecast
from seqmem.losses import QLIKE

Tensor = Any


class LogVariance(Head):
    """One number, the logarithm of the label's mean; by QLIKE. The mean over members is a geometric mean.

    >>> LogVariance().predict(ops.zeros((2, 2, 1))).mean.numpy().tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """

    def loss(self, label: Tensor, raw: Tensor) -> Tensor:
        """Log v + y / v, with log v the raw output and y the label (see `seqmem.losses.QLIKE`)."""
        return QLIKE().call(label, raw[..., 0])

    def predict(self, raw: Tensor) -> LabelForecast:
        """The variance, exp(raw)."""
        return LabelForecast(mean=ops.exp(raw[..., 0]))
