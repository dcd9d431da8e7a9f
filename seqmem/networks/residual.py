"""A recurrent residual over a linear skip, one head for each horizon."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from seqmem._configured import Configured
from seqmem.networks.ensemble import one_of, widen_for_ensemble
from seqmem.recurrence import Recurrent

Tensor = Any


class ResidualRecurrent(Configured, keras.Model):
    """Linear in the last inputs, plus linear in what a cell remembers of all: [B, T, F] -> [B, H, M].

        y_m = b_m + W_m x_T + V_m h_{m,T}

    All begins at zero: an untrained network says 0, which a `LogVariance` target reads as its scale, and the
    heads first learn what the inputs of the day alone say.

    Args:
        cell: a cell or a list of stacked cells, bottom first. None: the linear map alone, as a rival.
        horizons: days ahead, a head for each, as those of the target.
        members: M, how many such networks, of different first weights, stand side by side; see
            `widen_for_ensemble`.
        skip: whether there is the linear map W. Inputs without bounds must not have one: what is said is an
            exponent.

    Raises:
        ValueError: no horizons, members below 1, or more than one of a cell that is no `Cell`; neither a
            cell nor a skip.

    >>> from seqmem.cells import LSTMCell
    >>> ResidualRecurrent(LSTMCell(8), horizons=(1, 5))(ops.zeros((2, 60, 15))).shape
    TensorShape([2, 2, 1])
    """

    def __init__(
        self,
        cell: Any,
        horizons: Sequence[int] = (1, 5),
        members: int = 1,
        skip: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not horizons or min(horizons) < 1:
            raise ValueError(f"ResidualRecurrent: horizons must be at least 1. Received: {horizons}")
        if cell is None and not skip:
            raise ValueError("ResidualRecurrent: expected a cell, or a skip. Received: neither")
        self.horizons = tuple(horizons)
        self.horizon = max(horizons)
        self.members = members
        self.skip = skip
        self.recurrent = None
        if cell is not None:
            cells = widen_for_ensemble(cell, members)
            self.recurrent = Recurrent(
                cells, return_sequences=True, return_state=True, dtype=self.dtype_policy
            )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of [B, T, F]."""
        heads, zeros = (len(self.horizons), self.members), {"initializer": "zeros"}
        self.bias = self.add_weight(name="bias", shape=heads, **zeros)
        if self.skip:
            self.linear = self.add_weight(name="linear", shape=(input_shape[-1], *heads), **zeros)
        if self.recurrent is not None:
            if not self.recurrent.built:
                self.recurrent.build(input_shape)
            cell = self.recurrent.cell
            units = int(getattr(cell, "cells", [cell])[-1].output_size) // self.members
            self.head = self.add_weight(name="head", shape=(units, *heads), **zeros)
        self.built = True

    def call(self, inputs: Tensor, training: bool = False, labels: int = 1) -> Tensor:
        """Logarithms of variances from [B, T, F]: [B, H, M].

        Args:
            inputs: [B, T, F].
            training: whether to drop out.
            labels: L, answer after each of the last L steps: [B * L, H, M], example by example.
        """
        inputs = ops.cast(inputs, self.compute_dtype)
        hidden = None
        if self.recurrent is not None:
            hidden, *_ = self.recurrent(inputs, training=training)
        return self._say(inputs, hidden, labels)

    @property
    def memory(self) -> list[int]:
        """The widths of the states that `advance` hands on."""
        return [] if self.recurrent is None else keras.tree.flatten(self.recurrent.cell.state_size)

    def advance(self, inputs: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Read on from where an earlier call ended: inputs [B, T, F], any T, and states [B, U] of `memory`.

        Returns:
            What `call` would say had it read all from the start [B, H, M]; the states after step T.
        """
        inputs = ops.cast(inputs, self.compute_dtype)
        if self.recurrent is None:
            return self._say(inputs, None), []
        first = keras.tree.pack_sequence_as(self.recurrent.get_initial_state(1), states)
        hidden, *after = self.recurrent(inputs, initial_state=first)
        return self._say(inputs, hidden), keras.tree.flatten(after)

    def gates(self, inputs: Tensor) -> dict[str, Tensor]:
        """What the gates do over [B, T, F]: name -> [B, T, M * U]."""
        return {} if self.recurrent is None else self.recurrent.gates(inputs)

    def _say(self, inputs: Tensor, hidden: Tensor | None, labels: int = 1) -> Tensor:
        said = ops.cast(self.bias, self.compute_dtype)
        if self.skip:
            last = ops.reshape(inputs[:, -labels:], (-1, inputs.shape[-1]))
            said = said + ops.einsum("bf,fhm->bhm", last, ops.cast(self.linear, last.dtype))
        if hidden is not None:
            hidden = ops.reshape(hidden[:, -labels:], (-1, self.members, self.head.shape[0]))
            said = said + ops.einsum("bmu,uhm->bhm", hidden, ops.cast(self.head, hidden.dtype))
        return said

    def member_weights(self, number: int, alone: "ResidualRecurrent") -> list[np.ndarray]:
        """The weights of one member, in the shapes and order of a network of one."""
        cells = (
            [] if alone.recurrent is None else getattr(alone.recurrent.cell, "cells", [alone.recurrent.cell])
        )
        units = {id(weight): cell.units for cell in cells for weight in cell.weights}
        return [
            one_of(np.asarray(weight), tuple(mine.shape), number, self.members, units.get(id(mine), 1))
            for weight, mine in zip(self.weights, alone.weights, strict=True)
        ]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """[B, T, F] -> [B, H, M]."""
        return (input_shape[0], len(self.horizons), self.members)
