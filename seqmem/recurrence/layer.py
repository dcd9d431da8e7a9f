"""A cell run over time."""

from typing import Any

import keras

from seqmem._configured import Configured
from seqmem.recurrence import fast, plain

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

    def inner_loop(self, sequences: Tensor, initial_state: Any, mask: Any, training: Any = False) -> Any:
        """Keras's seam: the last output, all outputs, the last states; by the fastest way that will do."""
        if self.unroll or mask is not None:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        in_order = keras.ops.flip(sequences, 1) if self.go_backwards else sequences
        if self._compiles(sequences, training):
            return self._compiled(in_order, initial_state, bool(training))
        if training is False or training is None:
            options = {"training": False} if getattr(self.cell, "_call_has_training_arg", False) else {}
            return plain.run(self.cell, in_order, initial_state, sequences=self.return_sequences, **options)
        return super().inner_loop(sequences, initial_state, mask, training=training)

    def _compiles(self, sequences: Tensor, training: Any) -> bool:
        # A length that the graph does not know may change from batch to batch: each would be compiled.
        return fast.wanted(training) and sequences.shape[1] is not None and fast.covers(self.cell)

    def _compiled(self, outputs: Tensor, initial_state: Any, training: bool) -> Any:
        stack = getattr(self.cell, "cells", [self.cell])
        first = keras.tree.flatten(initial_state)
        last: list[Tensor] = []
        for level, cell in enumerate(stack):
            states = [first.pop(0) for _ in range(cell.num_states)]
            whole = self.return_sequences or level < len(stack) - 1
            outputs, states = fast.run(cell, outputs, states, sequences=whole, training=training)
            last += states
        return outputs[:, -1], outputs, keras.tree.pack_sequence_as(initial_state, last)


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
