"""First biases that give the units of a cell memories of many lengths."""

from typing import TypeVar

import numpy as np

from seqmem.cells.base import Cell

SHORTEST = 3  # below it log U[1, T - 1] has no width
C = TypeVar("C", bound=Cell)


def chrono_init(cell: C, longest: int, *, seed: int = 0) -> C:
    """Start a built cell with memories of 1 to `longest` steps: chrono initialisation.

    Tallec and Ollivier (2018), "Can recurrent neural networks warp time?": the biases of the gates that keep
    are log u, u uniform in [1, T - 1], those of the gates that write -log u, the same u for each unit, so
    that a unit's gate is at first 1 - 1/u and its memory about u steps long. Keras's forget bias of 1 is a
    memory of two steps.

    Args:
        cell: built, and with `retain_gates` or `input_gates`; its other weights stay.
        longest: T, the longest memory that is needed, in steps, at least 3.
        seed: of u.

    Returns:
        The same cell.

    Raises:
        ValueError: a cell that is not built, has no bias, or names no gate that keeps or writes; `longest`
            below 3.

    >>> from seqmem.cells import LSTMCell
    >>> cell = LSTMCell(4)
    >>> cell.build((None, 1))
    >>> biases = np.array(chrono_init(cell, 100).bias).reshape(4, 4)  # input, forget, candidate, output
    >>> bool((biases[1] == -biases[0]).all()), bool((biases[2:] == 0).all())
    (True, True)
    """
    who = type(cell).__name__
    if not (cell.retain_gates or cell.input_gates):
        raise ValueError(f"chrono_init: {who} names no gate in `retain_gates` or `input_gates`")
    if not cell.built or cell.bias is None:
        raise ValueError(f"chrono_init: expected a built cell with a bias. Received: {who}")
    if longest < SHORTEST:
        raise ValueError(f"chrono_init: longest must be at least {SHORTEST}. Received: {longest}")
    logs = np.log(np.random.default_rng(seed).uniform(1, longest - 1, cell.units))
    biases = np.array(cell.bias)
    blocks = biases.reshape(-1, len(cell.gates), cell.units)  # a recurrent bias is a second row
    for number, gate in enumerate(cell.gates):
        if gate in (*cell.retain_gates, *cell.input_gates):
            blocks[:, number] = 0
            blocks[0, number] = logs if gate in cell.retain_gates else -logs
    cell.bias.assign(biases)
    return cell
