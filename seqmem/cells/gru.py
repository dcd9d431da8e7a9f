"""The gated recurrent unit."""

from typing import Any

from keras import ops

from seqmem.cells.activated import ActivatedCell
from seqmem.cells.activations import Activation, sigmoid, tanh
from seqmem.cells.base import Step


class GRUCell(ActivatedCell):
    """Gated recurrent unit (Cho et al. 2014), the reset after the matmul, as in cuDNN.

    z_t = sigmoid(W_z x_t + b_z + U_z h_{t-1} + d_z)        what to keep
    s_t = sigmoid(W_s x_t + b_s + U_s h_{t-1} + d_s)        the reset, the paper's r_t
    g_t = tanh(W_g x_t + b_g + s_t (U_g h_{t-1} + d_g))     the candidate
    h_t = z_t h_{t-1} + (1 - z_t) g_t

    With `reset_after=False` the reset comes before the matmul, as in the paper, and there is no d:
    g_t = tanh(W_g x_t + b_g + U_g (s_t h_{t-1})).

    Weights and gate order (z, s, g) as in `keras.layers.GRU`: kernel [F, 3U], recurrent_kernel [U, 3U],
    bias [2, 3U]: b, then d; or [3U].

    Args:
        units: U, the width of the state and output, at least 1.
        activation: in place of the tanh.
        recurrent_activation: in place of both sigmoids.
        reset_after: whether the reset gate stands after the matmul.
        **options: those of `ActivatedCell`.

    >>> GRUCell(3)(ops.ones((2, 1)), [ops.zeros((2, 3))])[0].shape
    TensorShape([2, 3])
    """

    gates = {"update": sigmoid, "reset": sigmoid, "candidate": tanh}
    recurrent_bias = True
    retain_gates = ("update",)

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        *,
        reset_after: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(units, activation, recurrent_activation, **options)
        self.reset_after = self.recurrent_bias = reset_after

    def equations(
        self, x: Any, r: Any, states: tuple[Any, ...], sigmoid: Activation, tanh: Activation
    ) -> Step:
        """The four equations above; ``r`` is the projected state."""
        (h,) = states
        x_z, x_s, x_g = ops.split(x, 3, axis=-1)
        r_z, r_s, r_g = ops.split(r, 3, axis=-1)
        z, s = sigmoid(x_z + r_z), sigmoid(x_s + r_s)
        if not self.reset_after:
            recurrent = ops.cast(self.recurrent_kernel, h.dtype)[:, 2 * self.units :]
            r_g = ops.matmul(s * h, recurrent)
        g = tanh(x_g + (s * r_g if self.reset_after else r_g))
        h = z * h + (1 - z) * g
        return Step(h, (h,), {"update": z, "reset": s, "candidate": g})
