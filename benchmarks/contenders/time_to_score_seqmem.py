"""`benchmarks.time_to_score` in seqmem: chunks, `Forecaster.fit`, the average of the last weights."""

import json
import sys
import time

import keras
import numpy as np

from benchmarks.harness import THREADS
from benchmarks.time_to_score import HORIZONS, LOOKBACK, PATIENCE, UNITS, span
from seqmem.cells import LSTMCell
from seqmem.losses import QLIKE
from seqmem.models.volatility import VolatilityForecaster
from seqmem.process import configure_cpu
from seqmem.targets import RawVariance

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
    data = np.load(file)
    forecaster = VolatilityForecaster(LSTMCell(UNITS), RawVariance(HORIZONS), LOOKBACK)
    series = list(data["closes"])
    count = len(series) * len(data["train"])
    batch = max(1, min(CHUNKS, count // (LABELS * STEPS)))
    momentum = span(count, LABELS * batch)
    optimizer = keras.optimizers.Adam(RATE, use_ema=True, ema_momentum=momentum)
    forecaster.compile(optimizer=optimizer, loss=QLIKE())
    options = {"epochs": 60, "patience": 2 * PATIENCE, "seed": seed, "callbacks": [Tell(begun)]}
    options |= {"labels": LABELS, "batch_size": batch}
    train, validation = ([data[name]] * len(series) for name in ("train", "validation"))
    forecaster.fit(series, train, validation=validation, **options)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
