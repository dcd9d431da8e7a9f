"""A loss that is no longer a number ends the training."""

import keras
import numpy as np


class Diverged(ArithmeticError):
    """A loss that is no longer a number."""


class RaiseWhenDiverged(keras.callbacks.Callback):
    """Raise `Diverged`: early stopping would restore the first epochs' weights and hide it."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look at every loss of the epoch."""
        for name, value in (logs or {}).items():
            if not np.isfinite(value):
                raise Diverged(f"{name} became {value} in epoch {epoch + 1}: try a lower learning rate")
