"""Targets: what is forecast, and from what."""

from seqmem.targets.base import Target
from seqmem.targets.cumulative_return import CumulativeReturn
from seqmem.targets.path import PricePath
from seqmem.targets.scale_free import ScaleFreeVariance
from seqmem.targets.variance import RawVariance, VarianceTarget

__all__ = ["CumulativeReturn", "PricePath", "RawVariance", "ScaleFreeVariance", "Target", "VarianceTarget"]
