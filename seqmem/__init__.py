"""seqmem: sequence memory for financial data, in Keras.

Importing seqmem is quick and sets nothing: TensorFlow loads when the first name that needs it is used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import Any

import lazy_loader

_get, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # the names stand in __init__.pyi
_LAYERS = ("Forecaster", "GRU", "GRUCell", "LSTM", "LSTMCell", "Recurrent", "RNNCell", "SimpleRNN")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("seqmem")
    if name in _LAYERS:  # whoever uses one of our layers can load a file with any of them
        import_module("seqmem.networks")
        import_module("seqmem.models.volatility")
    return _get(name)
