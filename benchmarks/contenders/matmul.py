"""What a matrix multiply takes."""

from collections.abc import Callable

import numpy as np


def multiply(side: int) -> Callable[[], None]:
    """Two float32 matrices [side, side]."""
    first, second = np.random.default_rng(0).normal(size=(2, side, side)).astype("float32")
    into = np.empty_like(first)

    def run() -> None:
        np.matmul(first, second, out=into)

    return run
