"""A recurrence walked step by step, everything in view."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from seqmem.cells import Cell, Step
from seqmem.recurrence import Recurrent

Tensor = Any


class StepRecord(NamedTuple):
    """One step of one cell of a stack.

    Attributes:
        number: of the cell, 0 at the bottom.
        before: its states before the step, each [B, U].
        x, r: its projected input and state [B, G*U].
        step: what it says.
    """

    number: int
    before: tuple[Tensor, ...]
    x: Tensor
    r: Tensor
    step: Step


def cells(layer: Recurrent) -> list[Cell]:
    """The cells of a recurrence, bottom first.

    Raises:
        TypeError: a cell that is no `Cell`, and so does not tell its gates.
    """
    stack = list(getattr(layer.cell, "cells", [layer.cell]))
    for cell in stack:
        if not isinstance(cell, Cell):
            raise TypeError(f"diagnostics: expected a seqmem.cells.Cell. Received: {type(cell).__name__}")
    return stack


def state_names(cell: Cell) -> tuple[str, ...]:
    """What the states of a cell are called: h first, then as its class says, or by number.

    >>> from seqmem.cells import LSTMCell
    >>> state_names(LSTMCell(2))
    ('h', 'c')
    """
    if len(cell.state_names) == cell.num_states:
        return cell.state_names
    return ("h", *(f"state {n}" for n in range(1, cell.num_states)))


def batch(sequence: Any, layer: Recurrent) -> Tensor:
    """A sequence [T], [T, F] or [B, T, F] as a batch, in the order in which the layer reads it.

    Raises:
        ValueError: another shape, no steps, or what is not finite, with its place.
    """
    values = np.asarray(sequence, dtype="float32")
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim == 2:
        values = values[None]
    if values.ndim != 3 or not values.shape[1]:
        raise ValueError(
            f"diagnostics: expected a sequence [T, F] or [B, T, F]. Received: {np.shape(sequence)}"
        )
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        raise ValueError(
            f"diagnostics: expected finite values. Not so at [row, step, feature] {bad[0].tolist()}"
        )
    if not layer.built:
        layer.build(values.shape)
    return ops.convert_to_tensor(values[:, ::-1] if layer.go_backwards else values)


def iterate_steps(layer: Recurrent, inputs: Tensor, states: Any = None) -> Iterator[list[StepRecord]]:
    """Every cell's record, step by step, over inputs [B, T, F]; states start at zeros."""
    stack = cells(layer)
    states = states or [tuple(cell.get_initial_state(inputs.shape[0])) for cell in stack]
    for t in range(inputs.shape[1]):
        below, records = inputs[:, t], []
        for number, cell in enumerate(stack):
            x, r = cell.project(below), cell.recur(states[number][0])
            step = cell.step(x, r, states[number])
            records.append(StepRecord(number, states[number], x, r, step))
            states[number], below = step.states, step.output
        yield records
