"""How the gradient of the last output reaches back over the lags."""

from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import ops

from seqmem.diagnostics.steps import batch, cells, iterate_steps, state_names
from seqmem.recurrence import Recurrent

PROBES = 16  # random directions that a norm is estimated from
SHARE = 0.95


def gradient_flow(layer: Recurrent, sequence: Any, *, probes: int = PROBES, seed: int = 0) -> pd.DataFrame:
    """The norm of the derivative of the last output with respect to what came k steps before.

    The additive cell state of an LSTM carries it; tanh(W x + U h) multiplies it away (Hochreiter and
    Schmidhuber 1997; Pascanu et al. 2013). Norms are Frobenius', from the identity E |v J|^2 = |J|^2 for
    Gaussian v, over `probes` of them, and the root mean square over the examples.

    Args:
        layer: any `Recurrent` of seqmem's cells, trained or not.
        sequence: [T], [T, F] or [B, T, F].
        probes: how many v.
        seed: of v.

    Returns:
        A row for each lag k = 0 .. T - 1; columns ``input``: d h_T / d x_{T-k}, and for each cell
        ``h``, ``c``, ...: d h_T / d s_{T-k}, of each of its states (``h of cell 0``, ... of a stack).
    """
    inputs, stack = batch(sequence, layer), cells(layer)
    size, length = inputs.shape[0], inputs.shape[1]
    repeated = tf.repeat(inputs, probes, axis=0)
    draw = np.random.default_rng(seed).normal(size=(size * probes, stack[-1].output_size)).astype("float32")
    steps = [repeated[:, t] for t in range(length)]
    with tf.GradientTape() as tape:
        tape.watch(steps)
        states = [tuple(map(tf.identity, cell.get_initial_state(size * probes))) for cell in stack]
        kept: list[list[Any]] = []
        output: Any = None
        for records in iterate_steps(layer, ops.stack(steps, 1), states):
            kept.append([state for record in records for state in record.step.states])
            output = records[-1].step.output
        said = tf.reduce_sum(output * ops.cast(draw, output.dtype))
    flat = [state for after in kept for state in after]
    found = tape.gradient(said, [*steps, *flat], unconnected_gradients="zero")
    several = len(stack) > 1
    names = [
        f"{name} of cell {n}" if several else name
        for n, cell in enumerate(stack)
        for name in state_names(cell)
    ]
    columns = {"input": found[:length]}
    columns |= {name: found[length + n :: len(names)] for n, name in enumerate(names)}
    norms = {name: [_norm(one, probes) for one in reversed(ones)] for name, ones in columns.items()}
    return pd.DataFrame(norms).rename_axis("lag")


def gradient_half_life(flow: pd.DataFrame) -> pd.Series:
    """After how many steps each column of a `gradient_flow` has halved for good; NaN where it has not."""
    found = {}
    for name, norms in flow.items():
        above = np.flatnonzero(norms.to_numpy() > norms.iloc[0] / 2)
        last = above[-1] if len(above) else 0
        found[name] = float(last + 1) if last + 1 < len(norms) else np.nan
    return pd.Series(found, name="half-life")


def effective_lookback(flow: pd.DataFrame, *, share: float = SHARE) -> int:
    """The lag within which `share` of the influence of the inputs lies: how long a window it makes use of.

    >>> effective_lookback(pd.DataFrame({"input": [0.6, 0.3, 0.06, 0.04]}))
    2

    Raises:
        ValueError: a share outside of (0, 1], or no influence at all.
    """
    if not 0 < share <= 1:
        raise ValueError(f"effective_lookback: share must lie in (0, 1]. Received: {share}")
    total = flow["input"].cumsum()
    if not total.iloc[-1] > 0:
        raise ValueError("effective_lookback: the inputs have no influence on the output")
    return int(np.searchsorted(total / total.iloc[-1], share - 1e-9))


def _norm(gradient: Any, probes: int) -> float:
    values = keras.ops.convert_to_numpy(gradient).reshape(-1, probes, gradient.shape[-1]).astype("float64")
    return float(np.sqrt(np.mean(np.sum(values**2, axis=-1))))
