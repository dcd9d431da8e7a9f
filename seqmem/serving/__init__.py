"""Serving: a fitted forecaster as a SavedModel, and back."""

from seqmem.serving.export import export
from seqmem.serving.load import Served, load

__all__ = ["Served", "export", "load"]
