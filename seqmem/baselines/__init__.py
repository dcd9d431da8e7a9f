"""Baselines: what a network has to beat."""

from seqmem.baselines.base import Baseline
from seqmem.baselines.naive import Drift, LastClose, MeanReturn

__all__ = ["Baseline", "Drift", "LastClose", "MeanReturn"]
