"""What networks of one recurrence have in common: whatever they put out, they read their inputs once."""

from abc import abstractmethod
from typing import Any

import keras
from keras import ops

from seqmem.networks.base import Network
from seqmem.recurrence import Recurrent

Tensor = Any


class OneRecurrence(Network):
    """A network whose outputs follow from its last inputs and from the states of one recurrence, or of none.

    A subclass makes `recurrent`, in its constructor, and its own weights, and writes `outputs`. It trains on
    chunks, reads on from a state, and tells its gates.
    """

    trains_on_chunks = True
    recurrent: Recurrent | None = None

    @abstractmethod
    def outputs(self, inputs: Tensor, hidden: Tensor | None, chunk_length: int = 1) -> Tensor:
        """Raw outputs [B * L, H, M, K] after each of the last L steps.

        Args:
            inputs: [B, T, F].
            hidden: the outputs of the recurrence [B, T, U], where there is one.
            chunk_length: L.
        """

    def call(
        self, inputs: Tensor, training: bool = False, teacher: Tensor | None = None, chunk_length: int = 1
    ) -> Tensor:
        """[B, T, F] -> [B, H, M, K]; see `Network.call`."""
        inputs = ops.cast(inputs, self.compute_dtype)
        hidden = None
        if self.recurrent is not None:
            hidden, *_ = self.recurrent(inputs, training=training)
        return self.outputs(inputs, hidden, chunk_length)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Those of the cells."""
        return () if self.recurrent is None else tuple(keras.tree.flatten(self.recurrent.cell.state_size))

    def advance(self, inputs: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Read on from where an earlier call ended; see `Network.advance`."""
        inputs = ops.cast(inputs, self.compute_dtype)
        if self.recurrent is None:
            return self.outputs(inputs, None), []
        first = keras.tree.pack_sequence_as(self.recurrent.get_initial_state(1), states)
        hidden, *after = self.recurrent(inputs, initial_state=first)
        return self.outputs(inputs, hidden), keras.tree.flatten(after)

    def gates(self, inputs: Tensor) -> dict[str, Tensor]:
        """What the gates do over [B, T, F]: name -> [B, T, U]."""
        return {} if self.recurrent is None else self.recurrent.gates(inputs)
