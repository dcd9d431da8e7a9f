"""Cells run over time: the layer, its compiled way of training, and the drop-ins for Keras's layers."""

from seqmem.recurrence.compiled_loop import compiled
from seqmem.recurrence.drop_ins import GRU, LSTM, SimpleRNN
from seqmem.recurrence.inference import inference_mode
from seqmem.recurrence.layer import Recurrent, one_cell

__all__ = ["GRU", "LSTM", "Recurrent", "SimpleRNN", "compiled", "inference_mode", "one_cell"]
