"""From a user's frame to what a model is sent: the last rows of each asset, checked."""

from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.series import PriceError, day

_BAR = {"Open", "High", "Low", "Volume"}


def closes_by_asset(prices: Any, column: str) -> pd.DataFrame:
    """A frame of closes, one column for each asset.

    Args:
        prices: a Series, or bars, whose closes become the column `forecast`; or a wide frame, kept as it is.
        column: of the closes, where there are bars.

    Raises:
        PriceError: none of these.
    """
    if isinstance(prices, pd.Series):
        return prices.to_frame("forecast")
    if not isinstance(prices, pd.DataFrame) or not len(prices.columns):
        raise PriceError(f"expected a Series or a DataFrame of closes. Received: {type(prices).__name__}")
    if column in prices and {str(each).title() for each in prices} & _BAR:
        return prices[[column]].set_axis(["forecast"], axis=1)
    return prices


def windows(frame: pd.DataFrame, needed: int | None, name: str) -> np.ndarray:
    """The last `needed` rows, all where that is not known, as [assets, T] float32.

    Args:
        frame: a column for each asset.
        needed: rows.
        name: for errors.

    Raises:
        PriceError: too few rows, or a price that is no finite number above 0: its asset and its date.
    """
    if needed is not None:
        if len(frame) < needed:
            raise PriceError(f"{name}: expected at least {needed} rows. Received: {len(frame)}")
        frame = frame[-needed:]
    try:
        values = frame.to_numpy("float64")
    except (TypeError, ValueError) as error:
        raise PriceError(f"{name}: expected numbers: {error}") from error
    for row, column in np.argwhere(~(np.isfinite(values) & (values > 0)))[:1].tolist():
        raise PriceError(
            f"{name}: {frame.columns[column]}, {day(frame.index[row])}: expected a finite price above 0. "
            f"Received: {values[row, column]:g}"
        )
    return values.T.astype("float32")
