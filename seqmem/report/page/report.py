"""One report: a page on whatever was found. What a result tells is registered by its class."""

from collections.abc import Sequence
from functools import singledispatch
from pathlib import Path
from typing import Any

from seqmem.data.dataset import Dataset
from seqmem.data.inspection import Inspection, inspect
from seqmem.diagnostics import Diagnosis
from seqmem.evaluation import Evaluation, Forecast
from seqmem.report.page.page import Page
from seqmem.report.page.section import Section
from seqmem.report.page.sections.card import CardSection
from seqmem.report.page.sections.data import DataSection
from seqmem.report.page.sections.forecasts import ForecastSection
from seqmem.report.page.sections.memory import MemorySection
from seqmem.report.page.sections.scores import ScoresSection, leader
from seqmem.report.page.sections.verdict import VerdictSection
from seqmem.serving import ServedModel


def report(path: str | Path, *found: Any, title: str = "") -> Path:
    """Write one self-contained page on what was found; it opens in any browser, without a network.

    Each result has its sections, and a page has them in one order: the verdict, data, trials, forecast,
    scores, volatility or risk, memory, the card.

    Args:
        path: of the page, .html.
        *found: results (of `volatility_league`, `risk_report`, `evaluate`, `forecast`, `diagnose`), a
            Dataset, an exported model; or sections of your own.
        title: of the page; by default what the first result is.

    Raises:
        ValueError: nothing to report, a result of which nothing is known, a name that does not end in .html,
            no such folder, or a page of more than 5 MB.

    >>> import tempfile, seqmem
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report(f"{folder}/sp500.html", seqmem.read("bundled:sp500")).name
    'sp500.html'
    """
    if not found:
        raise ValueError(
            "report: expected what was found: a league, an evaluation, a forecast, a dataset, ..."
        )
    sections = [section for one in found for section in sections_of(one)]
    return Page(title or f"{type(found[0]).__name__}", sections).write(path)


@singledispatch
def sections_of(found: Any) -> Sequence[Section]:
    """The sections of a result; `sections_of.register` teaches it another class."""
    raise ValueError(
        "report: expected a result (a league, a risk report, an evaluation, a forecast, a diagnosis), a "
        f"Dataset, an exported model or a section. Received: {type(found).__name__}"
    )


@sections_of.register
def _(found: Section) -> Sequence[Section]:
    return [found]


@sections_of.register
def _(found: Inspection) -> Sequence[Section]:
    return [DataSection(found)]


@sections_of.register
def _(found: Dataset) -> Sequence[Section]:
    return [DataSection(inspect(found))]


@sections_of.register
def _(found: Forecast) -> Sequence[Section]:
    return [ForecastSection(found)]


@sections_of.register
def _(found: Diagnosis) -> Sequence[Section]:
    return [VerdictSection(found.words), MemorySection([found])]


@sections_of.register
def _(found: ServedModel) -> Sequence[Section]:
    return [CardSection(found.card, str(found.folder))]


@sections_of.register
def _(found: Evaluation) -> Sequence[Section]:
    data = DataSection(inspect(found.outcome.data))
    return [VerdictSection(leader(found)), data, ScoresSection(found)]
