"""The plain recurrent cell."""

from typing import Any

from seqmem.cells.activations import tanh
from seqmem.cells.base import Cell, Step


class RNNCell(Cell):
    """The simple recurrent cell (Elman 1990, "Finding structure in time").

    h_t = tanh(W x_t + U h_{t-1} + b)

    Weights as in `keras.layers.SimpleRNN`: kernel [F, U], recurrent_kernel [U, U], bias [U].

    >>> import numpy as np
    >>> RNNCell(3)(np.ones((2, 1)), [np.zeros((2, 3))])[0].shape
    TensorShape([2, 3])
    """

    gates = {"hidden": tanh}

    def step(self, x: Any, r: Any, states: tuple[Any, ...]) -> Step:
        """H = tanh(x + r)."""
        h = self.activation(x + r)
        return Step(h, (h,), {"hidden": h})
