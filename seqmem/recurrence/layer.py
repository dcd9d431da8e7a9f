"""A cell run over time."""

import itertools
from typing import Any

import keras

from seqmem._configured import Configured
from seqmem.cells import Cell, ScanCell
from seqmem.recurrence import compiled_loop, inference, loop, scan, untrained

Tensor = Any


class Recurrent(Configured, keras.layers.RNN):
    """A cell, or a list of stacked cells, run over a sequence [B, T, F].

    Takes the arguments of `keras.layers.RNN` and gives its numbers. Trained, it runs on compiled loops (see
    `seqmem.recurrence.compiled`); otherwise in plain operations; with a mask, and in training where the
    compiled way does not cover a cell, in Keras's own loop. A list of one cell is that cell.

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
        if all(isinstance(one, Cell) for one in getattr(self.cell, "cells", [self.cell])):
            self.input_spec: Any = keras.layers.InputSpec(ndim=3)  # another cell may take more axes

    def call(
        self, sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """As `keras.layers.RNN`; whole numbers and truth values are cast as it casts other floats."""
        sequences = keras.ops.cast(sequences, self.compute_dtype)
        return super().call(sequences, initial_state=initial_state, mask=mask, training=training)

    def inner_loop(self, sequences: Tensor, initial_state: Any, mask: Any, training: Any = False) -> Any:
        """Keras's seam: the last output, all outputs, the last states; by the fastest way that will do."""
        if self.unroll or mask is not None:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        in_order = keras.ops.flip(sequences, 1) if self.go_backwards else sequences
        if self._compiles(sequences, training):
            outputs, last, _ = self._climb(in_order, initial_state, bool(training), every=False)
            return outputs[:, -1], outputs, keras.tree.pack_sequence_as(initial_state, last)
        if training is False or training is None:
            way = inference if inference.is_enabled(in_order) else untrained
            return way.run(self.cell, in_order, initial_state, sequences=self.return_sequences)
        return super().inner_loop(sequences, initial_state, mask, training=training)

    def trajectory(self, inputs: Tensor, training: bool = False) -> list[Tensor]:
        """Every state after every step of [B, T, F], from zeros: [B, T, U] each, cell by cell."""
        inputs = keras.ops.cast(inputs, self.compute_dtype)
        inputs = keras.ops.flip(inputs, 1) if self.go_backwards else inputs
        first = self.get_initial_state(keras.ops.shape(inputs)[0])
        self._maybe_config_dropout_masks(self.cell, inputs[:, 0, :], first)
        if self._compiles(inputs, training):
            *_, found = self._climb(inputs, first, bool(training), every=True)
        else:
            found = self._watched(inputs, first, training)
        self._maybe_reset_dropout_masks(self.cell)
        return [keras.ops.cast(one, self.compute_dtype) for one in found]

    def gates(self, inputs: Tensor) -> dict[str, Tensor]:
        """What each gate does at every step of [B, T, F], from zeros: name -> [B, T, U].

        In a stack the names begin with the number of the cell, as in ``0_forget``.

        Raises:
            TypeError: a cell that is no `Cell`, and so does not tell its gates.
        """
        inputs = keras.ops.cast(inputs, self.compute_dtype)
        inputs = keras.ops.flip(inputs, 1) if self.go_backwards else inputs
        stack = getattr(self.cell, "cells", [self.cell])
        found: dict[str, Tensor] = {}
        for number, cell in enumerate(stack):
            if not isinstance(cell, Cell):
                raise TypeError(f"{self.name}: expected a seqmem.cells.Cell. Received: {type(cell).__name__}")
            prefix = f"{number}_" if len(stack) > 1 else ""
            inputs, gates = _every_gate(cell, inputs)
            found |= {prefix + name: values for name, values in gates.items()}
        return found

    def _watched(self, inputs: Tensor, first: Any, training: bool) -> list[Tensor]:
        options = {"training": training} if getattr(self.cell, "_call_has_training_arg", False) else {}

        def all_states(x: Tensor, states: Any) -> tuple[Tensor, Any]:
            _, after = self.cell(x, states, **options)
            flat = [keras.ops.cast(state, self.compute_dtype) for state in keras.tree.flatten(after)]
            return keras.ops.concatenate(flat, -1), after

        _, together, _ = loop.run(all_states, inputs, first, sequences=True)
        widths = [state.shape[-1] for state in keras.tree.flatten(first)]
        borders = [0, *itertools.accumulate(widths)]
        return [together[..., start:stop] for start, stop in itertools.pairwise(borders)]

    def _compiles(self, sequences: Tensor, training: Any) -> bool:
        # A length that the graph does not know may change from batch to batch: each would be compiled.
        if sequences.shape[1] is None:
            return False
        stack = getattr(self.cell, "cells", [self.cell])
        others = [cell for cell in stack if not isinstance(cell, ScanCell)]
        # A scan is nothing but operations on whole sequences: it is right for a server, too.
        enabled = compiled_loop.is_enabled(training if others else True)
        return enabled and all(map(compiled_loop.is_supported, others))

    def _climb(self, inputs: Tensor, initial_state: Any, training: bool, *, every: bool) -> Any:
        """Run the stack compiled: outputs, last states, and with `every` all states after every step."""
        stack = getattr(self.cell, "cells", [self.cell])
        first = keras.tree.flatten(initial_state)
        last: list[Tensor] = []
        trajectories: list[Tensor] = []
        for cell in stack:
            states = [first.pop(0) for _ in range(cell.num_states)]
            wanted = cell.num_states if every else int(self.return_sequences or cell is not stack[-1])
            plain = isinstance(cell, ScanCell) and not (training and compiled_loop.is_supported(cell))
            way = scan if plain else compiled_loop
            found, states = way.run(cell, inputs, states, sequences=wanted, training=training)
            inputs = found[0] if found else states[0][:, None]
            trajectories += found
            last += states
        return inputs, last, trajectories


def _every_gate(cell: Cell, inputs: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Outputs [B, T, U] of a cell over [B, T, F], and its gates by name."""

    def watched(x: Tensor, states: Any) -> tuple[Tensor, Any]:
        step = cell.advance(cell.project(keras.ops.cast(x, cell.compute_dtype)), tuple(states))
        return keras.ops.concatenate([step.output, *map(step.gates.get, cell.gates)], -1), list(step.states)

    first = cell.get_initial_state(keras.ops.shape(inputs)[0])
    _, together, _ = loop.run(watched, inputs, first, sequences=True)  # [B, T, (1 + G) * U]
    output, *gates = keras.ops.split(together, 1 + len(cell.gates), axis=-1)
    return output, dict(zip(cell.gates, gates, strict=True))


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
