"""Targets: what a network is asked for, and how its answer is read back."""

from seqmem.targets.base import Target
from seqmem.targets.path import PricePath
from seqmem.targets.variance import LogVariance, RawVariance, ScaleFreeVariance

__all__ = ["LogVariance", "PricePath", "RawVariance", "ScaleFreeVariance", "Target"]
