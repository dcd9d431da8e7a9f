"""`benchmarks.time_to_score` in seqmem: chunks, `Forecaster.fit`, the average of the last weights."""

import json
import sys
import time

import keras
import numpy as np
import pandas as pd

from benchmarks.harness import THREADS
from benchmarks.time_to_score import HORIZONS, LOOKBACK, PATIENCE, UNITS, span
from seqmem import LSTMCell, RawVariance, Recipe, Split, variance_forecaster
from seqmem.process import configure_cpu

RATE, LABELS, CHUNKS, STEPS = 1e-2, 63, 8, 40  # chunks to a batch at most, steps to an epoch at least


class Tell(keras.callbacks.Callback):
    """A line for each epoch."""

    def __init__(self, begun: float) -> None:
        super().__init__()
        self.begun = begun

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Seconds since the process began, and the loss of the validation windows."""
        print(json.dumps([time.time() - self.begun, (logs or {})["val_loss"]]), flush=True)


def main(file: str, seed: int, begun: float) -> None:
    """Train until it gets no better."""
    configure_cpu(THREADS)
    keras.utils.set_random_seed(seed)
    saved = np.load(file)
    data = {f"series {number}": pd.Series(closes) for number, closes in enumerate(saved["closes"])}
    split = Split.by_share(data, context_length=LOOKBACK + 1, horizon=max(HORIZONS))
    forecaster = variance_forecaster(LSTMCell(UNITS), RawVariance(HORIZONS), LOOKBACK)
    count = len(data) * len(saved["train"])
    batch = max(1, min(CHUNKS, count // (LABELS * STEPS)))
    momentum = span(count, LABELS * batch)
    forecaster.compile(optimizer=keras.optimizers.Adam(RATE, use_ema=True, ema_momentum=momentum))
    recipe = Recipe(epochs=60, patience=2 * PATIENCE, batch_size=batch, chunk_length=LABELS, seed=seed)
    forecaster.fit(data, split, recipe, callbacks=[Tell(begun)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
