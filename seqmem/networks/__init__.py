"""Networks: from the inputs of a target to its predictions."""

from seqmem.networks.encoder_decoder import DenseBridge, EncoderDecoder
from seqmem.networks.ensemble import BlockDiagonal, PerMemberInitializer, widen_for_ensemble
from seqmem.networks.ensemble_mean import EnsembleMean
from seqmem.networks.residual import ResidualRecurrent
from seqmem.networks.teacher_forcing import Constant, InverseSigmoid, Linear, Schedule

__all__ = [
    "BlockDiagonal",
    "Constant",
    "DenseBridge",
    "EncoderDecoder",
    "EnsembleMean",
    "InverseSigmoid",
    "Linear",
    "PerMemberInitializer",
    "ResidualRecurrent",
    "Schedule",
    "widen_for_ensemble",
]
