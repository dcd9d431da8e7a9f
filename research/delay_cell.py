"""A cell that begins as a delay line: what it has of a window is exactly the last inputs of it."""

from typing import Any

import numpy as np
from keras import initializers, ops

from seqmem._configured import Configured
from seqmem.cells import Cell, Step
from seqmem.cells.activations import linear


class Into(Configured, initializers.Initializer):
    """Ones on a diagonal: 0 for the input into the first unit, 1 for each unit into the next."""

    def __init__(self, diagonal: int) -> None:
        self.diagonal = diagonal

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """The kernel."""
        return ops.cast(np.eye(shape[0], shape[1], k=self.diagonal, dtype="float32"), dtype or "float32")


class DelayCell(Cell):
    """h_t = W x_t + U h_{t-1} + b, linear; at first the state is the last inputs, the latest in front."""

    gates = {"state": linear}

    def __init__(self, units: int, **options: Any) -> None:
        line = {"kernel_initializer": Into(0), "recurrent_initializer": Into(1)}
        super().__init__(units, **{**line, **options})

    def step(self, x: Any, r: Any, states: Any) -> Step:
        """The sum of both projections."""
        h = x + r
        return Step(h, (h,), {"state": h})
