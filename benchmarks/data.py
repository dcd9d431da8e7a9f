"""The data of the benchmarks: the bundled S&P 500, its parts, and horizon.

Imported by contenders too, whose processes TensorFlow has no business in.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from seqmem.data.reading import read

if TYPE_CHECKING:
    from seqmem.data.splits import Split

HORIZON = 5


@lru_cache
def closes() -> np.ndarray:
    """5,031 closes."""
    return read("bundled:sp500").frame["close"].to_numpy()


def parts(lookback: int) -> "Split":
    """Training, validation and test part for windows of a lookback and one more close."""
    from seqmem.data.splits import Split

    return Split.by_share(closes(), context_length=lookback + 1, horizon=HORIZON)


LOOKBACK, BATCH, EPOCHS = 60, 64, 8
WINDOWS = 76 * BATCH  # 4,864


@lru_cache
def returns() -> np.ndarray:
    """Standardised log returns of the closes, one shorter."""
    found = np.diff(np.log(closes())).astype("float32")
    return (found - found.mean()) / found.std()


def windows() -> tuple[np.ndarray, np.ndarray]:
    """Windows of returns [4864, 60, 1] and the five returns after each [4864, 5]."""
    ends = LOOKBACK + np.arange(WINDOWS)[:, None]
    return returns()[ends + np.arange(-LOOKBACK, 0)][..., None], returns()[ends + np.arange(HORIZON)]
