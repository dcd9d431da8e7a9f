"""One sample of everything: the laws run over these, and a law checks that none is missing."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
import paper
import pytest
from minimal_gated_unit import MinimalGatedUnitCell

import seqmem
from seqmem.cells import (
    EMACell,
    GARCHCell,
    GRUCell,
    LayerNormLSTMCell,
    LSTMCell,
    MinGRUCell,
    MinLSTMCell,
    PeepholeLSTMCell,
    RNNCell,
    SLSTMCell,
)
from seqmem.data.reading import read
from seqmem.data.splits import Split
from seqmem.evaluation import (
    CRPS,
    QLIKE,
    AbsoluteLogError,
    AbsoluteScaledError,
    Coverage,
    EnergyScore,
    FisslerZiegel,
    IntervalScore,
    JointCoverage,
    ParkinsonRange,
    Pinball,
    SquaredLogError,
    SquaredReturns,
    SquaredVarianceError,
    Width,
)
from seqmem.heads import Quantiles, StudentT
from seqmem.models.classics import (
    EGARCH,
    EWMA,
    GARCH,
    HAR,
    ConstantVariance,
    Drift,
    HistoricalSimulation,
    LastClose,
    LogHAR,
    MeanReturn,
    OwnDistribution,
    RangeHAR,
    RealisedGARCH,
)
from seqmem.models.classics.graphs.inputs import (
    LogHARInputs,
    LogMeasure,
    RangeMeans,
    ReturnInputs,
    SquareMeans,
)
from seqmem.models.classics.graphs.recurrence import EGARCHCell, VarianceRecurrence
from seqmem.models.classics.graphs.together import ForecastersTogether, WholeWindow
from seqmem.models.forecaster import Forecaster
from seqmem.models.volatility import variance_forecaster
from seqmem.networks import (
    Constant,
    DenseBridge,
    EncoderDecoder,
    EnsembleMean,
    InverseSigmoid,
    KerasNetwork,
    Linear,
    ResidualRecurrent,
)
from seqmem.targets import CumulativeReturn, PricePath, RawVariance, ScaleFreeVariance
from seqmem.transforms import Chain, Difference, LogReturn, Standardize


class CellSample(NamedTuple):
    cell: type
    paper: Callable
    keras_cell: type | None  # Keras's own, where it has one
    drop_in: type | None
    keras_layer: type | None

    def __str__(self) -> str:
        return self.cell.__name__


CELLS = [
    CellSample(RNNCell, paper.rnn, keras.layers.SimpleRNNCell, seqmem.SimpleRNN, keras.layers.SimpleRNN),
    CellSample(LSTMCell, paper.lstm, keras.layers.LSTMCell, seqmem.LSTM, keras.layers.LSTM),
    CellSample(GRUCell, paper.gru, keras.layers.GRUCell, seqmem.GRU, keras.layers.GRU),
    CellSample(PeepholeLSTMCell, paper.lstm, None, None, None),
    CellSample(LayerNormLSTMCell, paper.layer_norm_lstm, None, None, None),
    CellSample(SLSTMCell, paper.slstm, None, None, None),
    CellSample(MinGRUCell, paper.min_gru, None, None, None),
    CellSample(MinLSTMCell, paper.min_lstm, None, None, None),
    CellSample(EMACell, paper.ema, None, None, None),
    CellSample(GARCHCell, paper.garch, None, None, None),
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
RETURN_CLASSICS = [
    lambda: HistoricalSimulation(100),
    lambda: OwnDistribution(GARCH(distribution="t")),
]
VARIANCE_BASELINES = [
    ConstantVariance,
    EWMA,
    GARCH,
    partial(GARCH, distribution="t"),
    partial(GARCH, distribution="skewt"),
    partial(GARCH, o=1, distribution="t"),
    partial(EGARCH, distribution="t"),
    HAR,
    RangeHAR,
    LogHAR,
    RealisedGARCH,
]


PROXIES = [SquaredReturns(), ParkinsonRange()]
SCORES = [
    SquaredLogError(),
    AbsoluteLogError(),
    AbsoluteScaledError(),
    *map(QLIKE, PROXIES),
    *map(SquaredVarianceError, PROXIES),
]
# of distributions; tests/test_risk.py holds them to be lowest where the distribution is right
DISTRIBUTION_SCORES = [
    CRPS(),
    Coverage(),
    JointCoverage(),
    EnergyScore(),
    FisslerZiegel(),
    IntervalScore(),
    Pinball(0.1),
    Width(),
]


def _bridged() -> EncoderDecoder:
    decoder = GRUCell(3)
    cells = [LSTMCell(4), GRUCell(3, dropout=0.2)]
    return EncoderDecoder(cells, decoder, horizon=3, bridge=DenseBridge(decoder))


# One of each way to run: the fused kernel, compiled loops with one projection, with two, a scan, a user's.
IN_NETWORKS = [LSTMCell, RNNCell, GRUCell, MinGRUCell, MinimalGatedUnitCell]
NETWORKS = [
    *(lambda cell=cell: EncoderDecoder(cell(4), cell(4), horizon=3) for cell in IN_NETWORKS),
    lambda: EncoderDecoder([LSTMCell(4), LSTMCell(3)], [LSTMCell(4), LSTMCell(3)], horizon=3),
    lambda: EncoderDecoder(keras.layers.LSTMCell(4), keras.layers.LSTMCell(4), horizon=3),
    lambda: EncoderDecoder(
        GRUCell(4, dropout=0.2), GRUCell(4, recurrent_dropout=0.2), horizon=3, teacher_forcing=Linear(10)
    ),
    _bridged,
    lambda: EnsembleMean([EncoderDecoder(LSTMCell(4), LSTMCell(4), horizon=3) for _ in range(2)]),
    lambda: KerasNetwork(keras.layers.LSTM(3), horizons=3),
]
_FEW = {"memory": 20, "decays": (0.8,), "downside_decays": (0.9,), "range_decays": (0.0, 0.9)}
RETURN_TARGETS = [lambda: CumulativeReturn((1, 3), ScaleFreeVariance((1, 3), **_FEW))]
VARIANCE_TARGETS = [
    RawVariance,
    lambda: ScaleFreeVariance(**_FEW),
    lambda: ScaleFreeVariance(**_FEW, use_range=False, horizons=(1, 3, 10)),
    lambda: ScaleFreeVariance(**_FEW, parkinson_weight=0.5),
    lambda: RawVariance(horizons=(2,), parkinson_weight=1.0),
]
VARIANCE_FORECASTERS = [
    *(lambda target=t: variance_forecaster(GRUCell(3), target(), lookback=8) for t in VARIANCE_TARGETS),
    lambda: variance_forecaster(None, VARIANCE_TARGETS[1](), lookback=8),
    lambda: variance_forecaster(
        [LSTMCell(3), GRUCell(2)], VARIANCE_TARGETS[1](), lookback=8, ensemble_size=3
    ),
]
FORECASTERS = [
    *(lambda network=network: Forecaster(network(), lookback=8) for network in NETWORKS),
    # the first target is what a forecaster has by default
    *(lambda target=target: Forecaster(NETWORKS[0](), target(), lookback=8) for target in TARGETS[1:]),
    *VARIANCE_FORECASTERS,
    lambda: Forecaster(
        ResidualRecurrent(GRUCell(3), (1, 3), head=Quantiles((0.1, 0.5, 0.9))),
        RETURN_TARGETS[0](),
        lookback=8,
    ),
    lambda: Forecaster(
        EncoderDecoder(GRUCell(2), GRUCell(2), horizon=2, head=StudentT((0.1, 0.5))),
        CumulativeReturn((1, 2), ScaleFreeVariance((1, 2), **_FEW, use_range=False)),
        lookback=8,
    ),
]
# Classics as graphs, of few rows; tests/laws/test_classics_exported.py holds the fitted ones to Python.
CLASSIC_TARGETS = [
    lambda: ReturnInputs(mean=0.1),
    SquareMeans,
    RangeMeans,
    lambda: LogHARInputs(memory=15),
    LogMeasure,
]
_CELLS = [lambda: GARCHCell(1, gamma=0.1), None, None, None, lambda: EMACell(1)]
CLASSIC_GRAPHS = [
    *(
        lambda target=target, cell=cell: Forecaster(
            VarianceRecurrence(cell and cell(), daily=bool(cell)), target(), lookback=8
        )
        for target, cell in zip(CLASSIC_TARGETS, _CELLS, strict=True)
    ),
    lambda: Forecaster(
        VarianceRecurrence(EGARCHCell(0.1), horizons=(1, 3), daily=True, exponential=True),
        ReturnInputs((1, 3)),
        lookback=8,
    ),
    lambda: Forecaster(
        ForecastersTogether([CLASSIC_GRAPHS[0](), CLASSIC_GRAPHS[3]()], ["high", "low", "close"]),
        WholeWindow(read=["high", "low", "close"]),
        lookback=30,
    ),
]
CLASSIC_TARGETS = [*CLASSIC_TARGETS, WholeWindow]
FORECASTERS += CLASSIC_GRAPHS
# A sample of each kind, for laws that train or export every one: the rest are slow.
_EACH_KIND = {0, 3, 8, 10, 12, 20, 22}
_EACH_TARGET = {3, 10, 12, 20}  # in chunks and in windows


def _trained(chosen):
    return [
        pytest.param(make, marks=() if number in chosen else pytest.mark.slow, id=str(number))
        for number, make in enumerate(FORECASTERS)
    ]


TRAINED_FORECASTERS, TRAINED_ON_EACH_TARGET = _trained(_EACH_KIND), _trained(_EACH_TARGET)


def split_after(data, rows: int) -> Split:
    """The split whose test part begins after so many rows."""
    index = getattr(data, "index", pd.RangeIndex(len(data)))
    if not isinstance(index, pd.DatetimeIndex):
        return Split(None, test_start=rows)
    return Split(None, test_start=index[rows] if rows < len(index) else index[-1] + pd.Timedelta(days=1))


def small_forecaster() -> Forecaster:
    return Forecaster(EncoderDecoder(LSTMCell(4), LSTMCell(4), horizon=3), lookback=8)


def split_for(forecaster: Forecaster, data, **shares) -> Split:
    """The plain split of a series, at the origins that a forecaster needs."""
    size = {"context_length": forecaster.context_length, "horizon": max(forecaster.horizons)}
    return Split.by_share(data, **size, **shares)


def adapted(forecaster: Forecaster, data) -> Forecaster:
    """The forecaster with its target adapted to a whole series and its first weights: as good as fitted."""
    forecaster.target.adapt([forecaster.target.to_array(read(data).frame)])
    forecaster.build()
    return forecaster


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
