"""Recurrent forecasters trained and scored on later days, over folds: what several studies measure."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd

from seqmem.cells import cell_class
from seqmem.data.reading import read
from seqmem.data.splits import Split
from seqmem.evaluation.scores import qlike
from seqmem.experiments.studies.simulated import level_arch
from seqmem.models.classics import EWMA, MeanReturn
from seqmem.models.forecaster import Forecaster
from seqmem.models.volatility import variance_forecaster
from seqmem.networks import EncoderDecoder
from seqmem.recipe import Recipe
from seqmem.targets import PricePath, RawVariance, ScaleFreeVariance

SERIES = "bundled:sp500"
KNOWN = 0.7  # of its rows: what comes after is the test part of everything else, and no study reads it
HORIZON = 5
SCORED = 0.12  # of the rows, in each fold; as many before them stop the training


class Trial(NamedTuple):
    """What a training came to.

    Attributes:
        score: a ratio to a baseline, or a regret: lower is better.
        best_epoch: after which the weights were kept, from 1 on.
        epoch_ms: the median epoch, the first of which, that compiles, is left out.
    """

    score: float
    best_epoch: float
    epoch_ms: float


class Task(ABC):
    """A series, and a forecaster of it that any cell goes into."""

    @abstractmethod
    def closes(self) -> np.ndarray:
        """The series."""

    @abstractmethod
    def forecaster(self, make: Any, units: int, lookback: int) -> Forecaster:
        """A forecaster of cells made by `make(units)`."""

    @abstractmethod
    def score(self, forecast: np.ndarray, origins: np.ndarray, split: Split) -> float:
        """How wrong forecasts [N, H] from the origins are; baselines learn from what the split knows."""

    def recipe(self, forecaster: Forecaster, seed: int) -> Recipe:
        """How a forecaster is trained."""
        return replace(forecaster.network.recipe, seed=seed)

    def trial(
        self, cell: str, units: int, lookback: int, longest: int, fold: int, folds: int, seed: int
    ) -> Trial:
        """Train a cell on a fold, with the origins that the `longest` lookback allows, and score it."""
        closes = self.closes()
        make = cell_class(cell)
        context_length = self.forecaster(make, units, longest).context_length
        keras.utils.set_random_seed(seed)
        forecaster = self.forecaster(make, units, lookback)
        split = cut(len(closes), fold, folds, context_length=context_length, horizon=HORIZON)
        clock = _Clock()
        forecaster.fit(closes, split, self.recipe(forecaster, seed), callbacks=[clock])
        losses = forecaster.history.history["val_loss"]
        (origins,) = split.test(closes).values()
        score = self.score(forecaster.forecast(closes, origins).point, origins, split)
        return Trial(score, float(np.argmin(losses) + 1), 1000 * float(np.median(clock.epochs[1:])))


class Returns(Task):
    """The next 5 closes of the S&P 500; squared errors of log prices over those of the mean return."""

    def closes(self) -> np.ndarray:
        """The first 70%."""
        return _known_closes()

    def forecaster(self, make: Any, units: int, lookback: int) -> Forecaster:
        """An encoder-decoder on standardised log returns."""
        return Forecaster(EncoderDecoder(make(units), make(units), horizon=HORIZON), PricePath(), lookback)

    def score(self, forecast: np.ndarray, origins: np.ndarray, split: Split) -> float:
        """Over the whole path."""
        closes = self.closes()
        came = np.log(closes[origins[:, None] + np.arange(1, HORIZON + 1)])
        naive = np.log(MeanReturn(horizon=HORIZON).fit(closes, split).forecast(closes, origins).point)
        return float(np.mean((np.log(forecast) - came) ** 2) / np.mean((naive - came) ** 2))

    def recipe(self, forecaster: Forecaster, seed: int) -> Recipe:
        """A few epochs."""
        return Recipe(epochs=8, patience=3, seed=seed)


class Volatility(Task):
    """The variance of the next day of the S&P 500, from closes; QLIKE over EWMA's."""

    def closes(self) -> np.ndarray:
        """The first 70%."""
        return _known_closes()

    def forecaster(self, make: Any, units: int, lookback: int) -> Forecaster:
        """The league's design, one seed."""
        target = ScaleFreeVariance((1, HORIZON), use_range=False)
        return variance_forecaster(make(units, dropout=0.4), target, lookback)

    def score(self, forecast: np.ndarray, origins: np.ndarray, split: Split) -> float:
        """A day ahead, on squared returns."""
        closes = self.closes()
        came = np.log(closes[origins + 1] / closes[origins]) ** 2
        ewma = EWMA().fit(closes, split).forecast(closes, origins).point
        losses = [float(np.nanmean(qlike(came, one[:, 0]))) for one in (forecast, ewma)]
        return losses[0] / losses[1]


class KnownMemory(Task):
    """A simulated ARCH whose variance weighs its last 40 days alike; the regret against the true variance.

    Regret is the mean of x - log x - 1, x the true variance of the next day over its forecast.
    """

    memory = 40
    days = 6000

    def closes(self) -> np.ndarray:
        """Simulated: the same each time."""
        return _simulated(self.days, self.memory)[0]

    def forecaster(self, make: Any, units: int, lookback: int) -> Forecaster:
        """A network on squared returns, and on nothing older than the lookback."""
        return variance_forecaster(make(units), RawVariance((1, HORIZON)), lookback)

    def score(self, forecast: np.ndarray, origins: np.ndarray, split: Split) -> float:
        """A day ahead."""
        variance = _simulated(self.days, self.memory)[1][origins]
        return float(np.nanmean(qlike(variance, forecast[:, 0])))


TASKS: Mapping[str, type[Task]] = {"returns": Returns, "volatility": Volatility, "simulated": KnownMemory}


def cut(length: int, fold: int, folds: int, *, context_length: int, horizon: int) -> Split:
    """One of `folds` folds that walk forward to the end of `length` rows, and as many to stop early by."""
    width = int(SCORED * length)
    begin = length - (folds - fold) * width  # of what is scored
    return Split(begin - width, begin, end=begin + width, context_length=context_length, horizon=horizon)


def paired(rows: pd.DataFrame, column: str, first: Any, second: Any) -> tuple[float, float]:
    """The mean difference of two scores, within each fold and seed, and its standard error."""
    scores = rows.pivot_table(index=["fold", "seed"], columns=column, values="score")
    difference = scores[first] - scores[second]
    return float(difference.mean()), float(difference.sem())


class _Clock(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begun = time.perf_counter()

    def on_test_begin(self, logs: Any = None) -> None:
        self.epochs.append(time.perf_counter() - self._begun)


@cache
def _known_closes() -> np.ndarray:
    prices = read(SERIES).frame["close"]
    return prices.to_numpy()[: int(KNOWN * len(prices))]


@cache
def _simulated(days: int, memory: int) -> tuple[np.ndarray, np.ndarray]:
    return level_arch(days, memory, share=0.9, seed=0)
