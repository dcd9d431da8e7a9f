"""The minimal gated cells of "Were RNNs all we needed?"."""

from typing import Any

from keras import ops

from seqmem.cells.activations import linear, sigmoid
from seqmem.cells.scan import Coefficients, ScanCell


class MinGRUCell(ScanCell):
    """minGRU (Feng et al. 2024, "Were RNNs all we needed?"): a GRU whose gate does not look at the state.

    z_t = sigmoid(W_z x_t + b_z)
    g_t = W_g x_t + b_g
    h_t = (1 - z_t) h_{t-1} + z_t g_t

    Weights and gate order z, g: kernel [F, 2U], bias [2U]. State: h.

    >>> MinGRUCell(3)(ops.ones((2, 1)), [ops.zeros((2, 3))])[0].shape
    TensorShape([2, 3])
    """

    gates = {"update": sigmoid, "candidate": linear}
    input_gates = ("update",)

    def coefficients(self, x: Any) -> Coefficients:
        """The first two equations above, and the factors of the third."""
        z, g = ops.split(x, 2, axis=-1)
        z, g = sigmoid(z), linear(g)
        return Coefficients(1 - z, z * g, {"update": z, "candidate": g})


class MinLSTMCell(ScanCell):
    """minLSTM (Feng et al. 2024): an LSTM whose gates do not look at the state, and keep it to scale.

    f_t = sigmoid(W_f x_t + b_f)
    i_t = sigmoid(W_i x_t + b_i)
    g_t = W_g x_t + b_g
    h_t = f_t / (f_t + i_t) h_{t-1} + i_t / (f_t + i_t) g_t

    Weights and gate order f, i, g: kernel [F, 3U], bias [3U]; the forget bias starts at 1. State: h.

    >>> MinLSTMCell(3)(ops.ones((2, 1)), [ops.zeros((2, 3))])[0].shape
    TensorShape([2, 3])
    """

    gates = {"forget": sigmoid, "input": sigmoid, "candidate": linear}
    unit_bias = retain_gates = ("forget",)
    input_gates = ("input",)

    def coefficients(self, x: Any) -> Coefficients:
        """The first three equations above, and the factors of the fourth."""
        f, i, g = ops.split(x, 3, axis=-1)
        f, i, g = sigmoid(f), sigmoid(i), linear(g)
        total = f + i
        return Coefficients(f / total, i / total * g, {"forget": f, "input": i, "candidate": g})
