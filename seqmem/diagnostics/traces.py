"""What every gate and state does, and how much of the time a gate is stuck."""

from typing import Any

import numpy as np
import pandas as pd

from seqmem.cells import Activation
from seqmem.diagnostics.steps import StepRecord, batch, cells, iterate_steps, state_names
from seqmem.recurrence import Recurrent

FAR = 1e4  # where an activation function that has limits is at one


def trace(layer: Recurrent, sequence: Any) -> pd.DataFrame:
    """Every gate and state of a recurrence at every step of one sequence.

    Args:
        layer: any `Recurrent` of seqmem's cells, trained or not.
        sequence: [T] or [T, F], in the units that the layer sees. The index of a Series or a DataFrame is
            kept.

    Returns:
        A row for each step; columns (cell, name, unit): gates by their names, and states: ``h``, ``c``, ...

    >>> from seqmem import GRU
    >>> found = trace(GRU(2), [0.1, 0.2, 0.3])
    >>> found.shape, found[0, "update"].shape
    ((3, 8), (3, 2))
    """
    inputs = batch(sequence, layer)
    if inputs.shape[0] != 1:
        raise ValueError(f"trace: expected one sequence. Received: a batch of {inputs.shape[0]}")
    index = (
        sequence.index if isinstance(sequence, pd.Series | pd.DataFrame) else pd.RangeIndex(inputs.shape[1])
    )
    steps = list(iterate_steps(layer, inputs))
    return _values(layer, steps, 0, index[::-1] if layer.go_backwards else index)


def gates_by_window(layer: Recurrent, sequences: Any, index: pd.Index | None = None) -> pd.DataFrame:
    """Every gate and state of a recurrence at the last step of each window: what it does day by day.

    Args:
        layer: any `Recurrent` of seqmem's cells.
        sequences: [N, T, F], such as `sequences` gives.
        index: of the rows, such as the dates of the windows' ends; None: their numbers.

    Returns:
        A row for each window; columns as `trace` has them.
    """
    inputs = batch(sequences, layer)
    *_, last = iterate_steps(layer, inputs)
    return _values(layer, [last], slice(None), pd.RangeIndex(len(inputs)) if index is None else index)


def _values(
    layer: Recurrent, steps: list[list[StepRecord]], rows: int | slice, index: pd.Index
) -> pd.DataFrame:
    """The gates and states of some examples at some steps, one after the other, by (cell, name, unit)."""
    stack = cells(layer)
    columns: dict[tuple[int, str, int], list[np.ndarray]] = {}
    for records in steps:
        for record in records:
            states = dict(zip(state_names(stack[record.number]), record.step.states, strict=True))
            for name, values in {**record.step.gates, **states}.items():
                for unit, own in enumerate(np.atleast_2d(np.asarray(values)[rows]).T):
                    columns.setdefault((record.number, name, unit), []).append(own)
    found = pd.DataFrame({key: np.concatenate(own) for key, own in columns.items()}, index=index)
    found.columns = pd.MultiIndex.from_tuples(list(columns), names=("cell", "name", "unit"))
    return found.sort_index(axis=1)


def saturation(layer: Recurrent, sequences: Any, *, margin: float = 0.05) -> pd.DataFrame:
    """How much of the time each gate is near its limits, where it lets next to no gradient through.

    Args:
        layer: any `Recurrent` of seqmem's cells.
        sequences: [T, F] or [B, T, F].
        margin: near a limit is within this share of the gate's range.

    Returns:
        For each cell and gate: mean, and the shares near its lower and its upper limit, over all steps,
        examples and units; NaN for a gate without that limit.

    Raises:
        ValueError: a margin outside of (0, 0.5).
    """
    if not 0 < margin < 0.5:
        raise ValueError(f"saturation: margin must lie in (0, 0.5). Received: {margin}")
    values: dict[tuple[int, str], list[np.ndarray]] = {}
    for records in iterate_steps(layer, batch(sequences, layer)):
        for record in records:
            for name, gate in record.step.gates.items():
                values.setdefault((record.number, name), []).append(np.asarray(gate))
    stack, rows = cells(layer), []
    for (number, name), found in values.items():
        low, high = limits(stack[number].gates[name])
        gate, near = np.stack(found), margin * (high - low)
        rows.append(
            {
                "cell": number,
                "gate": name,
                "mean": float(gate.mean()),
                "low": float((gate < low + near).mean()) if np.isfinite(near) else np.nan,
                "high": float((gate > high - near).mean()) if np.isfinite(near) else np.nan,
            }
        )
    return pd.DataFrame(rows).set_index(["cell", "gate"])


def limits(activation: Activation) -> tuple[float, float]:
    """The limits of an activation function, infinite where it has none.

    >>> from seqmem.cells.activations import linear, sigmoid, tanh
    >>> limits(sigmoid), limits(tanh), limits(linear)
    ((0.0, 1.0), (-1.0, 1.0), (-inf, inf))
    """
    ends = [float(np.asarray(activation(np.float32(end)))) for end in (-FAR, FAR)]
    low, high = (round(end, 3) if abs(end) < FAR / 2 else float(np.copysign(np.inf, end)) for end in ends)
    return low, high
