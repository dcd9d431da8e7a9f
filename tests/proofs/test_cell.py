"""Proof: a cell is one class."""

from keras import ops
from proofs.end_to_end import use

from seqmem import EncoderDecoder, Forecaster
from seqmem.cells import Cell, Step, sigmoid, tanh
from seqmem.evaluation import SquaredLogError


class LeakyCell(Cell):
    """h_t = (1 - f_t) h_{t-1} + f_t tanh(W x_t + U h_{t-1} + b)."""

    gates = {"leak": sigmoid, "candidate": tanh}

    def step(self, x, r, states):
        """The equation above."""
        (h,) = states
        f, g = ops.split(x + r, 2, axis=-1)
        f, g = sigmoid(f), tanh(g)
        h = (1 - f) * h + f * g
        return Step(h, (h,), {"leak": f, "candidate": g})


def test_a_cell(tmp_path):
    network = EncoderDecoder(LeakyCell(3), LeakyCell(3), horizon=2)
    _, served = use(Forecaster(network, lookback=8), [SquaredLogError()], tmp_path)
    assert served.horizons == (1, 2)
