"""Several networks of different seeds as one: one computation, and no weight between them."""

import inspect
from typing import Any

import keras
import numpy as np
from keras import ops

from seqmem._configured import Configured
from seqmem.cells import Cell

Tensor = Any


class BlockDiagonal(Configured, keras.constraints.Constraint):
    """Keeps the kernel of a cell of M * U units that of M cells of U units, each with rows of its own.

    Args:
        members: M.
        units: U.
    """

    def __init__(self, members: int, units: int) -> None:
        self.members = members
        self.units = units

    def __call__(self, kernel: Tensor) -> Tensor:
        """The kernel [M*R, G*M*U] without what stands between members."""
        return kernel * ops.cast(self.mask(tuple(kernel.shape)), kernel.dtype)

    def mask(self, shape: tuple[int, ...]) -> np.ndarray:
        """1 where row and column are of one member: rows [M*R], columns [G*M*U], gate by gate."""
        rows = np.arange(shape[0]) // (shape[0] // self.members)
        columns = np.arange(shape[1]) // self.units % self.members
        return (rows[:, None] == columns[None, :]).astype("float32")


class PerMemberInitializer(Configured, keras.initializers.Initializer):
    """Initialises the kernel of each member by itself, as that of a cell alone.

    Args:
        members: M.
        units: U.
        initializer: of each member's kernel.
        apart: whether each member has rows of its own, [M*R, G*M*U]; otherwise they share them, [R, G*M*U].
    """

    def __init__(self, members: int, units: int, initializer: Any, apart: bool) -> None:
        self.members = members
        self.units = units
        self.initializer: Any = keras.initializers.get(initializer)
        self.apart = apart

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        """A kernel of `shape`."""
        gates = shape[1] // (self.members * self.units)
        rows = shape[0] // self.members if self.apart else shape[0]
        kernel = np.zeros((shape[0], gates, self.members, self.units), "float32")
        for member in range(self.members):
            mine = np.asarray(self.initializer.clone()((rows, gates * self.units), dtype="float32"))
            start = member * rows if self.apart else 0
            kernel[start : start + rows, :, member] = mine.reshape(rows, gates, self.units)
        return ops.cast(kernel.reshape(shape), dtype or "float32")


def one_of(value: np.ndarray, shape: tuple[int, ...], number: int, members: int, units: int) -> np.ndarray:
    """A member's part, of `shape`, of a weight of all members: columns gate by gate, M times U."""
    columns = value.reshape(*value.shape[:-1], -1, members, units)[..., number, :]
    mine = columns.reshape(*value.shape[:-1], -1)
    return mine if mine.shape == shape else np.split(mine, members)[number]


def widen_for_ensemble(cell: Any, members: int) -> Any:
    """`members` cells like this one, which share nothing but the computation, as one cell of all their units.

    A step is pointwise, so that cells whose kernels do not meet are separate, and one matmul runs them all.
    Of a list of stacked cells each member has its own stack.

    Args:
        cell: a `seqmem.cells.Cell`, or a list of them, bottom first.
        members: M, at least 1.

    Raises:
        ValueError: members below 1, or, for more than one, a cell that is no `Cell`.

    >>> from seqmem.cells import GRUCell
    >>> widen_for_ensemble(GRUCell(4), members=5).units
    20
    """
    if members < 1:
        raise ValueError(f"widen_for_ensemble: members must be at least 1. Received: members={members}")
    if members == 1:
        return cell
    if isinstance(cell, list | tuple):
        return [_widened(one, members, first=one is cell[0]) for one in cell]
    return _widened(cell, members, first=True)


def _widened(cell: Any, members: int, *, first: bool) -> Any:
    if not isinstance(cell, Cell):
        raise ValueError(f"widen_for_ensemble: expected a seqmem.cells.Cell. Received: {cell!r}")
    if not cell.pointwise:
        raise ValueError(
            f"widen_for_ensemble: units of a {type(cell).__name__} meet in its step. Train each member alone"
        )
    units = cell.units
    default = inspect.signature(Cell).parameters
    config = cell.get_config() | {"units": units * members}
    config.pop("name", None)
    for kernel, apart in (("kernel", not first), ("recurrent", True)):
        option = f"{kernel}_initializer"
        initializer = keras.saving.deserialize_keras_object(config.get(option, default[option].default))
        mine = PerMemberInitializer(members, units, initializer, apart)
        config[option] = keras.saving.serialize_keras_object(mine)
        if apart:
            blocks = BlockDiagonal(members, units)
            config[f"{kernel}_constraint"] = keras.saving.serialize_keras_object(blocks)
    return type(cell).from_config(config)
