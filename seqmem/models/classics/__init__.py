"""Baselines: what a network has to beat."""

from seqmem.models.base import Baseline
from seqmem.models.classics.ewma import EWMA, ConstantVariance, VarianceBaseline
from seqmem.models.classics.garch import GARCH, EGARCHt, FitWarning, GARCHt, GJRt
from seqmem.models.classics.har import HAR, LogHAR, RangeHAR
from seqmem.models.classics.naive import Drift, LastClose, MeanReturn
from seqmem.models.combine import GeometricMean
from seqmem.models.walk_forward import WalkForward

__all__ = [
    "EWMA",
    "GARCH",
    "HAR",
    "Baseline",
    "ConstantVariance",
    "Drift",
    "EGARCHt",
    "FitWarning",
    "GARCHt",
    "GJRt",
    "GeometricMean",
    "LastClose",
    "LogHAR",
    "MeanReturn",
    "RangeHAR",
    "VarianceBaseline",
    "WalkForward",
]
