"""Networks: from the inputs of a target to the outputs of a head."""

from seqmem.networks.base import Network
from seqmem.networks.encoder_decoder import DenseBridge, EncoderDecoder
from seqmem.networks.ensemble import BlockDiagonal, PerMemberInitializer, widen_for_ensemble
from seqmem.networks.ensemble_mean import EnsembleMean
from seqmem.networks.keras_network import KerasNetwork
from seqmem.networks.residual import ResidualRecurrent
from seqmem.networks.teacher_forcing import Constant, InverseSigmoid, Linear, Schedule

__all__ = [
    "BlockDiagonal",
    "Constant",
    "DenseBridge",
    "EncoderDecoder",
    "EnsembleMean",
    "InverseSigmoid",
    "KerasNetwork",
    "Linear",
    "Network",
    "PerMemberInitializer",
    "ResidualRecurrent",
    "Schedule",
    "widen_for_ensemble",
]
