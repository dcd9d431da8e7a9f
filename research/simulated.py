"""GARCH(1,1), simulated, where the true variance is known: what a network on squared returns learns of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.tables import of_frame
from seqmem.cells import GRUCell, LSTMCell
from seqmem.data.splits import Split
from seqmem.models.classics import EWMA, GARCH, ConstantVariance
from seqmem.models.forecaster import Forecaster
from seqmem.models.training import train
from seqmem.models.volatility import variance_forecaster
from seqmem.networks import ResidualRecurrent
from seqmem.targets import RawVariance, ScaleFreeVariance

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
    "LSTM on r²": lambda: variance_forecaster(LSTMCell(16), RawVariance()),
    "GRU on r²": lambda: variance_forecaster(GRUCell(16), RawVariance()),
    "LSTM on r², 5 seeds": lambda: variance_forecaster(LSTMCell(16), RawVariance(), ensemble_size=5),
    "LSTM, scale-free, 5 seeds": lambda: variance_forecaster(
        LSTMCell(16, dropout=0.4), ScaleFreeVariance(use_range=False), ensemble_size=5
    ),
}


def fitted(make: Callable[[], Forecaster], closes: np.ndarray, days: int, seed: int) -> Forecaster:
    """A network trained on the first days, of which the last fifth stop it early."""
    recipe = replace(ResidualRecurrent.recipe, seed=seed)
    return train(make, closes, Split(int(days * 0.8), days), recipe)


def run(seeds: int = 3) -> str:
    """The regrets, a column for each simulated series."""
    rows: dict[str, list[float]] = {}
    for seed in range(seeds):
        closes, variance = garch(DAYS + LATER, seed)
        at, known = np.arange(DAYS - 1, DAYS + LATER - 1), Split(None, DAYS)
        models: dict[str, Any] = {
            "constant": ConstantVariance().fit(closes, known),
            "EWMA": EWMA().fit(closes, known),
            "GARCH, fitted": GARCH().fit(closes, known),
            **{name: fitted(make, closes, DAYS, seed) for name, make in NETWORKS.items()},
        }
        for name, model in models.items():
            rows.setdefault(name, []).append(regret(model.forecast(closes, at).point[:, 0], variance[at]))
    table = pd.DataFrame(rows, index=[f"series {seed}" for seed in range(seeds)]).T
    return of_frame(table, ".5f")
