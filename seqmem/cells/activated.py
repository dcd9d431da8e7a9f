"""Cells whose activation functions can be chosen, as Keras's can."""

from abc import abstractmethod
from typing import Any

import keras
from keras import ops

from seqmem.cells.activations import Activation, as_activation, intercept_activations, sigmoid, tanh
from seqmem.cells.base import Cell, Step, Tensor


class ActivatedCell(Cell):
    """A cell with Keras's `activation` and `recurrent_activation`: its `equations` are handed both.

    A subclass names its gates with `sigmoid` and `tanh`, which stand for the two arguments, and writes
    `equations`. A cell that computes with something else than what it is handed is refused when it is built.

    Args:
        units: U, the width of the state and output, at least 1.
        activation: in place of every tanh of the cell: whatever `keras.activations.get` takes.
        recurrent_activation: in place of every sigmoid of the cell.
        implementation: taken, and ignored: Keras's ways to multiply give the same numbers.
        **options: those of `Cell`.

    Raises:
        ValueError: an activation that Keras does not know, that the cell has no gate for, or that its
            equations do not call; what `Cell` refuses.
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        *,
        implementation: int = 2,
        **options: Any,
    ) -> None:
        super().__init__(units, **options)
        self.activation: Any = _as_keras(activation)  # as Keras's cells have them: a function, or a layer
        self.recurrent_activation: Any = _as_keras(recurrent_activation)
        self.implementation = implementation
        self.activations: tuple[Activation, Activation] = (
            as_activation(self.recurrent_activation),
            as_activation(self.activation),
        )
        self._handed = dict(zip((sigmoid, tanh), self.activations, strict=True))
        default = type(self).gates
        if sigmoid not in default.values() and self._handed[sigmoid] != sigmoid:
            raise ValueError(
                f"{type(self).__name__}: has no sigmoid gate for recurrent_activation to replace. "
                f"Received: recurrent_activation={recurrent_activation!r}"
            )
        self.gates = {name: self._handed.get(gate, gate) for name, gate in default.items()}

    @abstractmethod
    def equations(
        self, x: Tensor, r: Tensor, states: tuple[Tensor, ...], sigmoid: Activation, tanh: Activation
    ) -> Step:
        """The step from the projected input and state, both [B, G*U], with the two functions to use."""

    def step(self, x: Tensor, r: Tensor, states: tuple[Tensor, ...]) -> Step:
        """The equations with the chosen functions."""
        return self.equations(x, r, states, *self.activations)

    def step_key(self) -> tuple[Any, ...]:
        """The functions instead of their names, and the rest."""
        known = ("activation", "recurrent_activation", "implementation")
        return (*self.activations, *(one for one in super().step_key() if one[0] not in known))

    def _post_build(self) -> None:  # Keras's hook: a subclass adds weights after `Cell.build`
        super()._post_build()
        self._check_that_it_obeys()

    def _check_that_it_obeys(self) -> None:
        replaced = {old: new for old, new in self._handed.items() if old != new}
        if not replaced:
            return
        called: list[Activation] = []

        def watch(activation: Activation, z: Tensor) -> Tensor:
            called.append(activation)
            return activation.function(z)

        projected = ops.zeros((1, len(self.gates) * self.units), self.compute_dtype)
        with keras.StatelessScope(), intercept_activations(watch):
            self.step(projected, projected, tuple(self.get_initial_state(1)))
        for old, new in replaced.items():
            ignores = new in self.gates.values() and new not in called
            if ignores or (old in called and old not in self.activations):
                raise ValueError(
                    f"{type(self).__name__}: its step computes with {old} where {new} was chosen. Let it "
                    "call the functions that `equations` is handed"
                )


def _as_keras(identifier: Any) -> Any:
    return identifier if isinstance(identifier, Activation) else keras.activations.get(identifier)
