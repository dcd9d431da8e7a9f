"""seqmem: sequence memory for financial data, in Keras.

Importing seqmem is quick and sets nothing: TensorFlow loads when the first name that needs it is used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqmem.baselines import Drift as Drift
    from seqmem.baselines import LastClose as LastClose
    from seqmem.baselines import MeanReturn as MeanReturn
    from seqmem.cells import GRUCell as GRUCell
    from seqmem.cells import LSTMCell as LSTMCell
    from seqmem.cells import RNNCell as RNNCell
    from seqmem.evaluation import backtest as backtest
    from seqmem.evaluation import edge as edge
    from seqmem.evaluation import scores as scores
    from seqmem.forecaster import Forecaster as Forecaster
    from seqmem.networks import DenseBridge as DenseBridge
    from seqmem.networks import EncoderDecoder as EncoderDecoder
    from seqmem.recurrence import GRU as GRU
    from seqmem.recurrence import LSTM as LSTM
    from seqmem.recurrence import Recurrent as Recurrent
    from seqmem.recurrence import SimpleRNN as SimpleRNN
    from seqmem.series import read_prices as read_prices
    from seqmem.serving import Served as Served
    from seqmem.serving.export import export as export
    from seqmem.serving.load import load as load
    from seqmem.targets import PricePath as PricePath
    from seqmem.transforms import Chain as Chain
    from seqmem.transforms import Difference as Difference
    from seqmem.transforms import LogReturn as LogReturn
    from seqmem.transforms import Standardize as Standardize
    from seqmem.windows import split as split

_HOMES = {
    "baselines": ("Drift", "LastClose", "MeanReturn"),
    "cells": ("GRUCell", "LSTMCell", "RNNCell"),
    "evaluation": ("backtest", "edge", "scores"),
    "forecaster": ("Forecaster",),
    "networks": ("DenseBridge", "EncoderDecoder"),
    "recurrence": ("GRU", "LSTM", "Recurrent", "SimpleRNN"),
    "series": ("read_prices",),
    "serving": ("Served", "export", "load"),
    "targets": ("PricePath",),
    "transforms": ("Chain", "Difference", "LogReturn", "Standardize"),
    "windows": ("split",),
}
_LIGHT = ("series", "windows", "evaluation", "baselines")  # these need no Keras
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
    return getattr(import_module(f"seqmem.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
