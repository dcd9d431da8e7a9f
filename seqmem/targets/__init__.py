"""Targets: what is forecast, and from what."""

from seqmem.targets.base import Target
from seqmem.targets.path import PricePath
from seqmem.targets.variance import RawVariance, ScaleFreeVariance, VarianceTarget

__all__ = ["PricePath", "RawVariance", "ScaleFreeVariance", "Target", "VarianceTarget"]
