"""GARCH(1,1) and GJR as a cell: a variance with three weights, or four."""

from typing import Any

import keras
from keras import ops

from seqmem.cells.activations import linear
from seqmem.cells.scan import Coefficients, ScanCell


class GARCHCell(ScanCell):
    """GARCH(1,1) (Bollerslev 1986) of the projected input; with `gamma`, GJR-GARCH (Glosten et al. 1993).

    e_t = W x_t + b
    v_{t+1} = omega + alpha e_t^2 + gamma e_t^2 [e_t < 0] + beta v_t

    The state is the variance of the next step, and so is the output. omega, alpha and beta, one a unit, are
    learned and stay at least 0 (gamma may fall below); begun at a maximum of the likelihood the cell is that
    fitted GARCH: `GARCH(...).to_forecaster()`.

    Weights: kernel [F, U], bias [U], omega [U], alpha [U], beta [U], and gamma [U]. State: v.

    Args:
        units: U, how many variances, at least 1.
        omega, alpha, beta: what they begin with.
        gamma: what GJR's weight begins with. None: there is none.
        **options: those of `ScanCell`.

    Raises:
        ValueError: omega, alpha or beta below 0; what `Cell` refuses.

    >>> cell = GARCHCell(1, omega=0.1, alpha=0.1, beta=0.8, kernel_initializer="ones")
    >>> cell(ops.ones((1, 1)) * 2.0, [ops.ones((1, 1))])[0].numpy().round(3)  # .1 + .1 * 4 + .8
    array([[1.3]], dtype=float32)
    """

    gates = {"candidate": linear}

    def __init__(
        self,
        units: int,
        *,
        omega: float = 0.02,
        alpha: float = 0.08,
        beta: float = 0.9,
        gamma: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(units, **options)
        for name, value in (("omega", omega), ("alpha", alpha), ("beta", beta)):
            if not value >= 0:
                raise ValueError(f"GARCHCell: {name} must be at least 0. Received: {name}={value!r}")
        self._starts = {"omega": omega, "alpha": alpha, "beta": beta}
        self._gamma = gamma

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Kernel and bias, and the three or four weights of the recurrence."""
        super().build(input_shape)
        positive = keras.constraints.NonNeg()
        self.omega: Any = self._start("omega", self._starts["omega"], positive)
        self.alpha: Any = self._start("alpha", self._starts["alpha"], positive)
        self.beta: Any = self._start("beta", self._starts["beta"], positive)
        self.gamma: Any = None if self._gamma is None else self._start("gamma", self._gamma, None)

    def _start(self, name: str, value: float, constraint: Any) -> Any:
        start = keras.initializers.Constant(float(value))
        return self.add_weight(name=name, shape=(self.units,), initializer=start, constraint=constraint)

    def coefficients(self, x: Any) -> Coefficients:
        """The factors of the equations above; beta has the shape of x."""
        e = linear(x)
        react = ops.cast(self.alpha, x.dtype) * ops.square(e)
        if self.gamma is not None:
            react = react + ops.cast(self.gamma, x.dtype) * ops.square(ops.minimum(e, 0))
        a = ops.cast(self.beta, x.dtype) + ops.zeros_like(e)
        return Coefficients(a, ops.cast(self.omega, x.dtype) + react, {"candidate": e})
