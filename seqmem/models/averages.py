"""The average of the weights that an optimizer keeps, as what is validated and kept."""

from collections.abc import Sequence
from typing import Any

import keras


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
