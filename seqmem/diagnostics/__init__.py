"""What a recurrence remembers: traces of its gates, saturation, gradients against lag, half-lives."""

from seqmem.diagnostics.callback import MemoryLog
from seqmem.diagnostics.flow import effective_lookback, gradient_flow, gradient_half_life
from seqmem.diagnostics.models import recurrences, sequences
from seqmem.diagnostics.retention import memory_half_life
from seqmem.diagnostics.traces import saturation, trace

__all__ = [
    "MemoryLog",
    "effective_lookback",
    "gradient_flow",
    "gradient_half_life",
    "memory_half_life",
    "recurrences",
    "saturation",
    "sequences",
    "trace",
]
