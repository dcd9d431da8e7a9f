"""The gated recurrent unit."""

from typing import Any

from keras import ops

from seqmem.cells.activations import sigmoid, tanh
from seqmem.cells.base import Cell, Step


class GRUCell(Cell):
    """Gated recurrent unit (Cho et al. 2014), the reset after the matmul, as in cuDNN.

    z_t = sigmoid(W_z x_t + b_z + U_z h_{t-1} + d_z)        what to keep
    s_t = sigmoid(W_s x_t + b_s + U_s h_{t-1} + d_s)        the reset, the paper's r_t
    g_t = tanh(W_g x_t + b_g + s_t (U_g h_{t-1} + d_g))     the candidate
    h_t = z_t h_{t-1} + (1 - z_t) g_t

    Weights and gate order (z, s, g) as in `keras.layers.GRU(reset_after=True)`: kernel [F, 3U],
    recurrent_kernel [U, 3U], bias [2, 3U]: b, then d.

    >>> GRUCell(3)(ops.ones((2, 1)), [ops.zeros((2, 3))])[0].shape
    TensorShape([2, 3])
    """

    gates = {"update": sigmoid, "reset": sigmoid, "candidate": tanh}
    recurrent_bias = True
    retain_gates = ("update",)

    def step(self, x: Any, r: Any, states: tuple[Any, ...]) -> Step:
        """The four equations above; ``r`` is the projected state."""
        sigmoid, tanh = self.recurrent_activation, self.activation
        (h,) = states
        x_z, x_s, x_g = ops.split(x, 3, axis=-1)
        r_z, r_s, r_g = ops.split(r, 3, axis=-1)
        z, s = sigmoid(x_z + r_z), sigmoid(x_s + r_s)
        g = tanh(x_g + s * r_g)
        h = z * h + (1 - z) * g
        return Step(h, (h,), {"update": z, "reset": s, "candidate": g})
