"""The scalar LSTM of xLSTM."""

from typing import Any

from keras import ops

from seqmem.cells.activated import ActivatedCell
from seqmem.cells.activations import Activation, exponential, sigmoid, tanh
from seqmem.cells.base import Step


class SLSTMCell(ActivatedCell):
    """sLSTM (Beck et al. 2024, "xLSTM: Extended long short-term memory"): exponential gates, normalised.

    With the projections p = W x_t + U h_{t-1} + b of each gate:
    m_t = max(log sigmoid(p_f) + m_{t-1}, p_i)      the stabiliser: no gate exceeds 1
    i_t = exp(p_i - m_t)                            what to write
    f_t = exp(log sigmoid(p_f) + m_{t-1} - m_t)     what to keep
    g_t = tanh(p_g), o_t = sigmoid(p_o)
    c_t = f_t c_{t-1} + i_t g_t
    n_t = f_t n_{t-1} + i_t                         the normaliser
    h_t = o_t c_t / n_t

    Its memory is an average of what was written, weighted by gates that can outweigh all that came before.
    Weights and gate order (i, f, g, o) as of `LSTMCell`. States: h, c, n, m, from zeros.

    >>> cell = SLSTMCell(3)
    >>> len(cell(ops.ones((2, 1)), cell.get_initial_state(2))[1])
    4
    """

    gates = {"input": exponential, "forget": exponential, "candidate": tanh, "output": sigmoid}
    num_states = 4
    state_names = ("h", "c", "n", "m")
    unit_bias = retain_gates = ("forget",)
    input_gates = ("input",)

    def equations(
        self, x: Any, r: Any, states: tuple[Any, ...], sigmoid: Activation, tanh: Activation
    ) -> Step:
        """The equations above."""
        _, c, n, m = states
        i, f, g, o = ops.split(x + r, 4, axis=-1)
        kept = ops.log_sigmoid(f) + m
        m = ops.maximum(kept, i)
        i, f, g, o = exponential(i - m), exponential(kept - m), tanh(g), sigmoid(o)
        c = f * c + i * g
        n = f * n + i
        h = o * c / n
        return Step(h, (h, c, n, m), {"input": i, "forget": f, "candidate": g, "output": o})
