"""Networks: from the inputs of a target to its predictions."""

from seqmem.networks.encoder_decoder import DenseBridge, EncoderDecoder
from seqmem.networks.teacher_forcing import Constant, InverseSigmoid, Linear, Schedule

__all__ = ["Constant", "DenseBridge", "EncoderDecoder", "InverseSigmoid", "Linear", "Schedule"]
