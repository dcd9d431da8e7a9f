"""The LSTM with peepholes."""

from typing import Any

from keras import ops

from seqmem.cells.activated import ActivatedCell
from seqmem.cells.activations import Activation, sigmoid, tanh
from seqmem.cells.base import Step


class PeepholeLSTMCell(ActivatedCell):
    """LSTM whose gates look at the cell state (Gers and Schmidhuber 2000; Graves 2013).

    i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i c_{t-1} + b_i)
    f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f c_{t-1} + b_f)
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
    c_t = f_t c_{t-1} + i_t g_t
    o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o c_t + b_o)
    h_t = o_t tanh(c_t)

    Weights as of `LSTMCell`, and the peepholes [3, U]: of i, f and o, zeros at first. States: h, c.

    >>> cell = PeepholeLSTMCell(3)
    >>> cell(ops.ones((2, 1)), cell.get_initial_state(2))[0].shape
    TensorShape([2, 3])
    """

    gates = {"input": sigmoid, "forget": sigmoid, "candidate": tanh, "output": sigmoid}
    num_states = 2
    state_names = ("h", "c")
    unit_bias = retain_gates = ("forget",)
    input_gates = ("input",)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """The weights of an LSTM, and the peepholes."""
        super().build(input_shape)
        self.peephole: Any = self.add_weight(name="peephole", shape=(3, self.units), initializer="zeros")

    def equations(
        self, x: Any, r: Any, states: tuple[Any, ...], sigmoid: Activation, tanh: Activation
    ) -> Step:
        """The six equations above."""
        _, c = states
        p_i, p_f, p_o = ops.unstack(ops.cast(self.peephole, c.dtype))
        i, f, g, o = ops.split(x + r, 4, axis=-1)
        i, f, g = sigmoid(i + p_i * c), sigmoid(f + p_f * c), tanh(g)
        c = f * c + i * g
        o = sigmoid(o + p_o * c)
        h = o * tanh(c)
        return Step(h, (h, c), {"input": i, "forget": f, "candidate": g, "output": o})
