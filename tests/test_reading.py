"""The one door: every form of the same prices gives the same dataset, and nothing is lost."""

import numpy as np
import pandas as pd
import pytest
from samples import random_walk

from seqmem import Dataset, as_dataset, read
from seqmem.data.calendars import Rows, Weekdays
from seqmem.data.faults import PriceError

PRICES = random_walk(60)
BARS = pd.DataFrame(
    {"Open": PRICES, "High": PRICES * 1.01, "Low": PRICES * 0.99, "Close": PRICES, "Volume": 7.0}
)


def _written(path):
    BARS.to_csv(path)
    return path


@pytest.mark.parametrize("kind", ["frame", "column", "csv", "parquet", "lower", "mapping"])
def test_every_form_of_bars_is_the_same_dataset(kind, tmp_path):
    if kind == "parquet":
        BARS.to_parquet(tmp_path / "p.parquet")
    source = {
        "frame": lambda: BARS,
        "column": lambda: BARS.reset_index(),
        "csv": lambda: _written(tmp_path / "p.csv"),
        "parquet": lambda: tmp_path / "p.parquet",
        "lower": lambda: BARS.rename(columns=str.lower),
        "mapping": lambda: {"series": BARS},
    }[kind]()
    data = read(source)
    assert data.ids == ("series",)
    assert data.columns == ("open", "high", "low", "close", "volume")
    assert data.calendar == Weekdays()
    np.testing.assert_array_equal(data.values("series", ["high", "close"]), BARS[["High", "Close"]])
    assert list(data.frame.index) == list(BARS.index)
    assert data.fingerprint() == as_dataset(PRICES).fingerprint()
    assert as_dataset(data) is data


def test_arrays_are_closes_or_bars_without_dates():
    bars = BARS[["High", "Low", "Close"]].to_numpy()
    for source, columns in ((PRICES.to_numpy(), ("close",)), (PRICES.tolist(), ("close",)), (bars, None)):
        data = as_dataset(source)
        assert data.columns == (columns or ("high", "low", "close"))
        assert data.calendar == Rows()
        np.testing.assert_array_equal(data.frame["close"], PRICES)
    assert len(as_dataset([1.0, 2.0, 0.5])) == 3  # three numbers have no usual change: none is a split


BUNDLED = [
    ("sp500", 5031, "c9f5fdf27bb99a2d"),
    ("nasdaq", 5031, "16cbadca09203bfa"),
    ("wti", 8321, "36fd535b721804dd"),
]


@pytest.mark.parametrize(("name", "rows", "fingerprint"), BUNDLED)
def test_bundled_series_are_read_without_loss(name, rows, fingerprint):
    data = read(f"bundled:{name}")
    assert len(data) == rows
    assert data.has("high", "low", "open", "adj close", "volume") == (name != "wti")
    assert data.fingerprint().startswith(fingerprint)  # of the first edition: the cards of old models have it
    assert data.calendar.after(pd.Timestamp("2018-12-31"), 1)[0] == pd.Timestamp("2019-01-02")


def test_a_panel_is_read_from_a_wide_frame_or_a_mapping():
    wide = pd.DataFrame({"A": PRICES, "B": PRICES.iloc[20:] * 2})
    for panel in (wide, {"A": PRICES, "B": PRICES.iloc[20:] * 2}):
        data = read(panel)
        assert [len(data[one]) for one in ("A", "B")] == [60, 40]
        assert len(data) == 100
        with pytest.raises(ValueError, match="expected one series. Received: 2: A, B"):
            _ = data.frame
    with pytest.raises(KeyError, match="no series 'C'"):
        data["C"]


@pytest.mark.parametrize("factor", [2, 1 / 3, 6, 12, 1 / 30, 40, 104.1])
def test_a_change_that_no_market_makes_is_refused_unless_allowed(factor):
    split = PRICES.copy()
    split.iloc[40:] *= split.iloc[39] / split.iloc[40] * factor
    with pytest.raises(PriceError, match=rf"row 41, {PRICES.index[40]:%Y-%m-%d}, .*\[split\]"):
        read(split)
    assert len(read(split, allow=["split"])) == 60


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (PRICES[::-1], "dates that increase. .*the newest row stands first: sort by date"),
        (pd.DataFrame({"Close": PRICES, "High": PRICES}), "column 'High' without column 'Low'"),
        (BARS.assign(High=PRICES * 0.9), "column 'High': expected a high of at least the low"),
        (BARS.rename(columns={"Close": "Clos"}), "no column .Close.. Received: columns"),
        (np.ones((3, 2)), r"shape \(3, 2\)"),
        ([1.0, np.nan], "row 2, column 'Close': expected a price. Received: nothing"),
        ([1.0, 0.0], "row 2, column 'Close': expected a price above 0. Received: 0"),
        (object(), "expected a path"),
    ],
)
def test_what_is_surely_wrong_is_refused(frame, words):
    with pytest.raises(PriceError, match=words):
        as_dataset(frame)


def test_a_dataset_says_what_it_is():
    assert repr(as_dataset(BARS)).startswith("<Dataset DataFrame: 60 rows, 20")
    with pytest.raises(ValueError, match="high and low both or neither"):
        Dataset({"a": PRICES.to_frame("close").assign(low=1.0)}, Rows())
    with pytest.raises(ValueError, match="expected columns open. Received: close"):
        as_dataset(PRICES.to_numpy()).values("series", ["open"])
