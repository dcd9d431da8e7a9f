"""One sample of everything: the laws run over these, and a law checks that none is missing."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
import paper
from minimal_gated_unit import MinimalGatedUnitCell
from peephole_lstm import PeepholeLSTMCell

import seqmem
from seqmem.cells import GRUCell, LSTMCell, RNNCell
from seqmem.models.classics import (
    EWMA,
    GARCH,
    HAR,
    ConstantVariance,
    Drift,
    EGARCHt,
    GARCHt,
    GJRt,
    LastClose,
    LogHAR,
    MeanReturn,
    RangeHAR,
)
from seqmem.models.forecaster import Forecaster
from seqmem.models.volatility import VolatilityForecaster
from seqmem.networks import Constant, DenseBridge, EncoderDecoder, EnsembleMean, InverseSigmoid, Linear
from seqmem.targets import PricePath, RawVariance, ScaleFreeVariance
from seqmem.transforms import Chain, Difference, LogReturn, Standardize


class CellSample(NamedTuple):
    cell: type
    paper: Callable
    keras_cell: type | None  # Keras's own, where it has one
    drop_in: type | None
    keras_layer: type | None


CELLS = [
    CellSample(RNNCell, paper.rnn, keras.layers.SimpleRNNCell, seqmem.SimpleRNN, keras.layers.SimpleRNN),
    CellSample(LSTMCell, paper.lstm, keras.layers.LSTMCell, seqmem.LSTM, keras.layers.LSTM),
    CellSample(GRUCell, paper.gru, keras.layers.GRUCell, seqmem.GRU, keras.layers.GRU),
    CellSample(PeepholeLSTMCell, paper.lstm, None, None, None),
    CellSample(MinimalGatedUnitCell, paper.minimal_gated_unit, None, None, None),
]
DROP_INS = [sample for sample in CELLS if sample.drop_in]

TRANSFORMS = [
    LogReturn,
    Difference,
    Standardize,
    lambda: Chain([LogReturn(), Standardize()]),
    lambda: Chain([Standardize(), Difference()]),
    lambda: Chain([Difference(), Difference(), Standardize()]),
]
TARGETS = [PricePath, lambda: PricePath(LogReturn()), lambda: PricePath(Chain([Difference(), Standardize()]))]
SCHEDULES = [lambda: Constant(0.5), lambda: Linear(steps=10), lambda: InverseSigmoid(20.0)]
BASELINES = [LastClose, Drift, MeanReturn]
VARIANCE_BASELINES = [ConstantVariance, EWMA, GARCH, GARCHt, GJRt, EGARCHt, HAR, RangeHAR, LogHAR]


def _bridged() -> EncoderDecoder:
    decoder = GRUCell(3)
    return EncoderDecoder([LSTMCell(4), GRUCell(3)], decoder, horizon=3, bridge=DenseBridge(decoder))


NETWORKS = [
    *(lambda cell=sample.cell: EncoderDecoder(cell(4), cell(4), horizon=3) for sample in CELLS),
    lambda: EncoderDecoder([LSTMCell(4), LSTMCell(3)], [LSTMCell(4), LSTMCell(3)], horizon=3),
    lambda: EncoderDecoder(keras.layers.LSTMCell(4), keras.layers.LSTMCell(4), horizon=3),
    lambda: EncoderDecoder(
        GRUCell(4, dropout=0.2), GRUCell(4, recurrent_dropout=0.2), horizon=3, teacher_forcing=Linear(10)
    ),
    _bridged,
    lambda: EnsembleMean([EncoderDecoder(LSTMCell(4), LSTMCell(4), horizon=3) for _ in range(2)]),
]
_FEW = {"memory": 20, "decays": (0.8,), "downside_decays": (0.9,), "range_decays": (0.0, 0.9)}
VARIANCE_TARGETS = [
    RawVariance,
    lambda: ScaleFreeVariance(**_FEW),
    lambda: ScaleFreeVariance(**_FEW, ranges=False, horizons=(1, 3, 10)),
    lambda: ScaleFreeVariance(**_FEW, range_share=0.5),
    lambda: RawVariance(horizons=(2,), range_share=1.0),
]
VOLATILITY_FORECASTERS = [
    *(lambda target=t: VolatilityForecaster(GRUCell(3), target(), lookback=8) for t in VARIANCE_TARGETS),
    lambda: VolatilityForecaster(None, VARIANCE_TARGETS[1](), lookback=8),
    lambda: VolatilityForecaster([LSTMCell(3), GRUCell(2)], VARIANCE_TARGETS[1](), lookback=8, members=3),
]
FORECASTERS = [
    *(lambda network=network: Forecaster(network(), lookback=8) for network in NETWORKS),
    # the first target is what a forecaster has by default
    *(lambda target=target: Forecaster(NETWORKS[0](), target(), lookback=8) for target in TARGETS[1:]),
]


def small_forecaster() -> Forecaster:
    return Forecaster(EncoderDecoder(LSTMCell(4), LSTMCell(4), horizon=3), lookback=8)


def random_walk(length: int, *, level: float = 100.0, seed: int = 1) -> pd.Series:
    """Closes whose log returns are Gaussian with a standard deviation of 1% a day."""
    steps = np.random.default_rng(seed).normal(0, 0.01, length)
    dates = pd.bdate_range("2010-01-04", periods=length, name="Date")
    return pd.Series(level * np.exp(np.cumsum(steps)), dates, name="Close")


def random_bars(length: int, *, seed: int = 1) -> pd.DataFrame:
    """Bars whose log returns follow GARCH(1,1), with the range of 20 steps within the day."""
    draw = np.random.default_rng(seed)
    log_price, variance, rows = np.log(100.0), 1e-4, []
    for _ in range(length):
        path = log_price + np.cumsum(draw.normal(0, np.sqrt(variance / 20), 20))
        rows.append((max(log_price, path.max()), min(log_price, path.min()), path[-1]))
        variance = 5e-6 + 0.1 * (path[-1] - log_price) ** 2 + 0.85 * variance
        log_price = path[-1]
    dates = pd.bdate_range("2010-01-04", periods=length, name="Date")
    return pd.DataFrame(np.exp(rows), dates, columns=["High", "Low", "Close"])
