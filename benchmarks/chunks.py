"""Variances learnt from windows and from chunks: labels a second, and the score, forecast from windows."""

import os
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import pandas as pd

from benchmarks.tables import markdown
from seqmem.bars import read_bars
from seqmem.evaluation import volatility_backtest
from seqmem.evaluation.volatility import losses
from seqmem.league import network
from seqmem.windows import Split, split

SEEDS = 3
# labels to an example, examples to a batch, epochs, and seconds after which training ends
WAYS: dict[str, tuple[int, int, int, float]] = {
    "windows, 64 labels to a batch": (1, 64, 20, np.inf),
    "chunks, 63 labels to a batch, as many epochs": (63, 1, 20, np.inf),
    "windows, 504 labels to a batch": (1, 504, 40, np.inf),
    "chunks, 504 labels to a batch, as many epochs": (63, 8, 40, np.inf),
    "windows, 64 labels to a batch, 3 seconds": (1, 64, 1000, 3.0),
    "chunks, 63 labels to a batch, 3 seconds": (63, 1, 1000, 3.0),
}


class _Clock(keras.callbacks.Callback):
    """Seconds of each epoch, and an end when there have been enough."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._limit = limit

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begin = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._begin)
        if sum(self.seconds) > self._limit:
            self.model.stop_training = True


def _train(bars: pd.DataFrame, way: tuple[int, int, int, float], seed: int) -> tuple[float, float]:
    labels, batch, epochs, limit = way
    keras.utils.set_random_seed(seed)
    forecaster = network("lstm", (1, 5), ranges=True, members=1)
    parts = split(len(bars), history=forecaster.closes, horizon=5)
    clock = _Clock(limit)
    options: dict[str, Any] = {"epochs": epochs, "labels": labels, "batch_size": batch, "seed": seed}
    forecaster.fit(bars, parts.train, callbacks=[clock], **options)
    count = len(parts.train) // (labels * batch) * labels * batch
    return count / float(np.median(clock.seconds[2:])), _score(forecaster, bars, parts)


def _score(forecaster: Any, bars: pd.DataFrame, parts: Split) -> float:
    """100 x the mean QLIKE of 1 and 5 days, on squared returns and on the range, of validation origins."""
    at = parts.validation
    results = volatility_backtest({"m": forecaster}, bars, at, training=int(parts.train[-1]))
    each = [losses(results, proxy, h)["m"].mean() for proxy in ("squared", "parkinson") for h in (1, 5)]
    return 100 * (float(np.mean(each)) + np.log(1e4) - np.log(5) / 2)


def run() -> str:
    """The ways in turns, a few seeds of each."""
    bars = read_bars("bundled:sp500")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for seed in range(SEEDS):
        for name, way in WAYS.items():
            found[name].append(_train(bars, way, seed))
    base = float(np.median([rate for rate, _ in found["windows, 64 labels to a batch"]]))
    rows = []
    for name, each in found.items():
        rate, scores = float(np.median([rate for rate, _ in each])), [score for _, score in each]
        spread = f"{np.mean(scores):.1f} ({min(scores):.1f} to {max(scores):.1f})"
        rows.append([name, f"{rate:,.0f}", f"{rate / base:.1f}", spread])
    head = ["LSTM(16), lookback 60, S&P 500", "labels a second", "times windows'", "validation, 100 x QLIKE"]
    return markdown(head, rows)
