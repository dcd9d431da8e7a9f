"""A fitted classic as a `Forecaster`: its numbers put into a graph."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.models.classics.graphs.inputs import UNIT, ClassicInputs
from seqmem.models.classics.graphs.recurrence import WIDEST, VarianceRecurrence
from seqmem.models.forecaster import Forecaster

TRUNCATED = 1e-7  # share of what a recurrence begins with that is left at the end of a window
FEWEST, MOST = 22, 2000  # rows of a window


def forecaster(
    target: ClassicInputs,
    cell: Any,
    bounds: tuple[np.ndarray, np.ndarray],
    *,
    bias: Sequence[float] | np.ndarray,
    linear: np.ndarray | None = None,
    readout: np.ndarray | None = None,
    daily: bool = False,
    exponential: bool = False,
    memory: float = 0.0,
    who: str = "",
) -> Forecaster:
    """A `VarianceRecurrence` with these weights, of a window that its memory fits into.

    Args:
        target: what it reads.
        cell: of its state, or none.
        bounds: the lowest and the highest daily variances, [H] each.
        bias: [days].
        linear: of the inputs, [F, days].
        readout: of the state, [days].
        daily: as in `VarianceRecurrence`.
        exponential: as in `VarianceRecurrence`.
        memory: the share of the state that is left a row later.
        who: in errors.

    Raises:
        ValueError: a memory longer than 2,000 rows.
    """
    rows = 1
    if cell is not None:
        rows = max(FEWEST, int(np.ceil(np.log(TRUNCATED) / np.log(np.clip(memory, 1e-9, 1 - 1e-9)))))
    if rows > MOST:
        raise ValueError(
            f"{who}: its memory is too long to be exported: a share of {memory:.5f} is left of each day the "
            f"day after, so that a window would have {rows} rows. Expected at most {MOST}"
        )
    with np.errstate(divide="ignore"):
        limits = np.log(np.array([np.broadcast_to(one, len(target.horizons)) for one in bounds]) / UNIT)
    held = np.clip(limits, -WIDEST, WIDEST).tolist()
    network = VarianceRecurrence(cell, target.horizons, daily=daily, exponential=exponential, bounds=held)
    found = Forecaster(network, target, rows)
    found.build()
    network.bias.assign(np.asarray(bias, "float32"))
    if linear is not None:
        network.linear.assign(np.asarray(linear, "float32"))
    if readout is not None:
        network.readout.assign(np.asarray(readout, "float32")[None])
    return found


def logit(share: float) -> Any:
    """The weight of a decay."""
    share = float(np.clip(share, 1e-7, 1 - 1e-7))
    return ops.cast([np.log(share / (1 - share))], "float32")
