"""What is to be known of a cell beside what the studies measure."""

import keras
import numpy as np

from seqmem.cells import ScanCell, chrono_init
from seqmem.diagnostics import memory_half_life
from seqmem.experiments.studies.starts import CHRONO, made, starts
from seqmem.recurrence import Recurrent
from seqmem.recurrence.compiled_loop import is_supported

STEPS = 100


def certificate(name: str, units: int = 16, *, seed: int = 0) -> str:
    """A cell in a few lines: its gates and weights, how it is trained, and how long it remembers at first.

    >>> print(certificate("gru"))
    GRUCell(16): gates update, reset, candidate; 912 weights for one feature.
    Trained on compiled loops.
    Memory of the median unit before training: 1.0 steps from Keras's start, ... from chrono start (T = 100).
    """
    noise = np.random.default_rng(seed).normal(size=(8, STEPS, 1))
    lives = []
    for start in starts(name):
        keras.utils.set_random_seed(seed)
        layer = Recurrent(made(name, units))
        layer.build((None, STEPS, 1))
        if start == CHRONO:
            chrono_init(layer.cell, STEPS, seed=seed)
        life = memory_half_life(layer, noise)["half_life"].median()
        lives.append(f"{life:.1f} steps from {start} start{f' (T = {STEPS})' if start == CHRONO else ''}")
    cell = layer.cell
    way = "Trained on compiled loops."
    if isinstance(cell, ScanCell):
        way = "Computed by a parallel scan."
    elif not is_supported(cell):
        way = "Left to Keras's loop: it is trained more slowly."
    return (
        f"{type(cell).__name__}({units}): gates {', '.join(cell.gates)}; {cell.count_params():,} weights for "
        f"one feature.\n{way}\nMemory of the median unit before training: {', '.join(lives)}."
    )
