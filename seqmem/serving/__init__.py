"""Serving: a fitted forecaster as a SavedModel, and back."""

from seqmem.serving.export import check_name, export
from seqmem.serving.load import Served, load

__all__ = ["Served", "check_name", "export", "load"]
