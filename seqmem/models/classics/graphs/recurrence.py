"""The recurrence that a fitted classic of variances is, as a network."""

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from seqmem._configured import Configured
from seqmem.heads import Head, LogVariance
from seqmem.networks.keras_network import as_horizons
from seqmem.networks.one_recurrence import OneRecurrence
from seqmem.recipe import Recipe
from seqmem.recurrence import Recurrent

Tensor = Any
WIDEST = 80.0  # of a logarithm: float32 has no larger power of e


class VarianceRecurrence(OneRecurrence):
    """Daily variances that are linear in the last inputs and in the state of a cell, or their logarithms are.

        y_k = b_k + W_k x_T + V_k s_T,    v_h = mean of the first h of g(y_k),    g = exp, or nothing

    The output is log v_h, held within bounds: all classics of variances are of this form. Its weights are
    what they were fitted to, and may be trained further.

    Args:
        cell: a cell of the state s, or none.
        horizons: rows ahead, an output for each.
        daily: whether there is a y for each day ahead; otherwise there is one for each horizon.
        exponential: whether y is the logarithm of a variance.
        bounds: the lowest and the highest of log v_h, [2][H].
        head: what an output is; by default the logarithm of a variance.

    >>> VarianceRecurrence(None, horizons=(1, 5))(ops.ones((2, 1, 3))).shape
    TensorShape([2, 2, 1, 1])
    """

    recipe: ClassVar[Recipe] = Recipe(
        learning_rate=1e-3, cosine=True, epochs=20, patience=5, batch_size=8, chunk_length=63
    )

    def __init__(
        self,
        cell: Any,
        horizons: int | Sequence[int] = (1, 5),
        daily: bool = False,
        exponential: bool = False,
        bounds: Sequence[Sequence[float]] | None = None,
        head: Head | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.horizons: tuple[int, ...] = as_horizons(horizons, type(self).__name__)
        self.head: Head = head or LogVariance()
        self.daily = daily
        self.exponential = exponential
        widest = [[-WIDEST] * len(self.horizons), [WIDEST] * len(self.horizons)]
        self._bounds = np.asarray(bounds or widest, "float32")
        if cell is not None:
            self.recurrent = Recurrent(
                cell, return_sequences=True, return_state=True, dtype=self.dtype_policy
            )

    @property
    def days(self) -> int:
        """How many y there are."""
        return max(self.horizons) if self.daily else len(self.horizons)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of [B, T, F]."""
        zeros, days = {"initializer": "zeros"}, self.days
        self.bias: Any = self.add_weight(name="bias", shape=(days,), initializer="ones")
        self.linear: Any = self.add_weight(name="linear", shape=(input_shape[-1], days), **zeros)
        if self.recurrent is not None:
            if not self.recurrent.built:
                self.recurrent.build(input_shape)
            units = int(self.recurrent.cell.output_size)
            self.readout: Any = self.add_weight(name="readout", shape=(units, days), **zeros)
        self.built = True

    def outputs(self, inputs: Tensor, hidden: Tensor | None, chunk_length: int = 1) -> Tensor:
        """Log v_h [B, H, 1, 1]."""
        last = ops.reshape(inputs[:, -chunk_length:], (-1, inputs.shape[-1]))
        found = ops.cast(self.bias, last.dtype) + ops.matmul(last, ops.cast(self.linear, last.dtype))
        if hidden is not None:
            state = ops.reshape(hidden[:, -chunk_length:], (-1, self.readout.shape[0]))
            found = found + ops.matmul(state, ops.cast(self.readout, state.dtype))
        if self.exponential:
            found = ops.exp(ops.clip(found, -WIDEST, WIDEST))
        if self.daily:
            first = np.arange(self.days)[:, None] < np.array(self.horizons)  # the days of each horizon
            found = ops.matmul(found, ops.cast(first / np.array(self.horizons), found.dtype))
        bounds = ops.cast(self._bounds, found.dtype)
        logs = ops.log(ops.maximum(found, ops.exp(bounds[0])))
        return ops.minimum(logs, bounds[1])[..., None, None]


class EGARCHCell(Configured, keras.layers.Layer):
    """EGARCH(1,1,1) (Nelson 1991) of a return e, as an RNN cell: d is log v less its mean.

        z_t = e_t exp(-(level + d_t) / 2)
        d_{t+1} = alpha (|z_t| - sqrt(2 / pi)) + gamma z_t + beta d_t

    Args:
        level, alpha, gamma, beta: what the weights begin with.
    """

    def __init__(
        self, level: float = 0.0, alpha: float = 0.1, gamma: float = 0.0, beta: float = 0.95, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.state_size: int = 1
        self.output_size: int = 1
        self._starts = {"level": level, "alpha": alpha, "gamma": gamma, "beta": beta}

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the four weights."""
        for name, value in self._starts.items():
            start = keras.initializers.Constant(value)
            setattr(self, name, self.add_weight(name=name, shape=(), initializer=start))
        self.built = True

    def call(self, inputs: Tensor, states: Any) -> tuple[Tensor, Any]:
        """Keras's protocol: inputs [B, 1] and states to (output [B, 1], new states)."""
        before = states[0]
        logs = ops.clip(self.level + before, -WIDEST, WIDEST)
        z = inputs * ops.exp(-logs / 2)
        after = self.alpha * (ops.abs(z) - float(np.sqrt(2 / np.pi))) + self.gamma * z + self.beta * before
        return after, [after]

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Zero: the mean of the log variance."""
        return [ops.zeros((batch_size, 1), dtype=self.compute_dtype)]
