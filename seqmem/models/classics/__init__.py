"""Classics: models without a network, which a network has to beat."""

from seqmem.models.base import Classic
from seqmem.models.classics.benchmarks import REFERENCES, benchmark_models, classics_of, naive_models
from seqmem.models.classics.egarch import EGARCH
from seqmem.models.classics.ewma import EWMA, ConstantVariance
from seqmem.models.classics.fit_summary import FitSummary
from seqmem.models.classics.garch import GARCH, FitWarning
from seqmem.models.classics.har import HAR, RangeHAR
from seqmem.models.classics.log_har import LogHAR
from seqmem.models.classics.naive import Drift, LastClose, MeanReturn
from seqmem.models.classics.realised import RealisedGARCH
from seqmem.models.classics.returns import HistoricalSimulation, OwnDistribution
from seqmem.models.combine import GeometricMean
from seqmem.models.walk_forward import WalkForward

__all__ = [
    "EGARCH",
    "EWMA",
    "GARCH",
    "HAR",
    "REFERENCES",
    "Classic",
    "ConstantVariance",
    "Drift",
    "FitSummary",
    "FitWarning",
    "GeometricMean",
    "HistoricalSimulation",
    "LastClose",
    "LogHAR",
    "MeanReturn",
    "OwnDistribution",
    "RangeHAR",
    "RealisedGARCH",
    "WalkForward",
    "benchmark_models",
    "classics_of",
    "naive_models",
]
