"""The drop-ins for Keras's recurrent layers: they are Keras's layers, on our cells and loops."""

import inspect
from typing import Any, ClassVar

import keras

from seqmem.cells import Cell, GRUCell, LSTMCell, RNNCell
from seqmem.recurrence.layer import Recurrent


class _DropIn(Recurrent):
    """What stands between a layer of Keras's and `keras.layers.RNN`: it puts our cell in its cell's place.

    The arguments, their order and defaults, the properties and the config are those of Keras's own class.
    """

    cell_class: ClassVar[type[Cell]]

    def __init__(self, cell: Any, **options: Any) -> None:
        super().__init__(_like(cell, self.cell_class), **options)

    def get_config(self) -> dict[str, Any]:
        """What Keras's class takes its config from; it puts the cell's arguments in place of the cell."""
        config: dict[str, Any] = keras.layers.RNN.get_config(self)
        return config


def _like(cell: Any, kind: type[Cell]) -> Cell:
    """Our cell with the arguments of Keras's, its initialisers and what it drew from the global seed."""
    names = [name for name in inspect.signature(type(cell).__init__).parameters if hasattr(cell, name)]
    arguments = {name: getattr(cell, name) for name in names if name != "seed"}
    ours = kind(
        **arguments,
        seed=cell.seed_generator,
        implementation=getattr(cell, "implementation", 2),  # a SimpleRNNCell has none
        name=cell.name,
        dtype=cell.dtype_policy,
        trainable=cell.trainable,
    )
    ours.seed = cell.seed
    return ours


class SimpleRNN(keras.layers.SimpleRNN, _DropIn):
    """`keras.layers.SimpleRNN` over `RNNCell`: Keras's arguments, weights and numbers.

    >>> from keras import ops
    >>> SimpleRNN(4)(ops.zeros((2, 7, 1))).shape
    TensorShape([2, 4])
    """

    cell_class = RNNCell
    inner_loop = Recurrent.inner_loop


class LSTM(keras.layers.LSTM, _DropIn):
    """`keras.layers.LSTM` over `LSTMCell`: Keras's arguments, weights and numbers.

    >>> from keras import ops
    >>> LSTM(4, return_state=True)(ops.zeros((2, 7, 1)))[2].shape
    TensorShape([2, 4])
    """

    cell_class = LSTMCell
    inner_loop = Recurrent.inner_loop  # past Keras's, which looks for a GPU


class GRU(keras.layers.GRU, _DropIn):
    """`keras.layers.GRU` over `GRUCell`: Keras's arguments, weights and numbers.

    >>> from keras import ops
    >>> GRU(4, return_sequences=True)(ops.zeros((2, 7, 1))).shape
    TensorShape([2, 7, 4])
    """

    cell_class = GRUCell
    inner_loop = Recurrent.inner_loop
