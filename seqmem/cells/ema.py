"""A bank of exponential moving averages."""

from typing import Any

import numpy as np
from keras import ops

from seqmem.cells.activations import linear, sigmoid
from seqmem.cells.scan import Coefficients, ScanCell

GOLDEN = (1 + 5**0.5) / 2


class EMACell(ScanCell):
    """A bank of exponential moving averages of the projected input, each with its own time scale.

    g_t = W x_t + b
    h_t = d h_{t-1} + (1 - d) g_t

    Exponential smoothing (Brown 1959), or leaky integrators (Jaeger et al. 2007): what EWMA, HAR and
    GARCH(1,1) are made of. The decays d = sigmoid(decay), one a unit, are learned; the logarithms of their
    half-lives start evenly spread between 1 and `longest` steps.

    Weights: kernel [F, U], bias [U], decay [U]. State: h.

    Args:
        units: U, how many averages, at least 1.
        longest: the longest half-life at first, in steps, at least 1.
        **options: those of `ScanCell`.

    Raises:
        ValueError: `longest` below 1; what `ScanCell` refuses.

    >>> cell = EMACell(3, longest=100)
    >>> cell.build((None, 1))
    >>> np.round(np.log(0.5) / np.log(ops.sigmoid(cell.decay)))
    array([ 1., 17.,  3.])
    """

    gates = {"candidate": linear}

    def __init__(self, units: int, *, longest: float = 252.0, **options: Any) -> None:
        super().__init__(units, **options)
        if not longest >= 1:
            raise ValueError(f"EMACell: longest must be at least 1. Received: longest={longest!r}")
        self.longest: float = float(longest)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Kernel and bias, and the decays."""
        super().build(input_shape)
        # By the golden ratio: so each member of an ensemble, a part of the units, has some of all lengths.
        kept = 0.5 ** (self.longest ** -(np.arange(self.units) / GOLDEN % 1))
        logits = np.log(kept / (1 - kept))
        self.decay: Any = self.add_weight(
            name="decay", shape=(self.units,), initializer=lambda shape, dtype=None: ops.cast(logits, dtype)
        )

    def coefficients(self, x: Any) -> Coefficients:
        """The factors of the equations above; d has the shape of x."""
        kept, g = sigmoid(ops.cast(self.decay, x.dtype)), linear(x)
        return Coefficients(kept + ops.zeros_like(g), (1 - kept) * g, {"candidate": g})
