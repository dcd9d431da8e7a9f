"""Serving: a fitted forecaster as a SavedModel, and back; a server of it, and a client.

Lazy, so that the client starts without TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # the names stand in __init__.pyi
