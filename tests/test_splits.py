"""Splits: the same origins as ever, no label in two parts, one border in time for all series of a panel."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqmem import Dataset, ExpandingWindow, RollingWindow, Split, as_dataset
from seqmem.data.calendars import Rows, Weekdays
from seqmem.data.origins import origins_between
from seqmem.data.splits import as_origins

SHAPES = st.tuples(st.integers(400, 2000), st.integers(1, 60), st.integers(1, 10))


def _series(length, start="2000-01-03", dated=True):
    index = pd.bdate_range(start, periods=length) if dated else pd.RangeIndex(length)
    frame = pd.DataFrame({"close": np.arange(1.0, length + 1)}, index=index)
    return Dataset({"a": frame}, Weekdays() if dated else Rows())


def _origins(start, stop, context_length, horizon):
    """Those with so many rows up to them, whose future lies within the rows [start, stop)."""
    return np.arange(max(start - 1, context_length - 1), stop - horizon)


def _panel(*sizes):
    frames = {f"s{n}": _series(length, start).frame for n, (start, length) in enumerate(sizes)}
    return Dataset(frames, Weekdays())


@given(shape=SHAPES, dated=st.booleans(), shares=st.sampled_from([(0.3, 0.2), (0.25, 0.1), (0.5, 0.5)]))
def test_a_split_by_share_has_the_origins_of_a_cut_by_rows(shape, dated, shares):
    length, context_length, horizon = shape
    data = _series(length, dated=dated)
    split = Split.by_share(
        data, test=shares[0], validation=shares[1], context_length=context_length, horizon=horizon
    )
    test_start = int(length * (1 - shares[0]))  # the cuts that the first edition made, by rows
    borders = (0, int(test_start * (1 - shares[1])), test_start, length)
    rows = [_origins(*border, context_length, horizon) for border in itertools.pairwise(borders)]
    for part, expected in zip((split.train, split.validation, split.test), rows, strict=True):
        np.testing.assert_array_equal(part(data)["a"], expected)
        longer = part(data, context_length=context_length + 3, horizon=horizon + 2)["a"]
        assert longer[-1] == expected[-1] - 2
        assert longer[0] == max(expected[0], context_length + 2)
    assert split.known(data) == {"a": int(length * (1 - shares[0]))}


@given(shape=SHAPES, count=st.integers(1, 4), dated=st.booleans())
def test_folds_are_splits_with_the_origins_of_a_walk(shape, count, dated):
    length, context_length, horizon = shape
    data = _series(length, dated=dated)
    size = {"context_length": context_length, "horizon": horizon}
    stop = int(length * 0.7)
    first = int(stop * 0.8**count)
    borders = [first + (stop - first) * fold // count for fold in range(count + 1)]
    for folds, back in ((ExpandingWindow(count), False), (RollingWindow(count), True)):
        for split, (start, end) in zip(folds.splits(data, **size), itertools.pairwise(borders), strict=True):
            train, validation = ((start - first if back else 0, start), (start, end))
            for part, rows in ((split.train, train), (split.validation, validation)):
                expected = _origins(*rows, context_length, horizon)
                if len(expected):
                    np.testing.assert_array_equal(part(data)["a"], expected)
                else:
                    with pytest.raises(ValueError, match="no window"):
                        part(data)
        whole = Split.by_share(data, **size)
        np.testing.assert_array_equal(
            whole.refit().train(data)["a"], _origins(0, stop, context_length, horizon)
        )
        assert count > 1 or folds.splits(data, **size) == (whole,)


@settings(max_examples=30)
@given(first=st.integers(1200, 1500), second=st.integers(1200, 1500), size=st.integers(1, 60))
def test_a_panel_is_cut_at_the_dates_of_all_its_series(first, second, size):
    data = _panel(("2000-01-03", first), ("2000-06-01", second), ("2001-01-01", 1100))
    split = Split.by_share(data, context_length=size, horizon=5)
    dates = np.unique(np.concatenate([data.dates(name) for name in data.ids]))
    borders = dates[[int(len(dates) * 0.7 * 0.8), int(len(dates) * 0.7)]]
    for name in data.ids:
        rows = [0, *data.dates(name).searchsorted(borders), len(data.dates(name))]
        for number, part in enumerate((split.train, split.validation, split.test)):
            expected = origins_between(rows[number], rows[number + 1], size, 5)
            np.testing.assert_array_equal(part(data)[name], expected)


@given(shape=SHAPES)
def test_the_parts_share_no_label_and_leave_a_gap_of_the_horizon(shape):
    length, context_length, horizon = shape
    data = _series(length)
    split = Split.by_share(data, context_length=context_length, horizon=horizon)
    parts = [part(data)["a"] for part in (split.train, split.validation, split.test)]
    for before, after in itertools.pairwise(parts):
        assert after[0] - before[-1] == horizon
    assert parts[2][0] + 1 == int(length * 0.7)
    assert parts[2][-1] == length - 1 - horizon


@given(start=st.integers(0, 90), stop=st.integers(0, 99), context_length=st.integers(1, 9))
def test_origins_in_all_their_forms(start, stop, context_length):
    data = _series(100)
    dates = data.dates("a")
    low = context_length - 1
    rows = np.arange(max(start, low), max(stop, start, low) + 1)
    mask = np.zeros(100, dtype=bool)
    mask[rows] = True
    ends = slice(dates[rows[0]], dates[rows[-1]])
    forms = (
        rows,
        rows.tolist(),
        slice(rows[0], rows[-1] + 1),
        mask,
        dates[rows],
        list(dates[rows].astype(str)),
    )
    for form in (*forms, ends, {"a": rows}):
        np.testing.assert_array_equal(as_origins(data, form, context_length=context_length)["a"], rows)
    whole = np.arange(low, 97)
    np.testing.assert_array_equal(as_origins(data, slice(None), context_length=low + 1, ahead=3)["a"], whole)
    assert as_origins(data, None, context_length=low + 1)["a"].tolist() == [99]


@pytest.mark.parametrize(
    ("origins", "words"),
    [
        ([3], "whole numbers from 9 .a window reads 10 rows. to 98"),
        ([99], "Received: 99 to 99"),
        ([], "Received: none"),
        (np.zeros(100, bool), "Received: none"),
        (np.ones(99, bool), "expected a mask of 100 rows. Received: 99"),
        ([10.0], "Received: 10.0 to 10.0, float64"),
        (["2000-02-05"], "2000-02-05; the next with one is 2000-02-07"),
        ({"b": [10]}, "expected series .'a',.. Received: .'b'"),
    ],
)
def test_bad_origins_are_named(origins, words):
    with pytest.raises(ValueError, match=words):
        as_origins(_series(100), origins, context_length=10, ahead=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Split.by_share(_series(100), test=1.0), "test=1.0"),
        (lambda: Split("2001-01-01", "2000-01-01"), "validation_start < test_start"),
        (lambda: Split(10, "2000-01-01"), "Received: 10, 2000-01-01"),
        (lambda: Split(10, 20).train(_series(100)), "dates where the series has dates"),
        (lambda: Split(10, 20, horizon=0), "at least 1"),
        (
            lambda: Split.by_share(_series(40), context_length=30).train(_series(40)),
            "a: no window of 30 rows",
        ),
        (lambda: Split.by_share(_series(2)), "2 rows are too few"),
        (lambda: Split.by_share(_series(100)).refit().validation(_series(100)), "no validation part"),
        (lambda: ExpandingWindow(0), "at least 1"),
    ],
)
def test_bad_splits_are_explained(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_arrays_of_millions_of_rows_are_quick_to_take():
    """No copy of the rows is kept: an array of float64 is looked at where it lies."""
    values = np.linspace(1.0, 2.0, 1_000_000)
    assert np.shares_memory(as_dataset(values).frame["close"].to_numpy(), values)
