"""Windows and chunks: labels a second, and the score, forecast from windows, of variances and of paths."""

import os
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np

import seqmem
from benchmarks.data import closes
from benchmarks.tables import markdown
from seqmem import LSTMCell, Split, Standardize
from seqmem.evaluation import QLIKE, ParkinsonRange, SquaredReturns, evaluate
from seqmem.experiments.league import Design
from seqmem.experiments.studies.simulated import wave

SEEDS = 3


class Fit(NamedTuple):
    """A call of `fit`; several, one after the other, are a way to train."""

    chunk_length: int
    batch_size: int
    epochs: int = 1000
    seconds: float = np.inf  # after which it ends: then the best epoch is kept, and validation takes its part

    def sizes(self) -> dict[str, int]:
        """What a recipe is told."""
        return {"chunk_length": self.chunk_length, "batch_size": self.batch_size, "epochs": self.epochs}


Ways = dict[str, tuple[Fit, ...]]


class Task(ABC):
    """What is learnt, in several ways."""

    title: str
    ways: Ways
    recipe: seqmem.Recipe

    @abstractmethod
    def series(self) -> Any:
        """What is learnt from."""

    @abstractmethod
    def forecaster(self) -> seqmem.Forecaster:
        """A fresh one."""

    @abstractmethod
    def score(self, forecaster: seqmem.Forecaster, scored: Split) -> float:
        """Of the origins of a test part, from windows as served: lower is better."""


class Variances(Task):
    """Of the S&P 500, over 1 and 5 days."""

    recipe = seqmem.ResidualRecurrent.recipe
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
        """Highs, lows and closes."""
        return seqmem.read("bundled:sp500")

    def forecaster(self) -> seqmem.Forecaster:
        """The league's, one seed."""
        return Design(use_range=True, ensemble_size=1).forecaster("lstm")

    def score(self, forecaster: seqmem.Forecaster, scored: Split) -> float:
        """100 x the mean QLIKE of 1 and 5 days, on squared returns and on the range."""
        proxies = [QLIKE(SquaredReturns()), QLIKE(ParkinsonRange())]
        losses = evaluate({"m": forecaster}, self.series(), scored, proxies).losses["loss"]
        return 100 * (float(losses.mean()) + np.log(1e4) - np.log(5) / 2)


class Paths(Task):
    """The path of five days: the encoder-decoder that the search trains."""

    recipe = seqmem.Recipe(learning_rate=3e-3)
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

    def forecaster(self) -> seqmem.Forecaster:
        """An encoder-decoder."""
        path = seqmem.EncoderDecoder(LSTMCell(16), LSTMCell(16), horizon=5)
        return seqmem.Forecaster(path, self.target(), lookback=60)


class Closes(Paths):
    """Of the S&P 500, of which there is next to nothing to be known."""

    title = "paths, two LSTM(16), lookback 60, S&P 500: squared error, % of that of no change"

    def series(self) -> Any:
        """Closes."""
        return closes()

    def target(self) -> Any:
        """Log returns."""
        return seqmem.PricePath()

    def score(self, forecaster: seqmem.Forecaster, scored: Split) -> float:
        """Of log prices, over the whole path."""
        at = scored.test(closes())["series"]
        actual = np.log(closes()[at[:, None] + np.arange(1, 6)])
        forecast, last = np.log(forecaster.forecast(closes(), at).point), np.log(closes()[at, None])
        return 100 * float(np.mean((forecast - actual) ** 2) / np.mean((last - actual) ** 2))


class Wave(Paths):
    """Of a yearly wave under noise, of which more can be known the further back one sees."""

    title = "paths, two LSTM(16), lookback 60, a yearly wave under noise: % of the wave missed"
    days = 10_000

    def series(self) -> Any:
        """The wave, and noise of standard deviation 1."""
        noise = np.random.default_rng(0).normal(size=self.days)
        return seqmem.read(wave(self.days) + noise, allow_negative=True)

    def target(self) -> Any:
        """Levels."""
        return seqmem.PricePath(Standardize())

    def score(self, forecaster: seqmem.Forecaster, scored: Split) -> float:
        """The mean squared distance from the wave without its noise, over its variance."""
        at = scored.test(self.series())["series"]
        truth = wave(self.days)[at[:, None] + np.arange(1, 6)]
        forecast = forecaster.forecast(self.series(), at).point
        return 100 * float(np.mean((forecast - truth) ** 2) / np.mean(truth**2))


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
    forecaster, data = task.forecaster(), task.series()
    split = Split.by_share(data, context_length=forecaster.context_length, horizon=5)
    # its validation part is scored, and stops a fit alone that ends after seconds
    scored = replace(split, validation_start=None, test_start=split.validation_start, end=split.test_start)
    (train,) = split.train(data).values()
    labels, seconds = 0, 0.0
    for fit in way:
        clock = _Clock(fit.seconds)
        recipe = replace(task.recipe, **fit.sizes(), patience=None, seed=seed)
        chosen = split if np.isfinite(fit.seconds) else scored
        forecaster.fit(data, chosen, recipe, callbacks=[clock], check_inputs=None)
        epochs, each = len(clock.seconds), fit.chunk_length * fit.batch_size
        labels += epochs * (len(train) // each * each)
        seconds += epochs * float(np.median(clock.seconds[1:] or clock.seconds))  # the first compiles
    return labels / seconds, task.score(forecaster, scored)


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
