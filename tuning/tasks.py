"""What a search is for: the forecaster that a choice makes, and what it is worth beside the classics."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd

from seqmem.cells import cell_class
from seqmem.data.bars import as_bars
from seqmem.evaluation import (
    backtest,
    edge,
    volatility_backtest,
    volatility_scores,
    volatility_verdict,
)
from seqmem.evaluation.paths import scores
from seqmem.losses import QLIKE
from seqmem.models.classics import REFERENCES, LastClose, WalkForward, benchmark_models, naive_models
from seqmem.models.forecaster import Forecaster
from seqmem.models.volatility import variance_forecaster as VolatilityForecaster  # noqa: N812
from seqmem.networks import EncoderDecoder, EnsembleMean
from seqmem.targets import PricePath, ScaleFreeVariance, Target
from tuning.space import DEFAULT, SearchSpace

Train = Callable[[Callable[[], Forecaster], int], Forecaster]


class Task(ABC):
    """What a trial builds and is judged by.

    Attributes:
        horizon: days ahead that it needs.
        takes: the types of the series, and what to call them in an error.
        space: what to choose from, where nobody says.
        labels: origins to an example, where nobody says.
        batch_size: labels in a batch, likewise.
        epochs: of a trial, at most, likewise.
        patience: epochs without a better validation loss, likewise.
        default: the configuration that is tried first, or the nearest that the space has.
    """

    horizon: int
    takes: tuple[type, ...] = (pd.Series,)
    takes_words = "a Series, see read_prices"
    space = SearchSpace()
    labels = 1
    batch_size = 64
    epochs = 20
    patience = 4
    default: Mapping[str, Any] = DEFAULT

    @abstractmethod
    def forecaster(self, choice: Mapping[str, Any], series: Any) -> Forecaster:
        """The forecaster of a choice of the space, not compiled."""

    @abstractmethod
    def naive_loss(self, series: Any, train: np.ndarray, at: np.ndarray) -> float:
        """The validation loss, from origins `at`, of what anybody can say without a network."""

    @abstractmethod
    def judge(
        self, name: str, forecaster: Forecaster, series: Any, at: np.ndarray
    ) -> tuple[pd.DataFrame, str]:
        """Scores beside the classics on test origins, and the verdict in plain words."""

    def averaged(self, make: Callable[[Self], Forecaster], train: Train, seeds: int) -> Forecaster:
        """One fitted forecaster of several seeds: the mean of what theirs say.

        Args:
            make: makes the compiled forecaster of this task, or of another like it.
            train: called with what makes a forecaster and with a seed; returns it fitted.
            seeds: how many.
        """
        fitted = [train(partial(make, self), seed) for seed in range(seeds)]
        if seeds == 1:
            return fitted[0]
        first = fitted[0]
        return Forecaster(EnsembleMean([one.network for one in fitted]), first.target, first.lookback)

    def check(self, series: Any) -> None:
        """Refuse what is no series of this task.

        Raises:
            ValueError: what was expected, and what was received.
        """
        if not isinstance(series, self.takes):
            raise ValueError(f"prices must be {self.takes_words}. Received: {type(series).__name__}")

    def loss(self) -> Any:
        """The loss of training and validation."""
        return "mse"

    def target(self, series: Any) -> Target:
        """What the forecaster of a series is asked for."""
        return PricePath()

    def history(self, lookback: int, series: Any) -> int:
        """How many rows a window of so many steps reads."""
        return lookback + self.target(series).lag


class PathTask(Task):
    """The path of the next closes, by an encoder-decoder.

    Args:
        horizon: H, the days ahead.
    """

    def __init__(self, horizon: int = 5) -> None:
        self.horizon = horizon

    def forecaster(self, choice: Mapping[str, Any], series: Any) -> Forecaster:
        """An encoder-decoder of stacked cells on both sides."""
        network = EncoderDecoder(_stack(choice), _stack(choice), horizon=self.horizon)
        return Forecaster(network, self.target(series), choice["lookback"])

    def naive_loss(self, series: pd.Series, train: np.ndarray, at: np.ndarray) -> float:
        """The mean squared error of standardised daily log returns of "every close is the last one"."""
        target, values = self.target(series), series.to_numpy()
        target.adapt([values[: train[-1] + self.horizon + 1]])
        history = values[at[:, None] + np.arange(-1, 1)]
        future = values[at[:, None] + np.arange(1, self.horizon + 1)]
        unchanged = LastClose(horizon=self.horizon).forecast(values, at).point
        label, said = (np.asarray(target.label(path, history)) for path in (future, unchanged))
        return float(np.mean((label - said) ** 2))

    def judge(
        self, name: str, forecaster: Forecaster, series: Any, at: np.ndarray
    ) -> tuple[pd.DataFrame, str]:
        """Errors of the cumulative log return beside last close, drift and mean return."""
        stop = int(at[0]) + 1  # the first row of the test part
        baselines = {other: model.fit(series, stop) for other, model in naive_models(self.horizon).items()}
        results = backtest({name: forecaster, **baselines}, series, at)
        return scores(results, training=series.iloc[:stop].to_numpy()), edge(results, name)


class VolatilityTask(Task):
    """The variance over the next days, by a recurrent residual over log EWMA, trained on chunks.

    Args:
        horizons: days ahead that a variance covers.
        members: seeds of each trial.
        every: rows from refit to refit of the classics that the winner is judged beside.
    """

    space = SearchSpace(units=(8, 16, 32), learning_rates=(3e-3, 1e-2), dropouts=(0.0, 0.2, 0.4))
    takes = (pd.Series, pd.DataFrame)
    takes_words = "bars or closes, see read_bars"
    labels = 63
    batch_size = 8 * 63
    epochs = 60  # of few batches each
    patience = 15
    default: Mapping[str, Any] = {**DEFAULT, "learning_rate": 1e-2}

    def __init__(self, horizons: Sequence[int] = (1, 5), members: int = 1, every: int = 63) -> None:
        self.horizons = tuple(horizons)
        self.horizon = max(horizons)
        self.members = members
        self.every = every

    def loss(self) -> Any:
        """QLIKE."""
        return QLIKE()

    def forecaster(self, choice: Mapping[str, Any], series: Any) -> Forecaster:
        """A forecaster of variances, that reads the range where there is one."""
        return VolatilityForecaster(_stack(choice), self.target(series), choice["lookback"], self.members)

    def naive_loss(self, series: Any, train: np.ndarray, at: np.ndarray) -> float:
        """QLIKE of RiskMetrics' EWMA, whose logarithm over the scale of the labels is 0."""
        target = self.target(series)
        levels = target.levels(series)
        target.adapt([levels[: train[-1] + self.horizon + 1]])
        history = levels[at[:, None] + np.arange(-target.memory, 1)]
        future = levels[at[:, None] + np.arange(1, self.horizon + 1)]
        label = np.asarray(target.label(future, history))
        return float(np.mean(self.loss().call(label, np.zeros_like(label))))

    def judge(
        self, name: str, forecaster: Forecaster, series: Any, at: np.ndarray
    ) -> tuple[pd.DataFrame, str]:
        """QLIKE beside GARCH and its family, walked forward."""
        stop = int(at[0]) + 1
        ranges = as_bars(series).shape[1] > 1
        models = {
            other: WalkForward(baseline, self.every).fit(series, stop)
            for other, baseline in benchmark_models(self.horizons, use_range=ranges).items()
        }
        results = volatility_backtest(
            {name: forecaster, **models}, series, at, training=stop, horizons=self.horizons
        )
        linear = ["log HAR"] if ranges else []
        verdict = volatility_verdict(results, name, references=REFERENCES, linear=linear)
        return volatility_scores(results, references=REFERENCES), verdict

    def averaged(self, make: Callable[[Self], Forecaster], train: Train, seeds: int) -> Forecaster:
        """Members side by side, trained as one; what they say is their geometric mean."""
        task = type(self)(self.horizons, members=self.members * seeds, every=self.every)
        return train(partial(make, task), 0)

    def target(self, series: Any) -> ScaleFreeVariance:
        """Scale-free, from the range where there is one."""
        ranges = as_bars(series).shape[1] > 1
        return ScaleFreeVariance(self.horizons, range_share=0.5 if ranges else 0.0, ranges=ranges)


def _stack(choice: Mapping[str, Any]) -> list[Any]:
    cell = cell_class(choice["cell"])
    return [cell(choice["units"], dropout=choice["dropout"]) for _ in range(choice["layers"])]
