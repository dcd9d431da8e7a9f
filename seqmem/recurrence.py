"""A cell run over time, and the drop-ins for Keras's recurrent layers."""

import inspect
from typing import Any, ClassVar

import keras
from keras import ops

from seqmem._configured import Configured
from seqmem.cells import Cell, GRUCell, LSTMCell, RNNCell

Tensor = Any


class Recurrent(Configured, keras.layers.RNN):
    """A cell, or a list of stacked cells, run over a sequence [B, T, F].

    Takes the arguments of `keras.layers.RNN` and gives its numbers. What it adds: the inputs of all
    steps go through the kernel in one matmul before the loop, and stacked cells run one after the other,
    each over the whole sequence. Cells that are not `seqmem.cells.Cell` run in Keras's own loop.

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

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Tensor, training: bool = False
    ) -> tuple[Tensor, Tensor, Any]:
        """Run the cells: (last output [B, U], outputs [B, T or 1, U], final states)."""
        stacked = isinstance(self.cell, keras.layers.StackedRNNCells)
        cells = self.cell.cells if stacked else [self.cell]
        if not all(isinstance(cell, Cell) for cell in cells):
            return super().inner_loop(sequences, initial_state, mask, training)
        if self.go_backwards:  # once, here: the second cell of a stack reads what the first wrote
            sequences = ops.flip(sequences, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        if not stacked:
            return self._run(self.cell, sequences, initial_state, mask, training, self.return_sequences)
        finals = []
        for cell, state in zip(cells, initial_state, strict=True):
            nested = isinstance(state, list | tuple)
            every_step = self.return_sequences or cell is not cells[-1]
            last, sequences, final = self._run(
                cell, sequences, state if nested else [state], mask, training, every_step
            )
            finals.append(final if nested else final[0])
        return last, sequences, finals

    def _run(
        self, cell: Cell, sequences: Tensor, state: Any, mask: Tensor, training: bool, every_step: bool
    ) -> tuple[Tensor, Tensor, Any]:
        """One cell over the whole sequence, front to back."""
        loop = keras.layers.RNN(
            _Projected(cell, training),
            return_sequences=every_step,
            unroll=self.unroll,
            zero_output_for_mask=self.zero_output_for_mask,
        )
        return loop.inner_loop(cell.project(sequences, training), state, mask)


def one_cell(cell: Any) -> Any:
    """The cell itself, or a list of cells as one: stacked, or where it holds a single cell, that cell.

    (A `keras.layers.StackedRNNCells` of one cell takes a list of states and returns a bare one.)
    """
    if not isinstance(cell, list | tuple):
        return cell
    return cell[0] if len(cell) == 1 else keras.layers.StackedRNNCells(cell)


class _Projected:
    """A cell as Keras's loop sees it once its inputs are projected."""

    def __init__(self, cell: Cell, training: bool) -> None:
        self._cell = cell
        self._training = training
        self.state_size = cell.state_size

    def call(self, x: Tensor, states: Any) -> tuple[Tensor, list[Tensor]]:
        step = self._cell.advance(x, tuple(states), self._training)
        return step.output, list(step.states)

    __call__ = call


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
