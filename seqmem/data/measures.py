"""Measures of variance: squared returns, and Parkinson's variance from the range of a day."""

from typing import Any

import numpy as np
import pandas as pd


def log_returns(values: Any) -> np.ndarray:
    """Log returns [N] of closes; the first row has none: NaN.

    Args:
        values: closes [N]; rows [N, 1] or [N, 3] whose last column is the close; a frame with a column close.

    >>> log_returns([100.0, 101.0]).round(5).tolist()
    [nan, 0.00995]
    """
    return np.diff(np.log(_rows(values)[:, -1]), prepend=np.nan)


def squared_returns(values: Any) -> np.ndarray:
    """Squared log returns [N] of closes, as `log_returns` has them.

    >>> squared_returns([100.0, 101.0]).round(6).tolist()
    [nan, 9.9e-05]
    """
    return log_returns(values) ** 2


def parkinson(values: Any) -> np.ndarray:
    """Parkinson's (1980) variance of a day from its range [N]: log(high / low)^2 / (4 log 2).

    Args:
        values: rows [N, 3] of high, low and close; or a frame with these columns.

    Raises:
        ValueError: no highs and lows.

    >>> parkinson(np.array([[102.0, 100.0, 101.0]])).round(6).tolist()
    [0.000141]
    """
    rows = _rows(values)
    if rows.shape[1] != 3:
        raise ValueError("parkinson: expected rows of high, low and close. Received: closes alone")
    return np.asarray(range_variance(rows[:, 0], rows[:, 1], np))


def true_range_variance(values: Any) -> np.ndarray:
    """Parkinson's variance [N] of the true range (Wilder 1978), which the close before belongs to.

    A gap over night counts: the range runs from min(low, close before) to max(high, close before). The first
    row has its own range alone.

    Args:
        values: rows [N, 3] of high, low and close; or a frame with these columns.

    Raises:
        ValueError: no highs and lows.

    >>> rows = np.array([[101.0, 100.0, 100.0], [115.0, 114.0, 115.0]])
    >>> parkinson(rows).round(6).tolist(), true_range_variance(rows).round(6).tolist()
    ([3.6e-05, 2.8e-05], [3.6e-05, 0.007045])
    """
    rows = _rows(values)
    if rows.shape[1] != 3:
        raise ValueError("true_range_variance: expected rows of high, low and close. Received: closes alone")
    before = np.concatenate([rows[:1, 2].clip(rows[:1, 1], rows[:1, 0]), rows[:-1, 2]])
    high, low = np.maximum(rows[:, 0], before), np.minimum(rows[:, 1], before)
    return np.asarray(range_variance(high, low, np))


def range_variance(high: Any, low: Any, backend: Any) -> Any:
    """Parkinson's variance by the functions of `backend`: NumPy, or `keras.ops` in a graph."""
    return backend.square(backend.log(high / low)) / (4 * np.log(2))


def _rows(values: Any) -> np.ndarray:
    if isinstance(values, pd.DataFrame):
        named = values.rename(columns=str.lower)
        values = named[["high", "low", "close"] if "high" in named else ["close"]]
    rows = np.asarray(values, dtype="float64")
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or rows.shape[1] not in (1, 3):
        raise ValueError(f"measures: expected closes [N], or rows [N, 1] or [N, 3]. Received: {rows.shape}")
    return rows
