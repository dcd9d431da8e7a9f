"""As much of Keras, which ships no types, as our public classes stand on: read by `make types` alone."""

from typing import Any

from . import callbacks as callbacks
from . import constraints as constraints
from . import initializers as initializers
from . import layers as layers
from . import losses as losses
from . import optimizers as optimizers

class Model(layers.Layer):
    stop_training: bool
    optimizer: optimizers.Optimizer
    def compile(self, *args: Any, **kwargs: Any) -> None: ...
    def fit(self, *args: Any, **kwargs: Any) -> callbacks.History: ...
    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None: ...

class Variable:
    name: str
    shape: tuple[int, ...]
    def __getattr__(self, name: str) -> Any: ...

class StatelessScope:
    def __getattr__(self, name: str) -> Any: ...

def __getattr__(name: str) -> Any: ...
