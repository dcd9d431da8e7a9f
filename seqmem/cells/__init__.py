"""Recurrent cells with their gates in view, each equation once."""

from seqmem.cells.base import Cell, Step
from seqmem.cells.gru import GRUCell
from seqmem.cells.lstm import LSTMCell
from seqmem.cells.rnn import RNNCell
from seqmem.cells.squash import Squash, sigmoid, squash, tanh

# The one string table: a tuner can only choose strings.
CELLS: dict[str, type[Cell]] = {
    cell.__name__.removesuffix("Cell").lower(): cell for cell in (RNNCell, LSTMCell, GRUCell)
}

__all__ = [
    "CELLS",
    "Cell",
    "GRUCell",
    "LSTMCell",
    "RNNCell",
    "Squash",
    "Step",
    "sigmoid",
    "squash",
    "tanh",
]
