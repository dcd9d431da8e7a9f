"""Proof: a calendar is one class."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from proofs.end_to_end import use
from samples import small_forecaster

from seqmem import read
from seqmem.data.calendars import Calendar
from seqmem.evaluation import SquaredLogError


@dataclass(frozen=True)
class EveryThirdDay(Calendar):
    """Days 0, 3, 6, ... after the last."""

    periods_per_year = 122.0

    def after(self, last, n):
        """The next n of them."""
        return pd.date_range(last, periods=n + 1, freq="3D")[1:]


def test_a_calendar(tmp_path):
    prices = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 300).cumsum())
    series = pd.Series(prices, pd.date_range("2010-01-01", periods=300, freq="3D"), name="Close")
    data = read(series, calendar=EveryThirdDay(), allow=["spacing", "calendar"])
    _, served = use(small_forecaster(), [SquaredLogError()], tmp_path, data)
    expected = pd.date_range(series.index[-1], periods=4, freq="3D")[1:]
    assert list(pd.DatetimeIndex(served.ds[0])) == list(expected)
