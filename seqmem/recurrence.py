"""A cell run over time, and the drop-ins for Keras's recurrent layers."""

import inspect
from typing import Any, ClassVar

import keras

from seqmem._configured import Configured
from seqmem.cells import Cell, GRUCell, LSTMCell, RNNCell

Tensor = Any


class Recurrent(Configured, keras.layers.RNN):
    """A cell, or a list of stacked cells, run over a sequence [B, T, F].

    Takes the arguments of `keras.layers.RNN`, runs in its loop and gives its numbers. What it adds: the
    configuration is derived from the arguments, and a list of one cell is that cell.

    Args:
        cell: a `Cell`, any Keras RNN cell, or a list of them, bottom first.
        **options: return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask,
            and those of every Keras layer.

    Returns (from a call): [B, U], or [B, T, U] with return_sequences; then the states with return_state.

    >>> from seqmem.cells import LSTMCell
    >>> Recurrent(LSTMCell(4), return_sequences=True)(keras.ops.zeros((2, 7, 1))).shape
    TensorShape([2, 7, 4])
    """

    def __init__(self, cell: Any, **options: Any) -> None:
        super().__init__(one_cell(cell), **options)
        self.input_spec = keras.layers.InputSpec(ndim=3)


def one_cell(cell: Any) -> Any:
    """The cell itself, or a list of cells as one: stacked, or where it holds a single cell, that cell.

    (A `keras.layers.StackedRNNCells` of one cell takes a list of states and returns a bare one.)

    Raises:
        ValueError: something that is no cell, such as a class, a whole recurrent layer or an empty list.
    """
    cells = cell if isinstance(cell, list | tuple) else [cell]
    for one in cells:
        if isinstance(one, type | keras.layers.RNN) or not hasattr(one, "state_size"):
            raise ValueError(f"expected a cell, such as LSTMCell(16), or a list of cells. Received: {one!r}")
    if not cells:
        raise ValueError("expected a cell or a list of cells. Received: an empty list")
    if not isinstance(cell, list | tuple):
        return cell
    return cell[0] if len(cell) == 1 else keras.layers.StackedRNNCells(cell)


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

    >>> SimpleRNN(4)(keras.ops.zeros((2, 7, 1))).shape
    TensorShape([2, 4])
    """

    cell_class = RNNCell


class LSTM(_DropIn):
    """`keras.layers.LSTM` over `LSTMCell`: Keras's arguments, weights and numbers.

    >>> LSTM(4, return_state=True)(keras.ops.zeros((2, 7, 1)))[2].shape
    TensorShape([2, 4])
    """

    cell_class = LSTMCell


class GRU(_DropIn):
    """`keras.layers.GRU` over `GRUCell`: Keras's arguments, weights and numbers; reset_after only.

    >>> GRU(4, return_sequences=True)(keras.ops.zeros((2, 7, 1))).shape
    TensorShape([2, 7, 4])
    """

    cell_class = GRUCell
    accepted: ClassVar = {**_DropIn.accepted, "reset_after": (True,)}
