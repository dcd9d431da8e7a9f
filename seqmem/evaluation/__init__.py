"""Evaluation: what a forecast is, every model from the same origins, scored, with significance.

Lazy, so that a forecast can be had without Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # the names stand in __init__.pyi
