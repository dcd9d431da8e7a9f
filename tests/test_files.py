"""Files as people have them: read to the last digit, or refused with row, date, column and a cure."""

import contextlib
import gzip
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqmem import Exchange, read
from seqmem.data.faults import PriceError, PriceWarning
from seqmem.data.formats import formats
from seqmem.data.periods import Monthly, Weekly

DAYS = pd.bdate_range("2022-01-03", periods=300)
CLOSES = np.round(100 * np.exp(np.random.default_rng(1).normal(0, 0.01, 300).cumsum()), 2)
PRICES = pd.Series(CLOSES, DAYS, name="Close")
BARS = pd.DataFrame(
    {"Open": CLOSES, "High": CLOSES * 1.01, "Low": CLOSES * 0.99, "Close": CLOSES, "Volume": 1e3},
    DAYS.rename("Date"),
)
ROWS = [f"{date.date()},{close}" for date, close in PRICES.items()]


def _file(tmp_path, text, name="p.csv", encoding="utf-8"):
    (tmp_path / name).write_bytes(text.encode(encoding))
    return tmp_path / name


def _lines(form, *, head="Date,Close", newest_first=False):
    items = list(PRICES.items())
    rows = [form(date, close) for date, close in (reversed(items) if newest_first else items)]
    return "\n".join([head, *rows]) + "\n"


def _german(value):
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


READ = {
    "a trailing comma": lambda: _lines(lambda d, c: f"{d.date()},{c},", head="Datum,Close"),
    "a trailing comma in all": lambda: _lines(lambda d, c: f"{d.date()},{c},", head="Date,Close,"),
    "blanks around names": lambda: "Date , Close \n" + "\n".join(ROWS),
    "sep=": lambda: "sep=,\nDate,Close\n" + "\n".join(ROWS),
    "remarks": lambda: "# mine\n# of today\nDate,Close\n" + "\n".join(ROWS),
    "old line ends": lambda: "Date,Close\r" + "\r".join(ROWS),
    "a byte order mark": lambda: "\ufeffDate,Close\r\n" + "\r\n".join(ROWS),
    "Japanese": lambda: _lines(lambda d, c: f"{d:%Y年%m月%d日},{c}", head="日付,終値"),
    "semicolons and decimal commas": lambda: _lines(
        lambda d, c: f"{d:%d.%m.%Y};{_german(c)}", head="Datum;Kurs"
    ),
    "tabs": lambda: _lines(lambda d, c: f"{d.date()}\t{c}", head="Date\tClose"),
    "the newest first": lambda: _lines(lambda d, c: f"{d.date()},{c}", newest_first=True),
    "month first": lambda: _lines(lambda d, c: f"{d:%m/%d/%Y},{c}"),
    "day first": lambda: _lines(lambda d, c: f"{d:%d/%m/%Y},{c}"),
    "days without zeros": lambda: _lines(lambda d, c: f"{d.day}.{d.month}.{d.year},{c}"),
    "two blanks before the time": lambda: _lines(lambda d, c: f"{d.date()}  16:00:00,{c}"),
    "names of months": lambda: _lines(lambda d, c: f'"{d:%b %d, %Y}",{c}'),
    "20240131": lambda: _lines(lambda d, c: f"{d:%Y%m%d},{c}"),
    "seconds": lambda: _lines(lambda d, c: f"{int(d.timestamp())},{c}", head="time,close"),
    "microseconds after milliseconds": lambda: _lines(
        lambda d, c: f"{int(d.timestamp() * (1e3 if d < DAYS[99] else 1e6))},{c}"
    ),
    "serials of Excel": lambda: _lines(lambda d, c: f"{(d - pd.Timestamp('1899-12-30')).days},{c}"),
    "a time of its own, before the date": lambda: _lines(
        lambda d, c: f"16:00:00,{d.date()},{c}", head="Time,Date,Close"
    ),
    "an offset": lambda: _lines(lambda d, c: f"{d.date()} 00:00:00-05:00,{c}"),
    "footnotes of Yahoo's pages": lambda: _lines(
        lambda d, c: f'"{d:%b %d, %Y}",{c},{c}', head="Date,Close*,Adj Close**", newest_first=True
    ),
    "MetaTrader": lambda: _lines(
        lambda d, c: f"{d:%Y.%m.%d}\t{c}\t{c}\t{c}\t{c}\t5\t0",
        head="<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>",
    ),
    "candles stamped at the evening before": lambda: _lines(
        lambda d, c: f"{d - pd.Timedelta(hours=3)}+00:00,{c}"
    ),
}


@pytest.mark.parametrize("case", READ)
def test_a_file_is_read_to_the_last_digit(case, tmp_path):
    options = {"allow": ["range"]} if case == "MetaTrader" else {}
    data = read(_file(tmp_path, READ[case]()), **options)
    np.testing.assert_array_equal(data.frame["close"], CLOSES)
    assert list(data.frame.index) == list(DAYS)


REFUSED = {
    "one value more than the header": (
        lambda: _lines(lambda d, c: f"{d.date()},{c},7"),
        "one value more than the header",
    ),
    "one more late": (lambda: "Date,Close\n" + "\n".join(ROWS) + "\n2023-03-01,1,2", "one value more|saw 3"),
    "two columns Close": (
        lambda: _lines(lambda d, c: f"{d.date()},{c},{c}", head="Date,Close,Close"),
        "more than one column 'Close'",
    ),
    "Close and close": (
        lambda: _lines(lambda d, c: f"{d.date()},{c},{c}", head="Date,Close,close"),
        "more than one column 'Close'",
    ),
    "no names": (lambda: "\n".join(ROWS), "expected the names of the columns in line 1.*Date,Close"),
    "no dates": (lambda: "Close\n1\n2\n", "no dates"),
    "no rows": (lambda: "Date,Close\n", "expected rows. Received: none"),
    "HTML": (lambda: "<!DOCTYPE html><html></html>", "a page of HTML"),
    "JSON": (lambda: '{"a": 1}', "Received: JSON.*pandas.read_json"),
    "a pointer of Git LFS": (lambda: "version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    "one line": (lambda: "x" * 200_000, "a line of more than"),
    "binary": (lambda: "\x00\x01" * 99, "binary data"),
    "blanks": (lambda: "Date Close\n2024-01-02 1\n", "--separator ' '"),
    "only the first twelve days": (
        lambda: "Date,Close\n03/01/2022,1\n04/01/2022,2\n",
        "%d/%m/%Y or %m/%d/%Y. Say so",
    ),
    "day and month first": (
        lambda: "Date,Close\n13.12.2020,1\n12.13.2020,2\n",
        "row . column 'Date'|row 1, column 'Date'",
    ),
    "1,204 in two readings": (
        lambda: 'Date,Close\n2024-01-02,"1,204"\n2024-01-03,"1,198"\n',
        "decimal mark. --decimal",
    ),
    "a word among numbers": (
        lambda: "Date,Close\n2024-01-02,abc\n",
        "row 1, 2024-01-02, column 'Close': expected a number. Received: 'abc'",
    ),
    "Arabic digits": (lambda: "Date,Close\n2024-01-02,٩\n", "expected a number"),
    "nothing": (lambda: "Date,Close\n2024-01-02,1\n2024-01-03,null\n", "row 2, 2024-01-03.*nothing.*dropna"),
    "a footer": (
        lambda: "Date,Close\n2024-01-02,1\nSource: me,\n",
        "row 2, column 'Date': expected a date. Received: 'Source: me'",
    ),
    "a zero": (
        lambda: "Date,Close\n2024-01-02,0\n",
        "expected a price above 0. Received: 0.*--allow-negative",
    ),
    "a year of long ago": (lambda: "Date,Close\n0203-01-02,1\n", "expected a year from 1700"),
    "the future": (
        lambda: "Date,Close\n2024-01-02,1\n2242-07-14,2\n",
        r"row 2, 2242-07-14.*lies in the future.*\[future\]",
    ),
    "the last date twice": (
        lambda: "Date,Close\n2024-01-02,1\n2024-01-02,1\n",
        "2024-01-02 after 2024-01-02.*duplicated",
    ),
    "a live price of the same day": (
        lambda: "Date,Close\n" + "\n".join([*ROWS, f"{DAYS[-1].date()} 20:00:02,9"]),
        "row 301, .* two rows on 2023-02-24; the last has a time of day .a live price",
    ),
    "prices of one series under other names": (
        lambda: _lines(lambda d, c: f"{d.date()},{c},{c * 1.01}", head="Datum,Auf,Zu"),
        "no column 'Close'.*--column",
    ),
    "Greek": (
        lambda: "Date,Close\n2024-01-02,1\n2024-01-03\n",
        "row 2, 2024-01-03, column 'Close': expected a price",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_is_refused_with_what_to_do(case, tmp_path):
    text, words = REFUSED[case]
    with pytest.raises(PriceError, match=rf"(?s)p.csv.*{words}"):
        read(_file(tmp_path, text()))


def test_all_faults_come_in_one_error(tmp_path):
    path = _file(tmp_path, "Date,Close\n2024-01-02,1\nsoon,2\n2024-01-04,abc\n")
    with pytest.raises(PriceError, match=r"(?s)row 2, column 'Date'.*'soon'.*\n.*row 3, 2024-01-04, .*'abc'"):
        read(path)


def test_files_are_opened_by_what_is_in_them(tmp_path):
    text = "Date,Close\n" + "\n".join(ROWS)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("p.csv", text)
    PRICES.rename_axis("Date").reset_index().to_parquet(tmp_path / "c.data")
    PRICES.rename_axis("Date").reset_index().to_feather(tmp_path / "d.feather")
    _file(tmp_path, text, "Kurse ä #1%.TXT")
    _file(tmp_path, text, "f.csv", "utf-16")
    for name in ("a.csv.gz", "b.zip", "c.data", "d.feather", "Kurse ä #1%.TXT", "f.csv"):
        np.testing.assert_array_equal(read(tmp_path / name).frame["close"], CLOSES)


def test_text_that_is_not_utf8_is_read_where_that_is_said(tmp_path):
    path = _file(
        tmp_path, _lines(lambda d, c: f"{d.date()},{c}", head="Datum,Schlußkurs"), encoding="latin-1"
    )
    with pytest.raises(
        PriceError, match="line 1: expected text in utf-8. Received: byte 0xdf.*--encoding cp1252"
    ):
        read(path)
    assert read(path, encoding="cp1252").column == "Schlußkurs"


@pytest.mark.parametrize(
    "kind", ["arrow", "Float64", "string", "category", "period", "text", "numbers", "objects", "ns"]
)
def test_frames_of_every_type_are_the_same(kind):
    frame = {
        "arrow": lambda: pa.table({"Date": pa.array([d.date() for d in DAYS]), "Close": pa.array(CLOSES)}),
        "Float64": lambda: PRICES.astype("Float64").to_frame(),
        "string": lambda: PRICES.astype("string").to_frame(),
        "category": lambda: PRICES.astype("category").to_frame(),
        "period": lambda: PRICES.set_axis(DAYS.to_period("D")),
        "text": lambda: PRICES.set_axis(DAYS.strftime("%Y-%m-%d")),
        "numbers": lambda: PRICES.set_axis(DAYS.strftime("%Y%m%d").astype(int)),
        "objects": lambda: PRICES.set_axis(pd.Index([d.date() for d in DAYS])),
        "ns": lambda: PRICES.set_axis(DAYS.as_unit("ns").tz_localize("Asia/Tokyo")),
    }[kind]()
    assert read(frame).fingerprint() == read(PRICES).fingerprint()


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Europe/London", "Asia/Kolkata", "Australia/Sydney"],
)
def test_midnights_of_another_zone_in_utc_are_the_day_that_begins(zone):
    data = read(PRICES.set_axis(DAYS.tz_localize(zone).tz_convert("UTC")))
    assert list(data.frame.index) == list(DAYS)


def test_stamps_that_do_not_show_their_day_are_refused_until_their_zone_is_said():
    every = pd.date_range("2022-01-03", periods=300)
    weeks = every[~every.day_of_week.isin([4, 5])]  # Sunday to Thursday
    for dates, zone in ((every, "Europe/Berlin"), (weeks, "Asia/Jerusalem")):
        stamps = PRICES.iloc[: len(dates)].set_axis(dates.tz_localize(zone).tz_convert("UTC"))
        with pytest.raises(PriceError, match="expected a stamp that shows its trading day.*--zone"):
            read(stamps)
        assert list(read(stamps, zone=zone).frame.index) == list(dates)
    naive = PRICES.set_axis(DAYS.tz_localize("Europe/Berlin").tz_convert("UTC").tz_localize(None))
    with pytest.raises(PriceError, match="--zone"):
        read(naive)
    assert list(read(naive, zone="Europe/Berlin").frame.index) == list(DAYS)


def test_a_live_price_as_a_row_of_its_own_is_read_with_a_warning():
    stamps = [*DAYS[:-1], DAYS[-1] + pd.Timedelta(hours=20)]
    with pytest.warns(PriceWarning, match="row 300, .* has a time of day: a live price"):
        data = read(PRICES.set_axis(pd.DatetimeIndex(stamps)))
    assert data.frame.index[-1] == DAYS[-1]
    assert "live price" in data.notes[0]


def test_rows_within_days_become_days_with_their_realised_variance():
    stamps = pd.date_range("2022-01-03", periods=24 * 40, freq="h", tz="UTC")
    closes = 100 * np.exp(np.random.default_rng(0).normal(0, 0.002, len(stamps)).cumsum())
    hours = pd.Series(closes, stamps, name="Close")
    with pytest.raises(PriceError, match="rows 1 hours apart.*--resample 1D"):
        read(hours)
    frame = read(hours, resample="1D").frame
    own = np.log(hours).groupby(hours.index.normalize())
    np.testing.assert_allclose(frame["realized_variance"], own.apply(lambda one: (one.diff() ** 2).sum()))
    np.testing.assert_array_equal(frame["close"], closes[23::24])
    np.testing.assert_array_equal(frame["high"], closes.reshape(-1, 24).max(axis=1))


@pytest.mark.parametrize(
    ("period", "dates", "calendar"),
    [
        ("week", pd.date_range("2010-01-01", periods=300, freq="W-FRI"), Weekly(4)),
        ("month", pd.date_range("2000-01-31", periods=300, freq="ME"), Monthly("ME")),
        ("month", pd.date_range("2000-01-01", periods=300, freq="BMS"), Monthly("BMS")),
    ],
)
def test_weeks_and_months_are_read_where_that_is_said(period, dates, calendar):
    prices = PRICES.set_axis(dates)
    with pytest.raises(PriceError, match=rf"expected a row a day.*--period {period}.*\[spacing\]"):
        read(prices)
    data = read(prices, period=period)
    assert data.calendar == calendar
    assert data.calendar.period == period
    assert list(calendar.after(dates[-3], 2)) == list(dates[-2:])
    with pytest.raises(PriceError, match=f"expected a row a {period}"):
        read(PRICES, period=period)


def test_daily_rows_after_weekly_ones_are_doubted():
    dates = pd.date_range("2010-01-01", periods=100, freq="W-FRI").union(
        pd.bdate_range("2015-01-05", periods=200)
    )
    with pytest.raises(PriceError, match=r"% of the rows are 7 days apart"):
        read(PRICES.set_axis(dates))


def test_the_dates_are_held_against_the_exchange_that_was_named():
    sessions = Exchange("XNYS").sessions(pd.Timestamp("2022-01-03"), pd.Timestamp("2023-03-20"))[:300]
    data = read(PRICES.set_axis(sessions).drop(sessions[7]), calendar=Exchange("XNYS"))
    assert data.notes == (f"1 days without a row but with a session of XNYS: {sessions[7]:%Y-%m-%d}",)
    with pytest.raises(
        PriceError, match=r"expected a session of XNYS. Received: Mon 2022-01-17.*\[calendar\]"
    ):
        read(PRICES, calendar=Exchange("XNYS"))


def test_one_ticker_is_plain_and_of_two_one_is_chosen():
    one = pd.DataFrame({("Close", "A"): PRICES, ("High", "A"): PRICES * 1.1, ("Low", "A"): PRICES * 0.9})
    for frame in (one, one.swaplevel(axis=1)):
        np.testing.assert_array_equal(read(frame).frame["close"], CLOSES)
    two = pd.DataFrame({("Close", "A"): PRICES, ("Close", "B"): PRICES * 2})
    with pytest.raises(PriceError, match="Received: 2: A, B: take one: --series A"):
        read(two)
    np.testing.assert_array_equal(read(two, series="B").frame["close"], CLOSES * 2)
    assert read(two, series="*").ids == ("A", "B")


def test_values_below_0_are_read_where_that_is_said():
    spread = PRICES - 100
    with pytest.raises(PriceError, match="expected a price above 0.*--allow-negative"):
        read(spread)
    np.testing.assert_array_equal(read(spread, allow_negative=True).frame["close"], CLOSES - 100)


def test_which_of_two_closes_is_read_is_said():
    both = BARS.assign(**{"Adj Close": CLOSES * 0.9})
    assert read(both).notes == (
        "Close is read; Adj Close differs on 300 rows: --column 'Adj Close' reads it",
    )
    adjusted = read(both, column="Adj Close", allow=["range"])
    np.testing.assert_array_equal(adjusted.frame["close"], CLOSES * 0.9)
    with pytest.raises(PriceError, match=r"outside .* .299 more such rows.*\[range\]"):
        read(both, column="Adj Close")


@pytest.mark.parametrize(("column", "factor"), [("High", 10), ("Low", 0.3), ("Close", 1.5), ("Close", 100)])
def test_a_price_that_the_next_day_undoes_is_named(column, factor):
    bars = BARS.copy()
    bars.loc[DAYS[150], column] *= factor
    closes = bars if column != "Close" else bars[["Close"]]
    with pytest.raises(PriceError, match=rf"row 151, {DAYS[150]:%Y-%m-%d}, column '{column}': .*\[tick\]"):
        read(closes)
    assert len(read(closes, allow=["tick", "range"])) == 300


def test_prices_that_stand_still_are_refused():
    with pytest.raises(PriceError, match=r"% repeat the one before \[unchanged\]"):
        read((PRICES.iloc[:60] / 4).round() * 4)
    still = PRICES.copy()
    still.iloc[100:130] = 90.0
    with pytest.raises(PriceError, match=r"90 on 30 rows, to .*\[unchanged\]"):
        read(still)


def test_doubts_are_allowed_by_their_names_and_kept():
    split = PRICES.copy()
    split.iloc[200:] *= 12
    assert "row 201" in read(split, allow=["split"]).doubts[0]
    with pytest.raises(ValueError, match="allow: expected names among calendar, future"):
        read(PRICES, allow=["splits"])


def _changed(bars, row, factor):
    factors = np.where(np.arange(len(bars)) == row, factor, 1.0)
    return bars.mul(factors, axis=0)


FAULTS = {
    "none": lambda bars, row: bars,
    "a row twice": lambda bars, row: pd.concat([bars.iloc[: row + 1], bars.iloc[row:]]),
    "two rows in the wrong order": lambda bars, row: bars.iloc[
        [*range(row), row + 1, row, *range(row + 2, len(bars))]
    ],
    "a split": lambda bars, row: pd.concat([bars.iloc[:row], bars.iloc[row:] / 30]),
    "pence for a day": lambda bars, row: _changed(bars, row, 100.0),
    "a zero": lambda bars, row: _changed(bars, row, 0.0),
    "a negative price": lambda bars, row: _changed(bars, row, -1.0),
}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    one=st.sampled_from(formats()),
    fault=st.sampled_from(sorted(FAULTS)),
    row=st.integers(30, 200),
    seed=st.integers(0, 99),
    digits=st.integers(2, 9),
)
def test_in_any_format_with_any_fault_it_is_equal_to_the_last_digit_or_refused(
    one, fault, row, seed, digits, tmp_path
):
    closes = np.round(900 * np.exp(np.random.default_rng(seed).normal(0, 0.01, 240).cumsum()), digits)
    bars = pd.DataFrame(
        {"open": closes, "high": closes * 1.01, "low": closes * 0.99, "close": closes, "volume": 1e6}
    )
    bars = FAULTS[fault](bars.set_axis(DAYS[:240].rename("Date")), row)
    try:
        sample = one.write(bars)
    except ValueError:  # a format with a row for each day has none twice, nor two in the wrong order
        return
    source = sample
    if isinstance(sample, str):
        source = _file(tmp_path, sample)
    if fault == "none":
        first = read(source)
        np.testing.assert_array_equal(first[first.ids[0]].frame["close"], closes)
        assert list(first[first.ids[0]].frame.index) == list(DAYS[:240])
    else:
        with pytest.raises(PriceError, match=r"row \d+"):
            read(source)


_PIECES = [
    "Date",
    "Close",
    "2020-01-02",
    "1.5",
    ",",
    ";",
    "\n",
    "\t",
    '"',
    "\0",
    "1e999",
    "2020-13-45",
    "١",
    "\ufeff",
]


_BEGINS = [b"PK\x03\x04", b"PAR1", b"ARROW1", b"\x1f\x8b"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.lists(st.sampled_from(_PIECES), max_size=40).map(lambda pieces: "".join(pieces).encode()),
        st.tuples(st.sampled_from(_BEGINS), st.binary()).map(b"".join),
    ),
    ending=st.sampled_from([".csv", ".parquet", ".csv.gz", ".feather", ".xlsx"]),
)
@pytest.mark.filterwarnings("ignore")
def test_any_bytes_are_read_or_refused(data, ending, tmp_path):
    (tmp_path / f"any{ending}").write_bytes(data)
    with contextlib.suppress(PriceError):
        read(tmp_path / f"any{ending}")
