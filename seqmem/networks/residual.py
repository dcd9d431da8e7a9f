"""A recurrent residual over a linear skip, one output for each horizon."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from keras import ops

from seqmem.heads import Head, LogVariance
from seqmem.networks.ensemble import one_of, widen_for_ensemble
from seqmem.networks.keras_network import as_horizons
from seqmem.networks.one_recurrence import OneRecurrence
from seqmem.recipe import Recipe
from seqmem.recurrence import Recurrent

Tensor = Any


class ResidualRecurrent(OneRecurrence):
    """Linear in the last inputs, plus linear in the state of a cell after all: [B, T, F] -> [B, H, M, K].

        y_m = b_m + W_m x_T + V_m h_{m,T}

    All begins at zero: an untrained network gives 0, which a variance target reads as its scale, and the
    weights first learn what the inputs of the last row alone tell.

    Args:
        cell: a cell or a list of stacked cells, bottom first. None: the linear map alone, as a benchmark.
        horizons: rows ahead, an output for each; a whole number H stands for 1, ..., H.
        members: M, networks of different first weights, side by side; see `widen_for_ensemble`.
        skip: whether there is the linear map W. Inputs without bounds must not have one where the head reads
            an exponent.
        head: what an output is; by default the logarithm of a variance.

    Raises:
        ValueError: no horizons, members below 1, or more than one of a cell that is no `Cell`; neither a
            cell nor a skip.

    >>> from seqmem.cells import LSTMCell
    >>> ResidualRecurrent(LSTMCell(8), horizons=(1, 5))(ops.zeros((2, 60, 15))).shape
    TensorShape([2, 2, 1, 1])
    """

    recipe: ClassVar[Recipe] = Recipe(
        learning_rate=1e-2, cosine=True, epochs=60, patience=20, batch_size=8, chunk_length=63
    )

    def __init__(
        self,
        cell: Any,
        horizons: int | Sequence[int] = (1, 5),
        members: int = 1,
        skip: bool = True,
        head: Head | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if cell is None and not skip:
            raise ValueError("ResidualRecurrent: expected a cell, or a skip. Received: neither")
        self.horizons: tuple[int, ...] = as_horizons(horizons, type(self).__name__)
        self.head: Head = head or LogVariance()
        self.members = members
        self.skip = skip
        if cell is not None:
            cells = widen_for_ensemble(cell, members)
            self.recurrent = Recurrent(
                cells, return_sequences=True, return_state=True, dtype=self.dtype_policy
            )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of [B, T, F]."""
        outputs, zeros = (len(self.horizons), self.members, self.head.width), {"initializer": "zeros"}
        self.bias: Any = self.add_weight(name="bias", shape=outputs, **zeros)
        if self.skip:
            self.linear: Any = self.add_weight(name="linear", shape=(input_shape[-1], *outputs), **zeros)
        if self.recurrent is not None:
            if not self.recurrent.built:
                self.recurrent.build(input_shape)
            cell = self.recurrent.cell
            units = int(getattr(cell, "cells", [cell])[-1].output_size) // self.members
            self.readout: Any = self.add_weight(name="readout", shape=(units, *outputs), **zeros)
        self.built = True

    def outputs(self, inputs: Tensor, hidden: Tensor | None, chunk_length: int = 1) -> Tensor:
        """The equation above, for each horizon and member."""
        outputs = ops.cast(self.bias, self.compute_dtype)
        if self.skip:
            last = ops.reshape(inputs[:, -chunk_length:], (-1, inputs.shape[-1]))
            outputs = outputs + ops.einsum("bf,fhmk->bhmk", last, ops.cast(self.linear, last.dtype))
        if hidden is not None:
            hidden = ops.reshape(hidden[:, -chunk_length:], (-1, self.members, self.readout.shape[0]))
            outputs = outputs + ops.einsum("bmu,uhmk->bhmk", hidden, ops.cast(self.readout, hidden.dtype))
        return outputs

    def member_weights(self, number: int, alone: "ResidualRecurrent") -> list[np.ndarray]:
        """The weights of one member, in the shapes and order of a network of one."""
        cell = None if alone.recurrent is None else alone.recurrent.cell
        cells = [] if cell is None else getattr(cell, "cells", [cell])
        units = {id(weight): each.units for each in cells for weight in each.weights}
        return [
            one_of(np.asarray(weight), tuple(mine.shape), number, self.members, units[id(mine)])
            if id(mine) in units
            else np.asarray(weight)[..., number : number + 1, :]
            for weight, mine in zip(self.weights, alone.weights, strict=True)
        ]
