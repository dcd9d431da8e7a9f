"""What sampled paths do as a whole, in a graph: as `seqmem.evaluation.paths` has it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

Tensor = Any
BAND = 90  # percent of whole paths


def path_outputs(paths: Tensor, levels: Sequence[float]) -> dict[str, Tensor]:
    """Paths [B, S, H] by name, with what can be said of each as a whole.

    Args:
        paths: sampled, jointly.
        levels: of the quantiles, Q of them.

    Returns:
        paths; minimum and maximum, quantiles of the lowest and of the highest value up to each horizon,
        [B, H, Q]; band, the ends of what holds 90% of whole paths at each horizon, [B, H, 2].
    """
    lowest, highest = [paths[..., 0]], [paths[..., 0]]
    for column in range(1, paths.shape[2]):
        lowest.append(ops.minimum(lowest[-1], paths[..., column]))
        highest.append(ops.maximum(highest[-1], paths[..., column]))
    return {
        "paths": paths,
        "minimum": _quantiles(ops.stack(lowest, axis=1), levels),
        "maximum": _quantiles(ops.stack(highest, axis=1), levels),
        "band": _band(paths),
    }


def _quantiles(values: Tensor, levels: Sequence[float]) -> Tensor:
    """Of [B, H, S], linear between: [B, H, Q]."""
    ordered = ops.sort(values, axis=-1)
    places = np.array(levels) * (values.shape[-1] - 1)
    below = np.floor(places).astype("int32")
    share = ops.cast(places - below, values.dtype)
    above = np.minimum(below + 1, values.shape[-1] - 1)
    return (1 - share) * ops.take(ordered, below, axis=-1) + share * ops.take(ordered, above, axis=-1)


def _band(paths: Tensor) -> Tensor:
    """As many paths left out on either side at every horizon, so that 90% of whole ones are inside."""
    count = paths.shape[1]
    ranks = ops.argsort(ops.argsort(paths, axis=1), axis=1)
    depth = ops.min(ops.minimum(ranks, count - 1 - ranks), axis=2)  # [B, S]
    out = ops.sort(depth, axis=1)[:, int(count * (1 - BAND / 100) + 1e-9)]
    ordered = ops.transpose(ops.sort(paths, axis=1), (0, 2, 1))  # [B, H, S]
    places = ops.stack([out, count - 1 - out], axis=1)[:, None]  # [B, 1, 2]
    places = ops.broadcast_to(places, (ops.shape(paths)[0], paths.shape[2], 2))
    return ops.take_along_axis(ordered, places, axis=2)
