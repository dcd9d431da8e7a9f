"""Zoneout, around any cell."""

from typing import Any

import keras
from keras import ops
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell  # keras.layers.RNN looks for this class

from seqmem._configured import Configured
from seqmem.cells.base import Cell


class Zoneout(Configured, DropoutRNNCell, keras.layers.Layer):
    """A cell whose states stay as they were now and then (Krueger et al. 2017, "Zoneout").

    While training, at every step each unit of each state keeps its old value with probability `rate`:
    s_t = s_{t-1} where zoned out, else what the cell makes. Otherwise it is the mean of both,
    s_t = rate s_{t-1} + (1 - rate) s'_t. A dropout that never cuts the gradient's way back.

    It draws numbers at every step, so it is left to Keras's loop.

    Args:
        cell: a `Cell`, whose output is its first state.
        rate: one for all states, or one for each; each in [0, 1).
        seed: of what is drawn.
        **options: those of every Keras layer.

    Raises:
        ValueError: no `Cell`; rates outside [0, 1), or not one for each state.

    >>> from seqmem.cells import LSTMCell
    >>> cell = Zoneout(LSTMCell(3), rate=(0.05, 0.5))  # h, c
    >>> cell(ops.ones((2, 1)), cell.get_initial_state(2))[0].shape
    TensorShape([2, 3])
    """

    def __init__(self, cell: Cell, rate: Any = 0.1, *, seed: int | None = None, **options: Any) -> None:
        if not isinstance(cell, Cell):
            raise ValueError(f"Zoneout: expected a seqmem.cells.Cell. Received: {cell!r}")
        rates = tuple(rate) if isinstance(rate, list | tuple) else (rate,) * cell.num_states
        if len(rates) != cell.num_states or not all(0 <= one < 1 for one in rates):
            raise ValueError(
                f"Zoneout: expected one rate, or {cell.num_states}, in [0, 1) each. Received: rate={rate!r}"
            )
        super().__init__(**options)
        self.cell: Cell = cell
        self.rates: tuple[Any, ...] = rates
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.units: int = cell.units
        self.state_size: int | list[int] = cell.state_size
        self.output_size: int = cell.output_size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Build the cell."""
        self.cell.build(input_shape)
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, Any]:
        """Keras's protocol, as of the cell."""
        nested = isinstance(states, list | tuple)
        before = list(states) if nested else [states]
        _, after = self.cell(inputs, before, training=training)
        mixed = [
            self._zoned(old, new, rate, training)
            for old, new, rate in zip(before, after, self.rates, strict=True)
        ]
        return mixed[0], mixed if nested else mixed[0]

    def _zoned(self, old: Any, new: Any, rate: float, training: bool) -> Any:
        if not rate:
            return new
        if not training:
            return rate * old + (1 - rate) * new
        stays = keras.random.uniform(ops.shape(new), dtype=new.dtype, seed=self.seed_generator) < rate
        return ops.where(stays, old, new)

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Those of the cell."""
        states: list[Any] = self.cell.get_initial_state(batch_size)
        return states

    def get_dropout_mask(self, step_input: Any) -> Any:
        """Made before the loop, by Keras's layer; so are all four of these."""
        return self.cell.get_dropout_mask(step_input)

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """That of the cell."""
        return self.cell.get_recurrent_dropout_mask(step_input)

    def reset_dropout_mask(self) -> None:
        """Forget the mask of the cell."""
        self.cell.reset_dropout_mask()

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget the mask of the cell."""
        self.cell.reset_recurrent_dropout_mask()
