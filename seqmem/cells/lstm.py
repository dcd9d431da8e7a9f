"""The long short-term memory cell."""

from typing import Any

from keras import ops

from seqmem.cells.activated import ActivatedCell
from seqmem.cells.activations import Activation, sigmoid, tanh
from seqmem.cells.base import Step


class LSTMCell(ActivatedCell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) with the forget gate of Gers et al. 2000.

    i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)      what to write
    f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)      what to keep
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)         the candidate, C~_t
    o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)      what to show
    c_t = f_t c_{t-1} + i_t g_t
    h_t = o_t tanh(c_t)

    Weights and gate order (i, f, g, o) as in `keras.layers.LSTM`: kernel [F, 4U], recurrent_kernel
    [U, 4U], bias [4U]; the forget bias starts at 1 (Jozefowicz et al. 2015). States: h, c.

    >>> cell = LSTMCell(3)
    >>> h, (h_again, c) = cell(ops.ones((2, 1)), cell.get_initial_state(2))
    >>> h.shape, c.shape
    (TensorShape([2, 3]), TensorShape([2, 3]))
    """

    gates = {"input": sigmoid, "forget": sigmoid, "candidate": tanh, "output": sigmoid}
    num_states = 2
    state_names = ("h", "c")
    unit_bias = retain_gates = ("forget",)
    input_gates = ("input",)

    def equations(
        self, x: Any, r: Any, states: tuple[Any, ...], sigmoid: Activation, tanh: Activation
    ) -> Step:
        """The six equations above."""
        _, c = states
        i, f, g, o = ops.split(x + r, 4, axis=-1)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * tanh(c)
        return Step(h, (h, c), {"input": i, "forget": f, "candidate": g, "output": o})
