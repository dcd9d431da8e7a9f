"""The layer-normalised LSTM."""

from typing import Any

from keras import ops

from seqmem.cells.activated import ActivatedCell
from seqmem.cells.activations import Activation, sigmoid, tanh
from seqmem.cells.base import Step

EPSILON = 1e-3  # Keras's


class LayerNormLSTMCell(ActivatedCell):
    """LSTM with layer normalisation (Ba, Kiros and Hinton 2016): of both projections and of the cell state.

    i, f, g, o = LN(W x_t; gain_x) + LN(U h_{t-1}; gain_h) + b, each through its function
    c_t = f_t c_{t-1} + i_t g_t
    h_t = o_t tanh(LN(c_t; gain_c, shift))

    LN(z; gain) is gain (z - mean z) / sqrt(var z + 0.001), over all units (and gates). Of a single feature
    LN(W x) keeps little more than the sign, once its variance is well above 0.001.

    Weights as of `LSTMCell`, then gain_x [4U], gain_h [4U], gain_c [U] and shift [U]. States: h, c.

    >>> cell = LayerNormLSTMCell(3)
    >>> cell(ops.ones((2, 1)), cell.get_initial_state(2))[0].shape
    TensorShape([2, 3])
    """

    gates = {"input": sigmoid, "forget": sigmoid, "candidate": tanh, "output": sigmoid}
    num_states = 2
    state_names = ("h", "c")
    unit_bias = retain_gates = ("forget",)
    input_gates = ("input",)
    pointwise = False

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """The weights of an LSTM, and those of the norms."""
        super().build(input_shape)
        shapes = {"gain_x": 4 * self.units, "gain_h": 4 * self.units, "gain_c": self.units}
        self.gains = [
            self.add_weight(name=name, shape=(width,), initializer="ones") for name, width in shapes.items()
        ]
        self.shift: Any = self.add_weight(name="shift", shape=(self.units,), initializer="zeros")

    def equations(
        self, x: Any, r: Any, states: tuple[Any, ...], sigmoid: Activation, tanh: Activation
    ) -> Step:
        """The equations above; ``x`` has the bias in it, which no norm may see."""
        _, c = states
        gain_x, gain_h, gain_c = (ops.cast(gain, c.dtype) for gain in self.gains)
        bias = 0.0 if self.bias is None else ops.cast(self.bias, c.dtype)
        z = gain_x * _normalised(x - bias) + gain_h * _normalised(r) + bias
        i, f, g, o = ops.split(z, 4, axis=-1)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * tanh(gain_c * _normalised(c) + ops.cast(self.shift, c.dtype))
        return Step(h, (h, c), {"input": i, "forget": f, "candidate": g, "output": o})


def _normalised(z: Any) -> Any:
    centred = z - ops.mean(z, axis=-1, keepdims=True)
    return centred / ops.sqrt(ops.mean(centred * centred, axis=-1, keepdims=True) + EPSILON)
