"""A user's cell: the minimal gated unit (Zhou et al. 2016), its reset after the matmul."""

from keras import ops

from seqmem.cells import Cell, Step, sigmoid, tanh


class MinimalGatedUnitCell(Cell):
    gates = {"forget": sigmoid, "candidate": tanh}
    input_gates = ("forget",)

    def step(self, x, r, states):
        (h,) = states
        x_f, x_g = ops.split(x, 2, axis=-1)
        r_f, r_g = ops.split(r, 2, axis=-1)
        f = sigmoid(x_f + r_f)
        g = tanh(x_g + f * r_g)
        h = (1 - f) * h + f * g
        return Step(h, (h,), {"forget": f, "candidate": g})


if __name__ == "__main__":
    from seqmem.testing import check_cell

    check_cell(MinimalGatedUnitCell)
