"""For how many trading days a unit keeps what it has written."""

from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from seqmem.diagnostics.steps import batch, cells, iterate_steps
from seqmem.recurrence import Recurrent


def memory_half_life(layer: Recurrent, sequences: Any) -> pd.DataFrame:
    """The half-life of what each unit remembers, in steps: trading days, where a step is one.

    What a unit keeps of its own state from step to step, with its projections held, is the derivative of
    `Cell.step` with respect to that state: the forget gate f of an LSTM, z of a GRU, 1 - f of a minimal
    gated unit, 0 of a simple cell. No name of a gate is assumed. The half-life is ln(1/2) / ln(k), k the
    geometric mean of it over the steps.

    Args:
        layer: any `Recurrent` of seqmem's cells, trained or not.
        sequences: [T, F] or [B, T, F].

    Returns:
        For each cell and unit: ``kept`` (k of its last state, which is the cell state of an LSTM) and
        ``half_life``, infinite where k is 1 or more.
    """
    kept: list[list[np.ndarray]] = [[] for _ in cells(layer)]
    for records in iterate_steps(layer, batch(sequences, layer)):
        for number, before, x, r, _ in records:
            with tf.GradientTape() as tape:
                tape.watch(before)
                memory = cells(layer)[number].step(x, r, before).states[-1]
                total = tf.reduce_sum(memory)  # pointwise: each unit's derivative is its own
            slope = tape.gradient(total, before[-1], unconnected_gradients="zero")
            kept[number].append(np.abs(np.asarray(slope, dtype="float64")))
    rows = []
    with np.errstate(divide="ignore"):
        for number, slopes in enumerate(kept):
            means = np.exp(np.mean(np.log(np.concatenate(slopes)), axis=0))
            for unit, k in enumerate(means):
                life = np.inf if k >= 1 else float(np.log(0.5) / np.log(k)) if k > 0 else 0.0
                rows.append({"cell": number, "unit": unit, "kept": float(k), "half_life": life})
    return pd.DataFrame(rows).set_index(["cell", "unit"])
