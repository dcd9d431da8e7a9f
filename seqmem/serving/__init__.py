"""Serving: a fitted forecaster as a SavedModel, and back; a server of it, and a client.

Lazy, so that `seqmem.serving.client` starts without TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqmem.serving.client import Client as Client
    from seqmem.serving.exporting import check_name as check_name
    from seqmem.serving.exporting import export as export
    from seqmem.serving.loading import Served as Served
    from seqmem.serving.loading import load as load
    from seqmem.serving.onnx_model import to_onnx as to_onnx
    from seqmem.serving.verification import verify as verify

_HOME = {
    "Client": "client",
    "Served": "loading",
    "check_name": "exporting",
    "export": "exporting",
    "load": "loading",
    "to_onnx": "onnx_model",
    "verify": "verification",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'seqmem.serving' has no attribute {name!r}")
    return getattr(import_module(f"seqmem.serving.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
