"""An inspection says what was read, what is odd, and whether it may be trained on; the report shows it."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from samples import random_walk

from seqmem import Dataset, as_dataset, read
from seqmem.data.faults import DOUBTS
from seqmem.data.inspection import inspect
from seqmem.data.periods import Weekly
from seqmem.report import plot_inspection, print_inspection

PRICES = random_walk(400)


def _screen(found, **options):
    text = io.StringIO()
    print_inspection(found, Console(file=text, width=80), **options)
    return text.getvalue()


def test_prices_that_are_fit_are_said_to_be_with_what_was_read():
    found = inspect(PRICES)
    assert found.fit
    screen = _screen(found, go_on="seqmem tune --prices p.csv")
    for words in (
        "400 rows, ",
        "closes from 'Close'",
        "Mon to Fri; 252 days a year",
        "log returns: ",
        "Go on with: ",
    ):
        assert words in screen
    assert len(screen.splitlines()) <= 24


@pytest.mark.parametrize(
    ("doubt", "change"),
    [("split", lambda p: p / 12), ("tick", lambda p: p.where(p.index != p.index[0], p * 3))],
)
def test_suspicious_rows_are_named_counted_and_marked(doubt, change, tmp_path):
    prices = PRICES.copy()
    prices.iloc[200:] = change(prices.iloc[200:])
    found = inspect(read(prices, allow=DOUBTS))
    (one,) = found.series.values()
    assert one.suspicious[["row", "date", "doubt"]].to_numpy().tolist() == [[201, PRICES.index[200], doubt]]
    assert not found.fit
    assert f"--allow {doubt}" in _screen(found)
    assert inspect(read(prices, allow=DOUBTS), allow=[doubt]).fit
    assert plot_inspection(found, tmp_path / "p.png").stat().st_size > 1000


def test_all_of_it_is_json():
    found = inspect(PRICES)
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["fit"] is True
    assert plain["calendar"] == {"class_name": "Weekdays", "days": [0, 1, 2, 3, 4], "holidays": []}
    assert plain["series"]["Close"]["rows"] == 400
    assert plain["fingerprint"] == as_dataset(PRICES).fingerprint()


def test_a_panel_is_a_row_for_each_series_and_weeks_are_called_weeks():
    found = inspect({"a": PRICES, "b": PRICES * 2})
    assert found.fit
    assert re.search(r"^b +400  ", _screen(found), re.MULTILINE)
    weekly = Dataset(
        {"a": PRICES.to_frame("close").set_axis(pd.date_range("2000-01-07", periods=400, freq="W-FRI"))},
        Weekly(4),
    )
    assert "52 weeks a year" in _screen(inspect(weekly))


def test_values_below_0_are_looked_at_by_their_differences():
    found = inspect(read(PRICES - PRICES.mean(), allow_negative=True))
    assert found.series["Close"].differences
    assert "differences: " in _screen(found)


def test_returns_with_a_unit_root_and_too_few_rows():
    wandering = pd.Series(
        100 * np.exp(np.random.default_rng(0).normal(0, 1e-3, 400).cumsum().cumsum()), PRICES.index
    )
    assert any("log returns are not stationary" in problem for problem in inspect(wandering).problems)
    assert "too few rows to test" in _screen(inspect(PRICES.iloc[:20]))
