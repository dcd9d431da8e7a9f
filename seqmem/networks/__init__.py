"""Networks: from the inputs of a target to its predictions."""

from seqmem.networks.averaged import Averaged
from seqmem.networks.encoder_decoder import DenseBridge, EncoderDecoder
from seqmem.networks.members import BlockDiagonal, EachMember, side_by_side
from seqmem.networks.teacher_forcing import Constant, InverseSigmoid, Linear, Schedule
from seqmem.networks.volatility import VolatilityNetwork

__all__ = [
    "Averaged",
    "BlockDiagonal",
    "Constant",
    "DenseBridge",
    "EachMember",
    "EncoderDecoder",
    "InverseSigmoid",
    "Linear",
    "Schedule",
    "VolatilityNetwork",
    "side_by_side",
]
