"""The path of the next prices."""

from typing import Any

from keras import ops

from seqmem.quantities import Price, Quantity
from seqmem.targets.base import Target
from seqmem.transforms import Chain, LogReturn, Standardize, Transform

Tensor = Any


class PricePath(Target):
    """The path of the next H prices: transformed values in, transformed values out, prices restored.

    Args:
        transform: by default standardised log returns.

    >>> target = PricePath(LogReturn())
    >>> target.inverse(ops.zeros((1, 5)), ops.array([[[99.0], [100.0]]])).numpy()  # no returns
    array([[100., 100., 100., 100., 100.]], dtype=float32)
    """

    pathwise = True
    quantity: Quantity = Price()

    def __init__(self, transform: Transform | None = None, **kwargs: Any) -> None:
        super().__init__(transform or Chain([LogReturn(), Standardize()]), **kwargs)

    @property
    def label_context(self) -> int:
        """As many rows as the transform looks back."""
        return max(1, self.warmup)

    def inputs(self, history: Tensor) -> Tensor:
        """The transformed closes, one feature."""
        return self.transform.forward(history[..., -1])[..., None]

    def label(self, future: Tensor, history: Tensor) -> Tensor:
        """The transformed future."""
        levels = ops.concatenate([history[:, -self.label_context :, -1], future[..., -1]], axis=-1)
        return self.transform.forward(levels)[..., -future.shape[1] :, None]

    def inverse(self, values: Tensor, history: Tensor) -> Tensor:
        """Prices from transformed values."""
        return self.transform.inverse(values, history[..., -1])
