"""The drop-ins for Keras's recurrent layers: each makes its own cell."""

import inspect
from typing import Any, ClassVar

from seqmem.cells import Cell, GRUCell, LSTMCell, RNNCell
from seqmem.recurrence.layer import Recurrent


class _DropIn(Recurrent):
    """A `Recurrent` that makes its own cell from the arguments of Keras's layer of the same name."""

    cell_class: ClassVar[type[Cell]]
    # Keras's arguments that leave us no choice: name -> the values that mean what we do anyway.
    accepted: ClassVar[dict[str, tuple[Any, ...]]] = {"use_cudnn": ("auto", False), "implementation": (1, 2)}

    def __init__(self, units: int, activation: Any = "tanh", **options: Any) -> None:
        for name, values in self.accepted.items():
            if options.pop(name, values[0]) not in values:
                raise ValueError(f"{type(self).__name__}: {name} must be one of {values}.")
        known = inspect.signature(self.cell_class.__init__).parameters
        mine = {name: options.pop(name) for name in list(options) if name in known}
        cell = self.cell_class(units, activation, **mine, dtype=options.get("dtype"))
        super().__init__(cell, **options)

    @property
    def units(self) -> int:
        """U, as Keras's layer has it."""
        return int(self.cell.units)


class SimpleRNN(_DropIn):
    """`keras.layers.SimpleRNN` over `RNNCell`: Keras's arguments, weights and numbers.

    >>> from keras import ops
    >>> SimpleRNN(4)(ops.zeros((2, 7, 1))).shape
    TensorShape([2, 4])
    """

    cell_class = RNNCell


class LSTM(_DropIn):
    """`keras.layers.LSTM` over `LSTMCell`: Keras's arguments, weights and numbers.

    >>> from keras import ops
    >>> LSTM(4, return_state=True)(ops.zeros((2, 7, 1)))[2].shape
    TensorShape([2, 4])
    """

    cell_class = LSTMCell


class GRU(_DropIn):
    """`keras.layers.GRU` over `GRUCell`: Keras's arguments, weights and numbers; reset_after only.

    >>> from keras import ops
    >>> GRU(4, return_sequences=True)(ops.zeros((2, 7, 1))).shape
    TensorShape([2, 7, 4])
    """

    cell_class = GRUCell
    accepted: ClassVar = {**_DropIn.accepted, "reset_after": (True,)}
