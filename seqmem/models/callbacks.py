"""What watches a fit: a loss that is no longer a number ends it; an average of the weights is kept."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

MOST = 5  # dates that an error names


class TrainingDiverged(ArithmeticError):
    """A loss that is no longer a number."""


class DivergenceRecorder:
    """Remembers the last origins of the first batch whose loss is no number; inside the compiled step."""

    def __init__(self) -> None:
        self._origins = tf.Variable([-1], shape=tf.TensorShape([None]), dtype="int32", trainable=False)

    def forget(self) -> None:
        """Start again with none."""
        self._origins.assign([-1])

    def note(self, loss: Any, origins: Any) -> None:
        """Remember the origins [B, L] of a batch, if its loss is the first that is no number."""
        first = tf.logical_and(~tf.math.is_finite(loss), self._origins[0] < 0)
        tf.cond(first, lambda: self._origins.assign(origins[:, -1]), self._origins.read_value)

    def origins(self) -> np.ndarray:
        """The origins, or none."""
        found = self._origins.numpy()
        return found[found >= 0]


class RaiseWhenDiverged(keras.callbacks.Callback):
    """Raise `TrainingDiverged`: early stopping would restore the first epochs' weights and hide it.

    Args:
        first: the first bad batch, that the training step remembers.
        when: an origin in words, such as its date.
    """

    def __init__(self, first: DivergenceRecorder, when: Callable[[int], str] = str) -> None:
        super().__init__()
        self._first, self._when = first, when

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look at every loss of the epoch."""
        for name, value in (logs or {}).items():
            if not np.isfinite(value):
                raise TrainingDiverged(
                    f"{name} became {value} in epoch {epoch + 1}{self._where()}: "
                    "try a lower learning rate, or look at the prices there"
                )

    def _where(self) -> str:
        origins = np.sort(self._first.origins())
        if not origins.size:
            return ""
        named = ", ".join(self._when(int(origin)) for origin in origins[:MOST])
        more = f" and {origins.size - MOST} more" if origins.size > MOST else ""
        return f", first in a batch of windows that end at {named}{more}"


class _Swap(keras.callbacks.SwapEMAWeights):
    """Keras's: the average stands in the model while it is validated, and after each epoch."""

    def __init__(self) -> None:
        super().__init__(swap_on_epoch=True)


class _Stay(keras.callbacks.Callback):
    """Where training ends before its last epoch, Keras would give up the average for the last weights."""

    def __init__(self, swap: _Swap) -> None:
        super().__init__()
        self._swap = swap

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Once every other callback has said whether to stop."""
        if self.model.stop_training:
            self._swap._finalize_ema_values()


def with_average(
    optimizer: Any, callbacks: Sequence[keras.callbacks.Callback]
) -> list[keras.callbacks.Callback]:
    """The callbacks, and where the optimizer keeps an average of the weights, what puts it in their place.

    Averages of the last iterates lie closer to the optimum than any of them, at no cost in steps (Polyak and
    Juditsky 1992); Keras's optimizers keep an exponential one with ``use_ema=True``.
    """
    if not getattr(getattr(optimizer, "inner_optimizer", optimizer), "use_ema", False):
        return list(callbacks)
    swap = _Swap()
    return [swap, *callbacks, _Stay(swap)]
