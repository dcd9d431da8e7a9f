"""The page of a report: complete, self-contained, safe with hostile names; in test_page.py it is clicked."""

import json
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import HOSTILE, evaluated, every_part, risk, volatility

from seqmem import cli, read
from seqmem.report import report
from seqmem.report.page.blocks import Axis, Chart, Grid, Words
from seqmem.report.page.marks import Line, Shade, extremes, plain
from seqmem.report.page.page import MOST_BYTES, Page
from seqmem.report.page.report import sections_of
from seqmem.report.page.section import Section
from seqmem.report.page.sections.scores import ranked


@dataclass(frozen=True)
class One(Section):
    """A section of one block."""

    block: object
    title = "One"
    place = 5

    def blocks(self):
        return [self.block]


def _data(text):
    """What the script reads: each figure's data."""
    found = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    return [json.loads(one) for one in found]


def test_every_part_of_a_page_is_there_and_nothing_is_fetched(fitted, prices, tmp_path):
    text = report(tmp_path / "all.html", *every_part(fitted, prices), title="All").read_text()
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert heads == [
        "Verdict",
        "Data",
        "Study",
        "Forecast",
        "Scores",
        "Calibration",
        "Volatility",
        "Risk",
        "Memory",
    ]
    assert len(text.encode()) < MOST_BYTES / 4
    assert not re.findall(r'(?:src|href)="(?!#)', text)
    assert "default-src 'none'" in text
    titles = [figure["title"] for figure in _data(text)]
    assert all(titles)
    for figure in _data(text):
        assert all(axis["label"] for axis in (figure["x"], figure["y"]))
        for mark in figure["marks"]:
            assert {len(mark[key]) for key in ("y", "low", "high", "stop") if key in mark} == {len(mark["x"])}


def test_names_in_the_data_cannot_do_anything(tmp_path):
    closes = pd.Series(100 + np.arange(60.0) + np.sin(np.arange(60.0)))
    evil = read({HOSTILE: closes, "b": closes})
    grid = Grid(HOSTILE, pd.DataFrame({HOSTILE: [HOSTILE]}), note=HOSTILE)
    chart = Chart(HOSTILE, Axis(HOSTILE), Axis(HOSTILE), [Line(HOSTILE, x=[1, 2], y=[1, 2])], HOSTILE)
    parts = [evil, One(grid), One(chart), One(Words(HOSTILE, "verdict"))]
    text = report(tmp_path / "evil.html", *parts, title=HOSTILE).read_text()
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == 1 + len(_data(text))
    assert HOSTILE in [figure["title"] for figure in _data(text)]


@pytest.mark.parametrize(
    ("path", "parts", "words"),
    [
        ("a.html", [], "expected what was found"),
        ("a.html", [3], "Received: int"),
        ("a.pdf", [One(Words("x"))], "ends in .html"),
        ("no/a.html", [One(Words("x"))], "no folder"),
        ("a.html", [One(Words("x" * MOST_BYTES))], "less than 5"),
    ],
)
def test_what_cannot_be_reported_is_refused(path, parts, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        report(tmp_path / path, *parts)
    assert not list(tmp_path.iterdir())


def test_sections_stand_in_their_order_and_those_with_nothing_to_say_are_left_out():
    class Nothing(One):
        title = "Nothing"
        place = 1

        def blocks(self):
            return []

    class Early(One):
        title = "Early"
        place = 2

    text = Page("t", [One(Words("a")), Early(Words("b")), Nothing(None), One(Words("c"))]).html()
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", text) == ["Early", "One"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400), st.integers(2, 50))
def test_a_line_that_is_thinned_keeps_its_ends_its_peak_and_its_trough(values, most):
    values = np.array(values)
    kept = extremes(values, most)
    assert list(kept) == sorted(set(kept))
    assert {0, len(values) - 1} <= set(kept)
    assert values[kept].max() == values.max()
    assert values[kept].min() == values.min()
    assert len(kept) <= most + 3


@given(st.lists(st.booleans(), max_size=30))
def test_shades_are_the_stretches_of_a_mask(mask):
    found = Shade.where("s", pd.RangeIndex(len(mask)), np.array(mask, dtype=bool))
    inside = [day for a, b in zip(found.start, found.stop, strict=True) for day in range(a, b + 1)]
    assert inside == list(np.flatnonzero(mask))


def test_what_is_not_known_is_null_and_a_date_is_a_day():
    assert plain([1.0, np.inf, np.nan, 123456.789]) == [1, None, None, 123460]
    assert plain(pd.DatetimeIndex([pd.Timestamp("1970-01-01 12:00"), pd.Timestamp("2020-02-29")])) == [
        0.5,
        18321,
    ]


def test_the_winner_is_shown_first_and_the_reference_beside_it():
    sections = sections_of(volatility())
    (chart,) = next(one for one in sections if one.title == "Volatility").blocks()
    on = [mark.name for mark in chart.marks if isinstance(mark, Line) and mark.shown]
    assert on == [ranked(volatility().evaluation)[0], "constant"]
    assert on[0] == "EWMA"
    (sticks, *_, last) = next(one for one in sections_of(risk()) if one.title == "Risk").blocks()[1].marks
    assert len(sticks.x) > len(last.x) > 0  # of many days few are breaches


def test_scores_that_are_no_ratio_are_shown_as_differences():
    grids = [one for one in next(s for s in sections_of(evaluated()) if s.title == "Scores").blocks()]
    (first,) = [one for one in grids if isinstance(one, Grid)][:1]
    assert any(name.startswith("ratio ") for name, _ in first.columns)
    (first,) = [
        one for s in sections_of(risk()) if s.title == "Scores" for one in s.blocks() if isinstance(one, Grid)
    ][:1]
    assert [name for name, _ in first.columns if name.startswith("minus ")] == ["minus GARCH-t"]


def test_the_commands_write_it(exported, prices, tmp_path, capsys):
    prices.to_frame().to_csv(tmp_path / "prices.csv")
    for command in ("forecast", "diagnose"):
        asked = [command, str(exported), str(tmp_path / "prices.csv"), "--report", str(tmp_path / "a.html")]
        assert cli.main(asked) == 0
        text = (tmp_path / "a.html").read_text()
        assert "No edge found." in text
        assert "Card and versions" in text
    capsys.readouterr()
    assert cli.main([*asked[:-1], str(tmp_path / "a.pdf")]) == 2
    assert "ends in .html" in capsys.readouterr().err
