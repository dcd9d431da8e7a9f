"""How the volatility network was chosen: on the first 70% of two series, two folds forward.

Each fold trains on the rows before it (the last fifth of them stop it early) and is scored on the 14% of the
series after them: 100 x the mean of log v + y / v, in percent squared, over both folds of both series.
"""

from typing import Any

import keras
import numpy as np
import pandas as pd

from benchmarks.tables import of_frame
from seqmem.cells import GRUCell, LSTMCell, RNNCell
from seqmem.data.bars import read_bars
from seqmem.data.windows import origins
from seqmem.evaluation import volatility_backtest
from seqmem.evaluation.volatility import losses
from seqmem.models.classics import GARCH, LogHAR, RangeHAR, WalkForward
from seqmem.models.volatility import VolatilityForecaster
from seqmem.targets import RawVariance, ScaleFreeVariance

FOLDS = ((0.42, 0.56), (0.56, 0.70))
CELLS = {"LSTM": LSTMCell, "GRU": GRUCell, "RNN": RNNCell}


def _network(
    cell: str | None, *, units: int = 16, dropout: float = 0.4, lookback: int = 60, **target: Any
) -> Any:
    made = None if cell is None else CELLS[cell](units, dropout=dropout)
    options = {"range_share": 0.5} | target
    return VolatilityForecaster(made, ScaleFreeVariance(**options), lookback, members=5)


DESIGNS: dict[str, tuple[Any, dict[str, Any]]] = {
    "linear skip alone": (lambda: _network(None), {}),
    "LSTM": (lambda: _network("LSTM"), {}),
    "GRU": (lambda: _network("GRU"), {}),
    "RNN": (lambda: _network("RNN"), {}),
    "GRU, 32 units": (lambda: _network("GRU", units=32), {}),
    "GRU, lookback 20": (lambda: _network("GRU", lookback=20), {}),
    "GRU, lookback 120": (lambda: _network("GRU", lookback=120), {}),
    "GRU, no dropout": (lambda: _network("GRU", dropout=0.0), {}),
    "GRU, dropout .2": (lambda: _network("GRU", dropout=0.2), {}),
    "GRU, learns from r² alone": (lambda: _network("GRU", range_share=0.0), {}),
    "GRU, learns from the range alone": (lambda: _network("GRU", range_share=1.0), {}),
    "GRU, learning rate .003": (lambda: _network("GRU"), {"learning_rate": 3e-3}),
    "LSTM on r²": (lambda: VolatilityForecaster(LSTMCell(16), RawVariance(), members=5), {}),
}


def run() -> str:
    """The designs beside classics, the lowest first."""
    bars = {name: read_bars(f"bundled:{name}") for name in ("sp500", "nasdaq")}
    rows: dict[str, list[pd.Series]] = {}
    for name, whole in bars.items():
        known = whole[: int(len(whole) * FOLDS[-1][1])]
        for begin, end in FOLDS:
            start, stop = int(len(whole) * begin), int(len(whole) * end)
            for design, forecast in _forecasts(known, start, stop).items():
                rows.setdefault(design, []).append(_scores(design, forecast, known, start, stop))
        print(f"{name} done", flush=True)
    table = pd.DataFrame({design: sum(scores) / len(scores) for design, scores in rows.items()}).T
    table["mean"] = table.mean(axis=1)
    return of_frame(table.sort_values("mean"), ".2f")


def _forecasts(bars: pd.DataFrame, start: int, stop: int) -> dict[str, Any]:
    at = np.arange(start, stop - 5)
    models: dict[str, Any] = {
        classic.name: WalkForward(classic).fit(bars, start + 1)
        for classic in (GARCH(distribution="t"), GARCH(o=1, distribution="t"), RangeHAR(), LogHAR())
    }
    for design, (make, options) in DESIGNS.items():
        keras.utils.set_random_seed(0)
        models[design] = make()
        border = int(start * 0.8)
        train, validation = (
            origins(first, last, history=models[design].closes, horizon=5, length=start)
            for first, last in ((0, border), (border, start))
        )
        models[design].fit(bars, train, validation=validation, **options)
    return {name: model.forecast(bars, at) for name, model in models.items()}


class _Given:
    def __init__(self, forecast: np.ndarray) -> None:
        self._forecast = forecast

    def forecast(self, series: Any, at: Any) -> np.ndarray:
        return self._forecast


def _scores(name: str, forecast: np.ndarray, bars: pd.DataFrame, start: int, stop: int) -> pd.Series:
    at = np.arange(start, stop - 5)
    results = volatility_backtest({name: _Given(forecast)}, bars, at, training=start)
    return pd.Series(
        {
            f"{words} {h}d": 100 * (losses(results, proxy, h)[name].mean() + np.log(1e4 / h))
            for proxy, words in (("squared", "r²"), ("parkinson", "range"))
            for h in (1, 5)
        }
    )
