"""A prediction: what a model gives for one series."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Prediction(NamedTuple):
    """What a model says of one series; at least one of them.

    Attributes:
        mean: [N, H].
        quantiles: [N, H, Q], at the model's own levels.
        paths: [N, S, H], drawn.
        levels: of the quantiles, [Q], each in (0, 1), increasing.
    """

    mean: np.ndarray | None = None
    quantiles: np.ndarray | None = None
    paths: np.ndarray | None = None
    levels: tuple[float, ...] = ()


def as_prediction(values: "Prediction | np.ndarray") -> Prediction:
    """An array is a mean."""
    return values if isinstance(values, Prediction) else Prediction(mean=np.asarray(values, dtype="float64"))


def joined(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Parts of all series end to end, as doubles; None where no series has any."""
    there = [np.asarray(part, dtype="float64") for part in parts if part is not None]
    return np.concatenate(there) if there else None
