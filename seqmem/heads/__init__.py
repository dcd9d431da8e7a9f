"""Heads: what the last axis of a network's output means, and its loss."""

from seqmem.heads.base import Head, LabelForecast
from seqmem.heads.log_variance import LogVariance
from seqmem.heads.point import Point
from seqmem.heads.quantiles import Quantiles
from seqmem.heads.shaped import ShapedVariance
from seqmem.heads.student_t import StudentT

__all__ = [
    "Head",
    "LabelForecast",
    "LogVariance",
    "Point",
    "Quantiles",
    "ShapedVariance",
    "StudentT",
]
