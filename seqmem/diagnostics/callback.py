"""What a recurrence remembers, epoch by epoch, while it is trained."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqmem.diagnostics.gradients import effective_lookback, gradient_flow
from seqmem.diagnostics.half_life import memory_half_life
from seqmem.diagnostics.traces import saturation
from seqmem.recurrence import Recurrent


class MemoryLog(keras.callbacks.Callback):
    """Adds what is remembered to the logs of each epoch, and so to the history.

    ``half_life`` is the median over the units of the last cell; beside it stand ``effective_lookback`` and
    ``saturated_GATE`` of each gate of the last cell.

    Args:
        layer: the recurrence that is watched.
        sequences: [T, F] or [B, T, F], what it is shown each time; some tens of windows will do.
        folder: write the same for TensorBoard. None: do not.
        every: epochs from one look to the next.

    Raises:
        ValueError: `every` below 1.
    """

    def __init__(
        self, layer: Recurrent, sequences: Any, *, folder: str | Path | None = None, every: int = 1
    ) -> None:
        super().__init__()
        if every < 1:
            raise ValueError(f"MemoryLog: every must be at least 1. Received: {every}")
        self.layer: Recurrent = layer
        self.sequences: np.ndarray = np.asarray(sequences)
        self.every: int = every
        self.writer: Any = None if folder is None else tf.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look, and write down what is seen."""
        if epoch % self.every:
            return
        lives = memory_half_life(self.layer, self.sequences)["half_life"]
        gates = saturation(self.layer, self.sequences)
        last = lives.index.get_level_values("cell").max()
        seen = {
            "half_life": float(lives.loc[last].median()),
            "effective_lookback": float(effective_lookback(gradient_flow(self.layer, self.sequences))),
            **{
                f"saturated_{gate}": float(row[["low", "high"]].sum())
                for gate, row in gates.loc[last].iterrows()
            },
        }
        if logs is not None:
            logs.update(seen)
        if self.writer is not None:
            with self.writer.as_default():
                for name, value in seen.items():
                    tf.summary.scalar(f"memory/{name}", value, step=epoch)
            self.writer.flush()
