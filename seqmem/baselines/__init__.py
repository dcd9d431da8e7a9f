"""Baselines: what a network has to beat."""

from seqmem.baselines.base import Baseline
from seqmem.baselines.combined import GeometricMean
from seqmem.baselines.garch import GARCH, EGARCHt, FitWarning, GARCHt, GJRt
from seqmem.baselines.har import HAR, LogHAR, RangeHAR
from seqmem.baselines.naive import Drift, LastClose, MeanReturn
from seqmem.baselines.variance import EWMA, ConstantVariance, VarianceBaseline
from seqmem.baselines.walk import WalkForward

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
