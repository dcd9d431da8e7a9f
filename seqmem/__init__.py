"""seqmem: sequence memory for financial data, in Keras.

Importing seqmem is quick and sets nothing: TensorFlow loads when the first name that needs it is used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqmem.bars import read_bars as read_bars
    from seqmem.bars import read_panel as read_panel
    from seqmem.baselines import EWMA as EWMA
    from seqmem.baselines import GARCH as GARCH
    from seqmem.baselines import HAR as HAR
    from seqmem.baselines import ConstantVariance as ConstantVariance
    from seqmem.baselines import Drift as Drift
    from seqmem.baselines import EGARCHt as EGARCHt
    from seqmem.baselines import GARCHt as GARCHt
    from seqmem.baselines import GeometricMean as GeometricMean
    from seqmem.baselines import GJRt as GJRt
    from seqmem.baselines import LastClose as LastClose
    from seqmem.baselines import LogHAR as LogHAR
    from seqmem.baselines import MeanReturn as MeanReturn
    from seqmem.baselines import RangeHAR as RangeHAR
    from seqmem.baselines import WalkForward as WalkForward
    from seqmem.cells import GRUCell as GRUCell
    from seqmem.cells import LSTMCell as LSTMCell
    from seqmem.cells import RNNCell as RNNCell
    from seqmem.evaluation import backtest as backtest
    from seqmem.evaluation import edge as edge
    from seqmem.evaluation import scores as scores
    from seqmem.evaluation import volatility_backtest as volatility_backtest
    from seqmem.evaluation import volatility_scores as volatility_scores
    from seqmem.evaluation import volatility_verdict as volatility_verdict
    from seqmem.forecaster import Forecaster as Forecaster
    from seqmem.league import panel_league as panel_league
    from seqmem.league import volatility_league as volatility_league
    from seqmem.losses import QLIKE as QLIKE
    from seqmem.losses import StudentT as StudentT
    from seqmem.networks import DenseBridge as DenseBridge
    from seqmem.networks import EncoderDecoder as EncoderDecoder
    from seqmem.networks import VolatilityNetwork as VolatilityNetwork
    from seqmem.recurrence import GRU as GRU
    from seqmem.recurrence import LSTM as LSTM
    from seqmem.recurrence import Recurrent as Recurrent
    from seqmem.recurrence import SimpleRNN as SimpleRNN
    from seqmem.series import read_prices as read_prices
    from seqmem.serving import Served as Served
    from seqmem.serving import export as export
    from seqmem.serving import load as load
    from seqmem.serving import verify as verify
    from seqmem.targets import PricePath as PricePath
    from seqmem.targets import RawVariance as RawVariance
    from seqmem.targets import ScaleFreeVariance as ScaleFreeVariance
    from seqmem.transforms import Chain as Chain
    from seqmem.transforms import Difference as Difference
    from seqmem.transforms import LogReturn as LogReturn
    from seqmem.transforms import Standardize as Standardize
    from seqmem.volatility import VolatilityForecaster as VolatilityForecaster
    from seqmem.windows import split as split

_HOMES = {
    "bars": ("read_bars", "read_panel"),
    "baselines": (
        "ConstantVariance",
        "Drift",
        "EGARCHt",
        "EWMA",
        "GARCH",
        "GARCHt",
        "GJRt",
        "GeometricMean",
        "HAR",
        "LastClose",
        "LogHAR",
        "MeanReturn",
        "RangeHAR",
        "WalkForward",
    ),
    "cells": ("GRUCell", "LSTMCell", "RNNCell"),
    "evaluation": (
        "backtest",
        "edge",
        "scores",
        "volatility_backtest",
        "volatility_scores",
        "volatility_verdict",
    ),
    "forecaster": ("Forecaster",),
    "league": ("panel_league", "volatility_league"),
    "losses": ("QLIKE", "StudentT"),
    "networks": ("DenseBridge", "EncoderDecoder", "VolatilityNetwork"),
    "recurrence": ("GRU", "LSTM", "Recurrent", "SimpleRNN"),
    "series": ("read_prices",),
    "serving": ("Served", "export", "load", "verify"),
    "targets": ("PricePath", "RawVariance", "ScaleFreeVariance"),
    "transforms": ("Chain", "Difference", "LogReturn", "Standardize"),
    "volatility": ("VolatilityForecaster",),
    "windows": ("split",),
}
_LIGHT = ("bars", "series", "windows", "evaluation", "baselines")  # these need no Keras
_HOME = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("seqmem")
    if name not in _HOME:
        raise AttributeError(f"module 'seqmem' has no attribute {name!r}")
    if _HOME[name] not in _LIGHT:
        import_module("seqmem.forecaster")  # whoever uses one of our layers can load a file with any of them
        import_module("seqmem.networks")
        import_module("seqmem.volatility")
    return getattr(import_module(f"seqmem.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
