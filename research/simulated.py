"""GARCH(1,1), simulated, where the true variance is known: what a network on squared returns learns of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.tables import of_frame
from seqmem import (
    EWMA,
    GARCH,
    ConstantVariance,
    Forecaster,
    GRUCell,
    LSTMCell,
    RawVariance,
    ResidualRecurrent,
    ScaleFreeVariance,
    Split,
    train,
    variance_forecaster,
)

DAYS, LATER = 14_000, 4_000  # to learn from, and to be scored on


def garch(length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Closes in percent of GARCH(.02, .1, .88), and the variance of each next day's return."""
    draw = np.random.default_rng(seed)
    returns, variance = np.empty(length), np.empty(length + 1)
    variance[0] = 1.0
    for t, z in enumerate(draw.normal(size=length)):
        returns[t] = np.sqrt(variance[t]) * z
        variance[t + 1] = 0.02 + 0.1 * returns[t] ** 2 + 0.88 * variance[t]
    return 100 * np.exp(np.cumsum(returns) / 100), variance[1:] / 1e4


def regret(forecast: np.ndarray, variance: np.ndarray) -> float:
    """How much more QLIKE than that of the true variance."""
    ratio = variance / forecast
    return float(np.mean(ratio - np.log(ratio) - 1))


NETWORKS: dict[str, Callable[[], Forecaster]] = {
    "LSTM on squared returns": lambda: variance_forecaster(LSTMCell(16), RawVariance()),
    "GRU on squared returns": lambda: variance_forecaster(GRUCell(16), RawVariance()),
    "LSTM on squared returns, 5 seeds": lambda: variance_forecaster(
        LSTMCell(16), RawVariance(), ensemble_size=5
    ),
    "LSTM, scale-free, 5 seeds": lambda: variance_forecaster(
        LSTMCell(16, dropout=0.4), ScaleFreeVariance(use_range=False), ensemble_size=5
    ),
}


def after(days: int) -> Split:
    """Training on the first days, of which the last fifth stop it early; the rest is the test part."""
    return Split(validation_start=int(days * 0.8), test_start=days, horizon=5)


def fitted(
    make: Callable[[], Forecaster], closes: np.ndarray, days: int, seed: int, **recipe: Any
) -> Forecaster:
    """A network trained on the first days, by its own recipe but for what is given."""
    return train(make, closes, after(days), replace(ResidualRecurrent.recipe, seed=seed, **recipe))


def run(seeds: int = 3, days: int = DAYS, later: int = LATER, **recipe: Any) -> str:
    """The regrets, a column for each simulated series."""
    rows: dict[str, list[float]] = {}
    for seed in range(seeds):
        closes, variance = garch(days + later, seed)
        at = np.arange(days - 1, days + later - 1)
        split = after(days)
        models: dict[str, Any] = {
            "constant": ConstantVariance().fit(closes, split),
            "EWMA": EWMA().fit(closes, split),
            "GARCH, fitted": GARCH().fit(closes, split),
            **{name: fitted(make, closes, days, seed, **recipe) for name, make in NETWORKS.items()},
        }
        for name, model in models.items():
            forecast = model.forecast(closes, at).point[:, 0]
            rows.setdefault(name, []).append(regret(forecast, variance[at]))
    table = pd.DataFrame(rows, index=[f"series {seed}" for seed in range(seeds)]).T
    return of_frame(table, ".5f")
