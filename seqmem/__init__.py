"""seqmem: sequence memory for financial data, in Keras.

Importing seqmem is quick and sets nothing: TensorFlow loads when the first name that needs it is used.
"""

from importlib.metadata import version
from typing import Any

import lazy_loader

from seqmem._registry import register_with_keras

_get, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # the names stand in __init__.pyi
register_with_keras()


def __getattr__(name: str) -> Any:
    return version("seqmem") if name == "__version__" else _get(name)
