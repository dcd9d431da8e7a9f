"""Prices are read as they are or refused with the row, the date and the column."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import random_walk

from seqmem.data.series import PriceError, coming_days, fingerprint, read_prices

PRICES = random_walk(60)
FRAME = PRICES.reset_index()


@pytest.fixture(params=["csv", "csv.gz", "parquet", "frame", "indexed", "series"])
def source(request, tmp_path):
    kind = request.param
    if kind == "parquet":
        FRAME.to_parquet(tmp_path / "p.parquet")
        return tmp_path / "p.parquet"
    if kind.startswith("csv"):
        FRAME.to_csv(tmp_path / f"p.{kind}", index=False)
        return str(tmp_path / f"p.{kind}")
    return {"frame": FRAME, "indexed": FRAME.set_index("Date"), "series": PRICES}[kind]


def test_every_source_gives_the_same_series(source):
    read = read_prices(source)
    pd.testing.assert_series_equal(read, PRICES, check_freq=False, rtol=1e-15, check_index_type=False)
    assert read.dtype == "float64"


@pytest.mark.parametrize(
    ("name", "rows", "first", "last"),
    [
        ("sp500", 5031, "1999-01-04", "2018-12-31"),
        ("nasdaq", 5031, "1999-01-04", "2018-12-31"),
        ("wti", 8321, "1986-01-02", "2019-01-03"),
    ],
)
def test_bundled_series(name, rows, first, last):
    prices = read_prices(f"bundled:{name}")
    assert (len(prices), str(prices.index[0].date()), str(prices.index[-1].date())) == (rows, first, last)


BAD_PRICE = {
    "nan": (np.nan, "expected a price. Received: nothing"),
    "inf": (np.inf, "expected a finite price. Received: inf"),
    "zero": (0.0, "expected a price above 0. Received: 0.0"),
    "negative": (-3.5, "expected a price above 0. Received: -3.5"),
}


@given(row=st.integers(0, len(PRICES) - 1), kind=st.sampled_from(sorted(BAD_PRICE)))
def test_a_bad_price_is_named_with_row_date_and_column(row, kind):
    value, words = BAD_PRICE[kind]
    bad = PRICES.copy()
    bad.iloc[row] = value
    with pytest.raises(PriceError) as error:
        read_prices(bad)
    expected = f"Series: row {row + 1}, {PRICES.index[row]:%Y-%m-%d}, column 'Close': {words}"
    assert str(error.value) == expected


@given(row=st.integers(1, len(PRICES) - 1), back=st.integers(0, 40))
def test_dates_must_increase(row, back):
    dates = PRICES.index.to_list()
    dates[row] = dates[row - 1] - pd.Timedelta(days=back)
    with pytest.raises(PriceError, match=rf"row {row + 1}, .* 'Date': expected dates that increase"):
        read_prices(pd.Series(PRICES.to_numpy(), pd.DatetimeIndex(dates, name="Date"), name="Close"))


@given(length=st.integers(0, 34))
def test_a_short_series_is_refused(length):
    with pytest.raises(PriceError, match=f"expected at least 35 rows .*Received: {length}"):
        read_prices(PRICES.iloc[:length])
    assert len(read_prices(PRICES.iloc[:35])) == 35


@given(gaps=st.lists(st.integers(1, 30), min_size=59, max_size=59))
def test_irregular_trading_days_are_kept_as_they_are(gaps):
    dates = pd.Timestamp("2000-01-03") + pd.to_timedelta(np.cumsum([0, *gaps]), unit="D")
    read = read_prices(pd.Series(PRICES.to_numpy(), dates, name="Close"))
    assert (read.index == dates).all()
    np.testing.assert_array_equal(read.to_numpy(), PRICES.to_numpy())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Date,Close\n2024-01-02,abc\n",
            "row 1, 2024-01-02, column 'Close': expected a number. Received: 'abc'",
        ),
        ("Date,Close\n2024-01-02,1\nsoon,2\n", "row 2, column 'Date': expected a date. Received: 'soon'"),
        ("Date,Close\n12/01/2021,1\n13/01/2021,2\n", "Received: '13/01/2021' .*say so with date_format"),
        ("Date;Close\n2024-01-02;1\n", "no column 'Close'. .*separated by something else than commas"),
        ("Date,close\n2024-01-02,1\n", "no column 'Close'. .*is it 'close'"),
        ("Close\n1\n2\n", "no dates: expected them in the index or in a column called Date"),
        ("Date,Price\n2024-01-02,1\n", r"no column 'Close'. Received: columns \['Date', 'Price'\]"),
        ("Date,Close\n7,1\n8,2\n", "row 1, column 'Date': expected a date like %Y%m%d. Received: '7'"),
        ("", "cannot be read as csv"),
        ("Date,Close\n2024-01-03,1\n2024-01-02,2\n", r"newest row stands first: sort by date"),
        ("Date,Close\n", "expected at least 35 rows .*Received: 0"),
    ],
)
def test_bad_files_are_explained(text, words, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(PriceError, match=words):
        read_prices(path)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere.csv", "nowhere.csv: no such file"),
        ("sp500", "is it bundled:sp500"),
        (str(Path(__file__).parent), "is a folder"),
        (__file__, "expected a name that ends in .csv or .parquet"),
        ("bundled:gold", "Expected one of: sp500, nasdaq, wti"),
        (7, "expected a path"),
    ],
)
def test_bad_sources_are_explained(source, words):
    with pytest.raises(PriceError, match=words):
        read_prices(source)


def test_dates_in_other_forms(tmp_path):
    path = tmp_path / "p.csv"
    for style, given_format in (("%Y%m%d", None), ("%d.%m.%Y", "%d.%m.%Y")):
        FRAME.assign(Date=FRAME["Date"].dt.strftime(style)).to_csv(path, index=False)
        assert (read_prices(path, date_format=given_format).index == PRICES.index).all()


@pytest.mark.parametrize("zones", [["-05:00"], ["-05:00", "-04:00"], ["Z"], ["+0900"]])
def test_the_local_day_is_the_trading_day(zones, tmp_path):
    zone = np.resize(zones, len(FRAME)).astype(str)
    stamps = FRAME["Date"].dt.strftime("%Y-%m-%d 00:00:00") + pd.Series(zone)
    FRAME.assign(Date=stamps).to_csv(tmp_path / "p.csv", index=False)
    assert (read_prices(tmp_path / "p.csv").index == PRICES.index).all()
    assert (read_prices(PRICES.tz_localize("America/New_York")).index == PRICES.index).all()


def test_a_download_of_one_ticker_is_plain_and_of_two_is_refused():
    one = pd.DataFrame({("Close", "A"): PRICES, ("Volume", "A"): PRICES})
    np.testing.assert_array_equal(read_prices(one), PRICES)
    with pytest.raises(PriceError, match="expected one column 'Close'"):
        read_prices(pd.DataFrame({("Close", "A"): PRICES, ("Close", "B"): PRICES}))


def test_the_fingerprint_is_of_dates_and_values():
    mine = fingerprint(PRICES)
    assert mine == fingerprint(read_prices(FRAME))
    assert mine != fingerprint(PRICES * (1 + 1e-15))
    assert mine != fingerprint(pd.Series(PRICES.to_numpy(), PRICES.index + pd.Timedelta(days=1)))


def test_coming_days_are_weekdays_unless_the_series_trades_at_weekends():
    friday = pd.bdate_range("2023-01-02", "2024-01-05")
    assert list(coming_days(friday, 2).strftime("%a")) == ["Mon", "Tue"]
    every_day = pd.date_range("2023-01-02", "2024-01-05")
    assert list(coming_days(every_day, 2).strftime("%a")) == ["Sat", "Sun"]
    assert list(coming_days(pd.RangeIndex(7), 2)) == [7, 8]
    late = every_day + pd.to_timedelta(np.random.default_rng(0).integers(0, 60, len(every_day)), unit="s")
    assert list(coming_days(late, 2)) == list(pd.to_datetime(["2024-01-06", "2024-01-07"]))
    for frequency in ("5min", "W", "ME"):
        with pytest.raises(PriceError, match="expected daily rows"):
            coming_days(pd.date_range("2023-01-02", periods=50, freq=frequency), 2)
