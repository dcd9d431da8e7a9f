"""What is compiled for a cell, shared by all cells of its kind and size: weights are arguments of it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from seqmem.cells import Cell
from seqmem.recurrence.isolation import isolated
from seqmem.recurrence.step_analysis import weights

NAME = "_compiled_for_its_kind"


def shared(cell: Cell, make: Callable[[Cell], Any]) -> Any:
    """What `make` makes of a built cell, or has made of another that agrees with it in all but its weights.

    Raises whatever `make` raises.
    """
    made = cell.__dict__.get(NAME, {})
    if make not in made:
        shapes = tuple(tuple(weight.shape) for weight in weights(cell))
        key = _Key(cell, (type(cell), cell.compute_dtype, shapes, *cell.gates.values(), *cell.step_key()))
        try:
            hash(key)
        except TypeError:  # an argument that cannot be compared: nothing is shared
            found = isolated(make, cell)
        else:
            found = _shared(make, key)
        # Past Keras's tracking; it goes with the cell.
        object.__setattr__(cell, NAME, made | {make: found})
    return cell.__dict__[NAME][make]


class _Key:
    """A cell that equals any other of the same kind and size."""

    def __init__(self, cell: Cell, key: tuple[Any, ...]) -> None:
        self.cell, self.key = cell, key

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.key == other.key


@lru_cache(maxsize=128)
def _shared(make: Callable[[Cell], Any], key: _Key) -> Any:
    return isolated(make, key.cell)
