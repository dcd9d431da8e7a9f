"""Laws of the formats: each reads its own sample, to the last digit, and claims no other's."""

import numpy as np
import pandas as pd
import pytest

from seqmem import read
from seqmem.data.formats import formats
from seqmem.data.loading import ROWS, load

DAYS = pd.bdate_range("2023-01-02", periods=120)
CLOSES = 1200 * np.exp(
    np.random.default_rng(5).normal(0, 0.01, len(DAYS)).cumsum()
)  # above and below 1000 in time
CLOSES = np.round(CLOSES * np.linspace(1, 0.7, len(DAYS)), 6)
BARS = pd.DataFrame(
    {"open": CLOSES, "high": CLOSES * 1.01, "low": CLOSES * 0.99, "close": CLOSES, "volume": 1e6},
    DAYS.rename("Date"),
).round(6)
BARS = BARS.drop(index=DAYS[[7, 50]])  # holidays


def _sample(one, folder):
    sample = one.write(BARS)
    if isinstance(sample, pd.DataFrame):
        return sample
    path = folder / f"{one.name.replace(' ', '')[:9]}.csv"
    path.write_text(sample, encoding="utf-8")
    return path


@pytest.mark.parametrize("one", formats(), ids=lambda one: one.name)
def test_a_format_reads_its_own_sample_to_the_last_digit(one, tmp_path):
    data = read(_sample(one, tmp_path))
    assert data.format == one.name
    first = data[data.ids[0]].frame
    assert list(first.index) == list(BARS.index)
    np.testing.assert_array_equal(first["close"], BARS["close"])
    if "high" in first:
        np.testing.assert_array_equal(first[["open", "high", "low"]], BARS[["open", "high", "low"]])
        assert data.ids in (("series",), ("AAA.US",), ("A/B",)) or len(data.ids) == 2


@pytest.mark.parametrize("one", formats(), ids=lambda one: one.name)
def test_a_sample_is_claimed_by_one_format_alone(one, tmp_path):
    source = _sample(one, tmp_path)
    if isinstance(source, pd.DataFrame):
        names = [name for name in source.index.names if name] + list(source.columns)
        rows = [[str(value) for value in row] for row in source.head(ROWS).itertuples(index=False)]
    else:
        from seqmem.data.files import peek

        names, *rows = peek(source).rows
    header = [str(name).strip().lower() for name in names]
    assert [other.name for other in formats() if other.recognises(header, rows[:ROWS])] == [one.name]


def test_plain_files_are_claimed_by_none(tmp_path):
    for names in (
        "Date,Open,High,Low,Close,Adj Close,Volume",
        "Date,Open,High,Low,Close,Volume",
        "Date,Close",
    ):
        path = tmp_path / "p.csv"
        path.write_text(names + "\n2024-01-02" + ",1.5" * names.count(",") + "\n")
        assert load(path).format is None
