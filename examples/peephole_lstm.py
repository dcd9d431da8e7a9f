"""A cell of one's own: the peephole LSTM, its gates looking at the cell state (Gers and Schmidhuber 2000)."""

from keras import ops

from seqmem.cells import Cell, Step, sigmoid, tanh


class PeepholeLSTMCell(Cell):
    gates = {"input": sigmoid, "forget": sigmoid, "candidate": tanh, "output": sigmoid}
    num_states = 2
    unit_bias = retain_gates = ("forget",)
    input_gates = ("input",)

    def build(self, input_shape):
        super().build(input_shape)
        self.peephole = self.add_weight(name="peephole", shape=(3, self.units), initializer="zeros")

    def step(self, x, r, states):
        _, c = states
        p_i, p_f, p_o = ops.unstack(ops.cast(self.peephole, c.dtype))
        i, f, g, o = ops.split(x + r, 4, axis=-1)
        i, f, g = sigmoid(i + p_i * c), sigmoid(f + p_f * c), tanh(g)
        c = f * c + i * g
        o = sigmoid(o + p_o * c)
        h = o * tanh(c)
        return Step(h, (h, c), {"input": i, "forget": f, "candidate": g, "output": o})
