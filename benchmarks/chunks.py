"""Windows and chunks: labels a second, and the score, forecast from windows, of variances and of paths."""

import os
import time
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np

import seqmem
from benchmarks.data import closes
from benchmarks.tables import markdown
from seqmem.cells import LSTMCell
from seqmem.data.bars import read_bars
from seqmem.data.windows import Split, split
from seqmem.evaluation import volatility_backtest
from seqmem.evaluation.volatility import losses
from seqmem.experiments.league import network
from seqmem.experiments.studies.simulated import wave
from seqmem.transforms import Standardize

SEEDS = 3


class Fit(NamedTuple):
    """A call of `fit`; several, one after the other, are a way to train."""

    labels: int  # to an example
    batch: int  # examples
    epochs: int = 1000
    seconds: float = np.inf  # after which it ends: then the best epoch is kept, and validation takes its part


Ways = dict[str, tuple[Fit, ...]]


class Task(ABC):
    """What is learnt, in several ways."""

    title: str
    ways: Ways

    @abstractmethod
    def series(self) -> Any:
        """What is learnt from."""

    @abstractmethod
    def forecaster(self) -> Any:
        """A fresh one."""

    @abstractmethod
    def score(self, forecaster: Any, parts: Split) -> float:
        """Of the validation origins, from windows as served: lower is better."""


class Variances(Task):
    """Of the S&P 500, over 1 and 5 days."""

    title = "variances, LSTM(16), lookback 60, S&P 500: 100 x QLIKE"
    ways: Ways = {
        "windows, 64 labels to a batch": (Fit(1, 64, 20),),
        "chunks, 63 labels to a batch, as many epochs": (Fit(63, 1, 20),),
        "windows, 504 labels to a batch": (Fit(1, 504, 40),),
        "chunks, 504 labels to a batch, as many epochs": (Fit(63, 8, 40),),
        "windows, 64 labels to a batch, 3 seconds": (Fit(1, 64, seconds=3.0),),
        "chunks, 63 labels to a batch, 3 seconds": (Fit(63, 1, seconds=3.0),),
    }

    def series(self) -> Any:
        """Bars."""
        return read_bars("bundled:sp500")

    def forecaster(self) -> Any:
        """The league's, one seed."""
        return network("lstm", (1, 5), ranges=True, members=1)

    def score(self, forecaster: Any, parts: Split) -> float:
        """100 x the mean QLIKE of 1 and 5 days, on squared returns and on the range."""
        bars, at = self.series(), parts.validation
        results = volatility_backtest({"m": forecaster}, bars, at, training=int(parts.train[-1]))
        each = [losses(results, proxy, h)["m"].mean() for proxy in ("squared", "parkinson") for h in (1, 5)]
        return 100 * (float(np.mean(each)) + np.log(1e4) - np.log(5) / 2)


class Paths(Task):
    """The path of five days: the encoder-decoder that the search trains."""

    ways: Ways = {
        "windows, 64 labels to a batch": (Fit(1, 64, 20),),
        "chunks, 64 labels, 4 to a batch, as many epochs": (Fit(64, 4, 20),),
        "the same for 18 epochs, windows, 64 to a batch, for 2": (Fit(64, 4, 18), Fit(1, 64, 2)),
        "windows, 256 labels to a batch": (Fit(1, 256, 20),),
        "chunks, 64 labels, 16 to a batch, as many epochs": (Fit(64, 16, 20),),
        "windows, 64 labels to a batch, 3 seconds": (Fit(1, 64, seconds=3.0),),
        "chunks, 64 labels, 4 to a batch, 3 seconds": (Fit(64, 4, seconds=3.0),),
        "the same for 2 seconds, windows, 64 to a batch, for 1": (
            Fit(64, 4, seconds=2.0),
            Fit(1, 64, seconds=1.0),
        ),
    }

    @abstractmethod
    def target(self) -> Any:
        """Of the forecaster."""

    def forecaster(self) -> Any:
        """By squared error and Adam."""
        path = seqmem.EncoderDecoder(LSTMCell(16), LSTMCell(16), horizon=5)
        forecaster = seqmem.Forecaster(path, self.target(), lookback=60)
        forecaster.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
        return forecaster


class Closes(Paths):
    """Of the S&P 500, of which there is next to nothing to be known."""

    title = "paths, two LSTM(16), lookback 60, S&P 500: squared error, % of that of no change"

    def series(self) -> Any:
        """Closes."""
        return closes()

    def target(self) -> Any:
        """Log returns."""
        return seqmem.PricePath()

    def score(self, forecaster: Any, parts: Split) -> float:
        """Of log prices, over the whole path."""
        at = parts.validation
        came = np.log(closes()[at[:, None] + np.arange(1, 6)])
        said, last = np.log(forecaster.forecast(closes(), at)), np.log(closes()[at, None])
        return 100 * float(np.mean((said - came) ** 2) / np.mean((last - came) ** 2))


class Wave(Paths):
    """Of a yearly wave under noise, of which more can be known the further back one sees."""

    title = "paths, two LSTM(16), lookback 60, a yearly wave under noise: % of the wave missed"
    days = 10_000

    def series(self) -> Any:
        """The wave, and noise of standard deviation 1."""
        return wave(self.days) + np.random.default_rng(0).normal(size=self.days)

    def target(self) -> Any:
        """Levels."""
        return seqmem.PricePath(Standardize())

    def score(self, forecaster: Any, parts: Split) -> float:
        """The mean squared distance from the wave without its noise, over its variance."""
        truth = wave(self.days)[parts.validation[:, None] + np.arange(1, 6)]
        said = forecaster.forecast(self.series(), parts.validation)
        return 100 * float(np.mean((said - truth) ** 2) / np.mean(truth**2))


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


def _train(task: Task, way: tuple[Fit, ...], seed: int) -> tuple[float, float]:
    keras.utils.set_random_seed(seed)
    forecaster, series = task.forecaster(), task.series()
    parts = split(len(series), history=forecaster.closes, horizon=5)
    labels, seconds = 0, 0.0
    for fit in way:
        clock = _Clock(fit.seconds)
        options: dict[str, Any] = {"labels": fit.labels, "batch_size": fit.batch, "seed": seed}
        if np.isfinite(fit.seconds):
            options["validation"] = parts.validation
        forecaster.fit(series, parts.train, epochs=fit.epochs, callbacks=[clock], guard=None, **options)
        epochs, each = len(clock.seconds), fit.labels * fit.batch
        labels += epochs * (len(parts.train) // each * each)
        seconds += epochs * float(np.median(clock.seconds[1:] or clock.seconds))  # the first compiles
    return labels / seconds, task.score(forecaster, parts)


def run() -> str:
    """The ways of each task in turns, a few seeds of each."""
    return "\n".join(_table(task) for task in (Variances(), Closes(), Wave()))


def _table(task: Task) -> str:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in task.ways}
    for seed in range(SEEDS):
        for name, way in task.ways.items():
            found[name].append(_train(task, way, seed))
    first = next(iter(task.ways))
    base = float(np.median([rate for rate, _ in found[first]]))
    rows = []
    for name, each in found.items():
        rate, scores = float(np.median([rate for rate, _ in each])), [score for _, score in each]
        spread = f"{np.mean(scores):.1f} ({min(scores):.1f} to {max(scores):.1f})"
        rows.append([name, f"{rate:,.0f}", f"{rate / base:.1f}", spread])
    return markdown([task.title, "labels a second", "times windows'", "validation (lowest, highest)"], rows)
