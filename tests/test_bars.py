"""Bars: what one column needs of another, and what a variance needs of prices."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import random_bars

from seqmem.data.bars import (
    PriceWarning,
    as_bars,
    log_returns,
    parkinson,
    read_bars,
    read_panel,
    squared_returns,
)
from seqmem.data.series import PriceError

BARS = random_bars(300)


def _changed(row, **columns):
    bars = BARS.copy()
    for column, value in columns.items():
        bars.iloc[row, bars.columns.get_loc(column)] = value
    return bars


def test_bars_come_back_from_files_and_frames_as_they_were(tmp_path):
    BARS.to_csv(tmp_path / "b.csv")
    BARS.to_parquet(tmp_path / "b.parquet")
    named = BARS.rename(columns={"High": "h", "Low": "l", "Close": "c"})[["c", "l", "h"]]
    for read in (
        read_bars(BARS),
        read_bars(tmp_path / "b.csv"),
        read_bars(tmp_path / "b.parquet"),
        read_bars(named, close="c", high="h", low="l"),
    ):
        pd.testing.assert_frame_equal(read, BARS, check_freq=False, check_index_type=False)
    closes = read_bars(BARS["Close"])
    assert closes.columns.tolist() == ["Close"]
    assert read_bars(BARS[["Close"]]).columns.tolist() == ["Close"]


@pytest.mark.parametrize(
    ("bars", "words"),
    [
        (_changed(7, High=1.0), r"row 8, 2010-01-13: expected a high of at least the low. Received: high 1"),
        (_changed(7, Low=-1.0), r"row 8, 2010-01-13, column 'Low': expected a price above 0"),
        (
            _changed(7, Close=np.nan),
            r"row 8, 2010-01-13, .*: expected a price. Received: nothing",
        ),
        (_changed(7, High=np.inf), r"row 8, 2010-01-13, column 'High': expected a finite price"),
        (
            _changed(slice(50, 80), Close=99.5),
            r"row 51, 2010-03-15, .* 99.5 on 30 rows, to 2010-04-23",
        ),
        (BARS.assign(High=BARS["Close"], Low=BARS["Close"]), r"the high is the low, on 300 rows in all"),
        (BARS[:100], r"expected at least 252 rows"),
        (BARS.drop(columns="Low"), r"column 'High' without column 'Low'"),
        (
            BARS.assign(Close=BARS["Close"] * 0.5),
            r"lies outside .* on 300 rows in all: are the closes",
        ),
    ],
)
def test_what_cannot_be_a_variance_is_refused_with_its_date(bars, words):
    with pytest.raises(PriceError, match=words):
        read_bars(bars)


def test_what_is_probably_wrong_is_warned_of_with_its_date():
    split = BARS.copy()
    split.iloc[100:] /= 2
    with pytest.warns(PriceWarning, match=r"row 101, 2010-05-24: a move of -50% in a day: a split\?"):
        read_bars(split)
    with pytest.warns(PriceWarning, match=r"row 8, 2010-01-13: the close .* on 1 rows in all$"):
        read_bars(_changed(7, Close=BARS["High"].iloc[7] * 1.01))


def test_ranges_under_other_names_are_pointed_out():
    small = BARS.rename(columns=str.lower)
    with pytest.warns(
        PriceWarning, match="closes alone are read: no columns 'High' and 'Low', but high and low"
    ):
        assert read_bars(small, close="close").columns.tolist() == ["Close"]
    assert read_bars(small, close="close", high="high", low="low").columns.tolist() == [
        "High",
        "Low",
        "Close",
    ]
    with pytest.raises(PriceError, match=r"no column 'Close'.* \(is it 'close'\?\)"):
        read_bars(small)


def test_a_flat_stretch_of_21_days_will_do():
    assert len(read_bars(_changed(slice(50, 71), Close=99.5)["Close"])) == 300


@given(st.lists(st.floats(0.5, 2.0), min_size=3, max_size=20), st.floats(1e-3, 1e5))
def test_variances_of_a_day_do_not_depend_on_the_unit(steps, unit):
    closes = np.cumprod(steps)
    bars = np.stack([closes * 1.1, closes * 0.9, closes], axis=1)
    np.testing.assert_allclose(
        squared_returns(unit * bars)[1:], np.log(steps[1:]) ** 2, rtol=1e-6, atol=1e-12
    )
    np.testing.assert_allclose(parkinson(unit * bars), np.log(1.1 / 0.9) ** 2 / (4 * np.log(2)))
    np.testing.assert_array_equal(log_returns(closes), log_returns(bars))


def test_parkinson_is_the_variance_of_a_random_walk_within_the_day():
    draw = np.random.default_rng(0).normal(0, 0.01 / np.sqrt(500), (4000, 500)).cumsum(axis=1)
    high, low = np.maximum(draw.max(axis=1), 0), np.minimum(draw.min(axis=1), 0)
    bars = np.exp(np.stack([high, low, draw[:, -1]], axis=1))
    assert parkinson(bars).mean() == pytest.approx(
        1e-4, rel=0.08
    )  # a little low: 500 steps miss the extremes


def test_columns_are_taken_by_name_whatever_their_order():
    np.testing.assert_array_equal(as_bars(BARS[["Close", "High", "Low"]]), BARS.to_numpy())
    assert as_bars(BARS["Close"]).shape == (300, 1)
    with pytest.raises(ValueError, match="expected columns .* or Close"):
        as_bars(BARS[["High", "Close"]])
    with pytest.raises(ValueError, match="expected bars with High and Low"):
        parkinson(BARS["Close"])


@pytest.mark.parametrize(
    ("bars", "words"),
    [
        (_changed(7, Low=-1.0), r"bars: row 8, 2010-01-13: expected prices above 0. Received: \[.*, -1.0, "),
        (_changed(7, High=1.0), "row 8, 2010-01-13: expected a high of at least the low"),
        (BARS.iloc[::-1], "row 2, .*: expected dates that increase"),
        (_changed(7, Low=np.nan), "row 8, 2010-01-13: expected a number"),
    ],
)
def test_frames_that_nobody_has_read_as_bars_are_looked_at_too(bars, words):
    with pytest.raises(ValueError, match=words):
        squared_returns(bars)


def test_the_bars_of_one_series_are_no_panel():
    with pytest.raises(PriceError, match="bars of one series: expected closes of many"):
        read_panel(BARS.rename(columns=str.lower))


def test_stocks_come_from_a_package_that_is_not_asked_for_until_then(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skfolio.datasets", None)
    with pytest.raises(PriceError, match=r"pip install 'seqmem\[stocks\]'"):
        read_panel("bundled:stocks")
    with pytest.raises(PriceError, match="no such file"):
        read_panel("nowhere.csv")
    with (
        pytest.warns(PriceWarning, match="left out: .*column 'A'"),
        pytest.raises(PriceError, match="none that can be used"),
    ):
        read_panel(pd.DataFrame({"A": [1.0, 2.0]}, index=BARS.index[:2]))
