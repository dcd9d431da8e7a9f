"""Cells run over time: the layer, its compiled way of training, and the drop-ins for Keras's layers."""

from seqmem.recurrence.drop_ins import GRU, LSTM, SimpleRNN
from seqmem.recurrence.fast import compiled
from seqmem.recurrence.layer import Recurrent, one_cell
from seqmem.recurrence.served import undifferentiated

__all__ = ["GRU", "LSTM", "Recurrent", "SimpleRNN", "compiled", "one_cell", "undifferentiated"]
