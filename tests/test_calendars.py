"""Calendars: what most weeks show, the next rows' dates, and what a year is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqmem.data.calendars import Calendar, EveryDay, Rows, Weekdays, infer
from seqmem.data.exchanges import Exchange

DAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
CALENDARS = [
    Weekdays(),
    Weekdays((6, 0, 1, 2, 3), ("01-01", "2024-07-04")),
    EveryDay(),
    Exchange("XNYS"),
    Rows(),
]


def _dates(days, start="2021-01-01", stop="2024-05-31"):
    dates = pd.date_range(start, stop)
    return dates[dates.day_of_week.isin(days)]


@given(days=DAYS, dropped=st.lists(st.integers(0, 100), max_size=9), special=st.integers(0, 300))
def test_the_days_that_most_weeks_have_are_inferred(days, dropped, special):
    dates = _dates(days)
    dates = dates.delete(sorted(set(dropped) & set(range(len(dates)))))
    dates = dates.union(pd.DatetimeIndex([dates[-1] - pd.Timedelta(days=special)]))
    found = infer(dates)
    assert found == (EveryDay() if len(days) == 7 else Weekdays(days))
    coming = found.after(dates[-1], 9)
    due = pd.date_range(dates[-1], periods=90)[1:]
    assert list(coming) == list(due[due.day_of_week.isin(days)][:9])


@pytest.mark.parametrize(
    ("dates", "coming"),
    [
        (_dates(range(5)).union(pd.to_datetime(["2024-01-20"])), "Mon 03 Tue 04 Wed 05"),
        (_dates((6, 0, 1, 2, 3)), "Sun 02 Mon 03 Tue 04"),
        (_dates((6, 0, 1, 2, 3, 4)), "Sun 02 Mon 03 Tue 04"),
        (_dates(range(7)), "Sat 01 Sun 02 Mon 03"),
    ],
)
def test_a_special_saturday_changes_nothing_and_other_weeks_are_seen(dates, coming):
    assert " ".join(infer(dates).after(pd.Timestamp("2024-05-31"), 3).strftime("%a %d")) == coming


def test_holidays_that_every_year_shows_are_inferred():
    dates = _dates(range(5), "2010-01-01", "2018-12-31")
    dates = dates[~dates.strftime("%m-%d").isin(["01-01", "12-25"])]
    assert infer(dates).holidays == ("01-01", "12-25")
    assert infer(dates).after(pd.Timestamp("2018-12-31"), 1)[0] == pd.Timestamp("2019-01-02")
    some = np.random.default_rng(0).random(len(dates)) < 0.5
    assert infer(dates[some]).holidays == ()  # half of all days are missing: that shows nothing


@pytest.mark.parametrize("calendar", CALENDARS, ids=repr)
def test_a_calendar_is_written_down_and_made_again(calendar):
    config = calendar.to_config()
    assert Calendar.from_config(config) == calendar
    assert Calendar.from_config(config).to_config() == config


@pytest.mark.parametrize("calendar", CALENDARS, ids=repr)
def test_what_comes_is_after_the_last_and_goes_on(calendar):
    last = 7 if calendar == Rows() else pd.Timestamp("2024-06-28 20:00:02")
    twelve = calendar.after(last, 12)
    assert len(twelve) == 12
    assert twelve.is_monotonic_increasing
    assert twelve.is_unique
    assert twelve[0] > last
    assert list(twelve[5:]) == list(calendar.after(twelve[4], 7))
    assert len(calendar.after(last, 400)) == 400


def test_an_exchange_knows_its_holidays():
    coming = Exchange("XNYS").after(pd.Timestamp("2024-07-02"), 3)
    assert list(coming.strftime("%m-%d")) == ["07-03", "07-05", "07-08"]


def test_an_exchange_goes_on_beyond_the_years_that_are_known_and_before_those_that_are_made_first():
    assert len(Exchange("XBOM").after(pd.Timestamp("2026-12-30"), 30)) == 30
    assert len(Exchange("XNYS").sessions(pd.Timestamp("1971-01-01"), pd.Timestamp("1971-12-31"))) == 253


def test_a_year_is_the_calendars():
    assert [calendar.periods_per_year for calendar in CALENDARS] == [252, 252, 365, 252, 252]
    assert Weekdays((6, 0, 1, 2, 3, 4)).periods_per_year == pytest.approx(302.4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Weekdays(()), "expected days from 0"),
        (lambda: Weekdays(holidays=("Xmas",)), "Received: 'Xmas'"),
        (lambda: Exchange("NYSE?"), "expected a code such as XNYS"),
        (lambda: Calendar.from_config({"class_name": "Lunar"}), "import its module first"),
    ],
)
def test_bad_calendars_are_explained(call, words):
    with pytest.raises(ValueError, match=words):
        call()
