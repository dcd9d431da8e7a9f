"""The ways in which a cell may start."""

from seqmem.cells import Cell, cell_class

KERAS, CHRONO = "Keras's", "chrono"


def starts(name: str) -> list[str]:
    """Those that a cell has: chrono, where it names the gates that keep or write."""
    cell = cell_class(name)
    return [KERAS, CHRONO] if cell.retain_gates or cell.input_gates else [KERAS]


def made(name: str, units: int) -> Cell:
    """A cell by its name, not built."""
    return cell_class(name)(units)
