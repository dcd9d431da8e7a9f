"""The path of the next prices."""

from typing import Any

from keras import ops

from seqmem.targets.base import Target
from seqmem.transforms import Chain, LogReturn, Standardize, Transform

Tensor = Any


class PricePath(Target):
    """The path of the next H prices: transformed values in, transformed values out, prices restored.

    Args:
        transform: by default standardised log returns.

    >>> target = PricePath(LogReturn())
    >>> prediction = ops.zeros((1, 5, 1))  # no returns
    >>> target.restore(prediction, ops.array([[99.0, 100.0]])).numpy()
    array([[100., 100., 100., 100., 100.]], dtype=float32)
    """

    def __init__(self, transform: Transform | None = None, **kwargs: Any) -> None:
        super().__init__(transform or Chain([LogReturn(), Standardize()]), **kwargs)

    @property
    def label_rows(self) -> int:
        """As many as the transform looks back."""
        return max(1, self.lag)

    def inputs(self, history: Tensor) -> Tensor:
        """The transformed history, one feature."""
        return self.transform.forward(history)[..., None]

    def label(self, future: Tensor, history: Tensor) -> Tensor:
        """The transformed future."""
        levels = ops.concatenate([history[..., -self.label_rows :], future], axis=-1)
        return self.transform.forward(levels)[..., -future.shape[-1] :, None]

    def restore(self, prediction: Tensor, history: Tensor) -> Tensor:
        """Prices from transformed values."""
        return self.transform.inverse(ops.cast(prediction[..., 0], history.dtype), history)
