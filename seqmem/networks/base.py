"""The contract of a network: from the inputs of a target to the raw outputs of a head."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import keras

from seqmem._configured import Configured
from seqmem.heads import Head
from seqmem.recipe import Recipe

Tensor = Any


class Network(Configured, keras.Model, ABC):
    """From [B, T, F] to the raw outputs of its head [B, H, M, K].

    A subclass has `horizons` and `head`, and writes `call`. What else it can do, it says: to train on chunks,
    to read on from a state (`state_sizes` and `advance`), to tell what its gates do.

    Attributes:
        horizons: rows ahead of each of the H outputs, ascending.
        head: what the last axis means.
        members: M, networks that stand side by side as an ensemble.
        trains_on_chunks: whether `call` takes a chunk_length above 1.
        recipe: how such a network is trained where nobody says otherwise.
    """

    horizons: tuple[int, ...]
    head: Head
    members: int = 1
    trains_on_chunks: ClassVar[bool] = False
    recipe: ClassVar[Recipe] = Recipe()

    @abstractmethod
    def call(
        self, inputs: Tensor, training: bool = False, teacher: Tensor | None = None, chunk_length: int = 1
    ) -> Tensor:
        """Raw outputs [B, H, M, K].

        Args:
            inputs: [B, T, F].
            training: whether to drop out.
            teacher: the labels [B * L, H, 1], for a decoder that is fed the truth in training.
            chunk_length: L. Answer after each of the last L steps: [B * L, H, M, K], example by example.
        """

    @property
    def state_sizes(self) -> tuple[int, ...] | None:
        """The widths of the states that `advance` hands on; None where it cannot read on."""
        return None

    def advance(self, inputs: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Read on from where an earlier call ended: inputs [B, T, F], any T, and states [B, U].

        Returns:
            What `call` would give had it read all from the start [B, H, M, K]; the states after step T.

        Raises:
            NotImplementedError: a network without `state_sizes`.
        """
        raise NotImplementedError(f"{type(self).__name__}: cannot read on from a state")

    def gates(self, inputs: Tensor) -> dict[str, Tensor]:
        """What the gates do over [B, T, F]: name -> [B, T, U]; none where there are none."""
        return {}

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """[B, T, F] -> [B, H, M, K]."""
        return (input_shape[0], len(self.horizons), self.members, self.head.width)
