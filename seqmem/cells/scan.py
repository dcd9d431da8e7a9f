"""Cells whose state is a linear recurrence: a whole sequence is one associative scan."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from seqmem.cells.base import Cell, Step, Tensor


class Coefficients(NamedTuple):
    """What makes h_t = a_t h_{t-1} + b_t.

    Attributes:
        a, b: [..., U].
        gates: activation of each gate, name -> [..., U].
    """

    a: Tensor
    b: Tensor
    gates: Mapping[str, Tensor]


class ScanCell(Cell):
    """A linear recurrence, h_t = a_t h_{t-1} + b_t, whose coefficients are functions of the input alone.

    Since no state meets a kernel, all steps of a sequence are computed at once, by a parallel scan (Blelloch
    1990; Martin and Cundy 2018, "Parallelizing linear recurrent neural nets"). A subclass names its gates and
    writes `coefficients`. There is no recurrent kernel: what is given for it is ignored.

    Args:
        units: U, the width of the state and output, at least 1.
        **options: those of `Cell`; no recurrent_dropout.

    Raises:
        ValueError: a recurrent_dropout; what `Cell` refuses.
    """

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(units, **options)
        if self.recurrent_dropout:
            raise ValueError(
                f"{type(self).__name__}: has no recurrent kernel, and so no recurrent_dropout. "
                f"Received: recurrent_dropout={self.recurrent_dropout}"
            )

    @abstractmethod
    def coefficients(self, x: Tensor) -> Coefficients:
        """From the projected input of one step [B, G*U], or of all [B, T, G*U]."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make kernel and bias, for inputs of [B, F]."""
        width = len(self.gates) * self.units
        self.kernel: Any = self._add("kernel", (input_shape[-1], width), self.kernel_initializer)
        self.recurrent_kernel: Any = None
        self.bias: Any = self._add("bias", (width,), self._bias_start()) if self.use_bias else None
        self.built = True

    def recur(self, h: Tensor) -> Tensor:
        """The state itself, which `step` does not read: no kernel."""
        return h

    def step(self, x: Tensor, r: Tensor, states: tuple[Tensor, ...]) -> Step:
        """One step of the recurrence."""
        a, b, gates = self.coefficients(x)
        h = a * states[0] + b
        return Step(h, (h,), gates)
