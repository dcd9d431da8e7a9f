"""Recurrent cells with their gates in view, each equation once."""

from importlib import import_module

from seqmem.cells.activated import ActivatedCell
from seqmem.cells.activations import Activation, as_activation, sigmoid, tanh
from seqmem.cells.base import Cell, Step
from seqmem.cells.chrono import chrono_init
from seqmem.cells.ema import EMACell
from seqmem.cells.garch import GARCHCell
from seqmem.cells.gru import GRUCell
from seqmem.cells.layer_norm import LayerNormLSTMCell
from seqmem.cells.lstm import LSTMCell
from seqmem.cells.minimal import MinGRUCell, MinLSTMCell
from seqmem.cells.peephole import PeepholeLSTMCell
from seqmem.cells.rnn import RNNCell
from seqmem.cells.scan import Coefficients, ScanCell
from seqmem.cells.slstm import SLSTMCell
from seqmem.cells.zoneout import Zoneout

# The one string table: a tuner can only choose strings.
CELLS: dict[str, type[Cell]] = {
    "rnn": RNNCell,
    "lstm": LSTMCell,
    "gru": GRUCell,
    "peephole": PeepholeLSTMCell,
    "layernorm": LayerNormLSTMCell,
    "slstm": SLSTMCell,
    "mingru": MinGRUCell,
    "minlstm": MinLSTMCell,
    "ema": EMACell,
    "garch": GARCHCell,
}


def cell_class(name: str) -> type[Cell]:
    """The class that a name means: one of `CELLS`, or ``"module:Class"`` for a cell of one's own.

    Raises:
        ValueError: no such cell.

    >>> cell_class("lstm").__name__, cell_class("seqmem.cells:GRUCell").__name__
    ('LSTMCell', 'GRUCell')
    """
    if name in CELLS:
        return CELLS[name]
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except Exception as error:  # importing a module of the user's may raise anything
        why = f"{type(error).__name__}: {error}"
        raise ValueError(
            f"cells must be among {sorted(CELLS)} or module:Class. Received: {name!r} ({why})"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Cell) and getattr(found, "gates", None)):
        raise ValueError(f"{name}: expected a subclass of seqmem.cells.Cell with gates. Received: {found!r}")
    return found


__all__ = [
    "CELLS",
    "ActivatedCell",
    "Activation",
    "Cell",
    "Coefficients",
    "EMACell",
    "GARCHCell",
    "GRUCell",
    "LSTMCell",
    "LayerNormLSTMCell",
    "MinGRUCell",
    "MinLSTMCell",
    "PeepholeLSTMCell",
    "RNNCell",
    "SLSTMCell",
    "ScanCell",
    "Step",
    "Zoneout",
    "as_activation",
    "cell_class",
    "chrono_init",
    "sigmoid",
    "tanh",
]
