"""The plain recurrent cell."""

from typing import Any

import keras

from seqmem.cells.activated import ActivatedCell
from seqmem.cells.activations import Activation, tanh
from seqmem.cells.base import Step


class RNNCell(ActivatedCell):
    """The simple recurrent cell (Elman 1990, "Finding structure in time").

    h_t = tanh(W x_t + U h_{t-1} + b)

    Weights as in `keras.layers.SimpleRNN`: kernel [F, U], recurrent_kernel [U, U], bias [U].

    >>> import numpy as np
    >>> RNNCell(3)(np.ones((2, 1)), [np.zeros((2, 3))])[0].shape
    TensorShape([2, 3])
    """

    gates = {"hidden": tanh}

    def __init__(self, units: int, activation: Any = "tanh", *, seed: Any = None, **options: Any) -> None:
        # Keras's cell draws this seed before those of its weights: the same seed then gives the same weights.
        seed_generator = (
            seed if isinstance(seed, keras.random.SeedGenerator) else keras.random.SeedGenerator(seed)
        )
        super().__init__(units, activation, seed=seed_generator, **options)
        self.seed: Any | None = None if seed is seed_generator else seed

    def equations(
        self, x: Any, r: Any, states: tuple[Any, ...], sigmoid: Activation, tanh: Activation
    ) -> Step:
        """H = tanh(x + r)."""
        h = tanh(x + r)
        return Step(h, (h,), {"hidden": h})
