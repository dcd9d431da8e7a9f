"""Serving: a fitted forecaster as a SavedModel, and back; a server of it, and a client.

Lazy, so that `seqmem.serving.client` starts without TensorFlow.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqmem.serving.client import Client as Client
    from seqmem.serving.export import check_name as check_name
    from seqmem.serving.export import export as export
    from seqmem.serving.load import Served as Served
    from seqmem.serving.load import load as load

_HOME = {"Client": "client", "check_name": "export", "export": "export", "Served": "load", "load": "load"}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'seqmem.serving' has no attribute {name!r}")
    return getattr(import_module(f"seqmem.serving.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


class _Face(ModuleType):
    """Keeps `export` and `load` functions, where Python would bind the modules of these names."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOME and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
