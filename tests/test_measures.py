"""Measures of variance: free of the unit, and right for a random walk within the day."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqmem.data.measures import log_returns, parkinson, squared_returns


@given(st.lists(st.floats(0.5, 2.0), min_size=3, max_size=20), st.floats(1e-3, 1e5))
def test_variances_of_a_day_do_not_depend_on_the_unit(steps, unit):
    closes = np.cumprod(steps)
    bars = np.stack([closes * 1.1, closes * 0.9, closes], axis=1)
    np.testing.assert_allclose(
        squared_returns(unit * bars)[1:], np.log(steps[1:]) ** 2, rtol=1e-6, atol=1e-12
    )
    np.testing.assert_allclose(parkinson(unit * bars), np.log(1.1 / 0.9) ** 2 / (4 * np.log(2)))
    np.testing.assert_array_equal(log_returns(closes), log_returns(bars))
    frame = pd.DataFrame(bars, columns=["High", "Low", "Close"])[["Close", "Low", "High"]]
    np.testing.assert_array_equal(parkinson(frame), parkinson(bars))
    np.testing.assert_array_equal(log_returns(frame), log_returns(bars))


def test_parkinson_is_the_variance_of_a_random_walk_within_the_day():
    draw = np.random.default_rng(0).normal(0, 0.01 / np.sqrt(500), (4000, 500)).cumsum(axis=1)
    high, low = np.maximum(draw.max(axis=1), 0), np.minimum(draw.min(axis=1), 0)
    bars = np.exp(np.stack([high, low, draw[:, -1]], axis=1))
    assert parkinson(bars).mean() == pytest.approx(
        1e-4, rel=0.08
    )  # a little low: 500 steps miss the extremes


def test_what_has_no_range_has_no_range_variance():
    with pytest.raises(ValueError, match="Received: closes alone"):
        parkinson([1.0, 2.0])
    with pytest.raises(ValueError, match=r"Received: \(3, 2\)"):
        log_returns(np.ones((3, 2)))
