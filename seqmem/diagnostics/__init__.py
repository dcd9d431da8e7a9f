"""What a recurrence remembers: traces of its gates, saturation, gradients against lag, half-lives."""

from seqmem.diagnostics.callback import MemoryLog
from seqmem.diagnostics.diagnosis import Diagnosis, diagnose
from seqmem.diagnostics.gradients import effective_lookback, gradient_flow, gradient_half_life
from seqmem.diagnostics.half_life import memory_half_life
from seqmem.diagnostics.models import recurrent_layers, sequences
from seqmem.diagnostics.traces import gates_by_window, saturation, trace

__all__ = [
    "Diagnosis",
    "MemoryLog",
    "diagnose",
    "effective_lookback",
    "gates_by_window",
    "gradient_flow",
    "gradient_half_life",
    "memory_half_life",
    "recurrent_layers",
    "saturation",
    "sequences",
    "trace",
]
