"""What a league tells on the page of a report."""

from collections.abc import Sequence
from typing import ClassVar

import pandas as pd

from seqmem.data.inspection import inspect
from seqmem.diagnostics import diagnose
from seqmem.diagnostics.models import has_recurrence
from seqmem.evaluation import Evaluation, ParkinsonRange, SquaredReturns
from seqmem.evaluation.summary import ahead
from seqmem.experiments.league.league import League
from seqmem.experiments.league.recommendation import Recommendation
from seqmem.report import calibration_rows
from seqmem.report.page.blocks import Block, Grid, Words
from seqmem.report.page.report import sections_of
from seqmem.report.page.section import Section
from seqmem.report.page.sections.data import DataSection
from seqmem.report.page.sections.memory import MemorySection
from seqmem.report.page.sections.scores import ScoresSection, SpreadSection, leader, ranked
from seqmem.report.page.sections.verdict import VerdictSection
from seqmem.report.page.sections.volatility import VolatilitySection


class RecommendationSection(Section):
    """Which model to use, and what it was chosen by.

    Args:
        found: the recommendation of a league.
    """

    title: ClassVar[str] = "Recommendation"
    place: ClassVar[int] = 5

    def __init__(self, found: Recommendation) -> None:
        self.found = found

    def blocks(self) -> list[Block]:
        """In words, and the losses of the candidates."""
        losses = self.found.losses.rename("loss").rename_axis("candidate").reset_index()
        note = "Mean of log v + y / v in hundredths, over proxies and horizons; lower is better."
        return [Words(self.found.about), Grid("Before the test part", losses, {"loss": ".3f"}, note)]


class CalibrationSection(Section):
    """Whether variances are too high or too low on average, and whether they follow what comes.

    Args:
        evaluation: of variances.
    """

    title: ClassVar[str] = "Calibration"
    place: ClassVar[int] = 42

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation

    def blocks(self) -> list[Block]:
        """A table for each horizon."""
        note = "Realised over forecast: 1 is right on average. Slope: 1 is right. * p < .05, ** p < .01."
        return [
            Grid(f"Variance {ahead(h)}", _one_line(calibration_rows(self.evaluation, h)), note=note)
            for h in self.evaluation.outcome.horizons
        ]


def _one_line(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns=lambda name: str(name).replace("\n", " "))


@sections_of.register
def league_sections(found: League) -> Sequence[Section]:
    """The verdict, the data, scores, seeds, and volatility beside what came."""
    evaluation, data = found.evaluation, found.data
    proxy = ParkinsonRange() if data.has("high", "low") else SquaredReturns()
    notes = [leader(evaluation), f"{found.pooled[:1].upper()}{found.pooled[1:]}."]
    return [
        VerdictSection(found.summary, notes, found.warnings),
        *([] if found.recommendation is None else [RecommendationSection(found.recommendation)]),
        DataSection(inspect(data), found.split.test_start),
        ScoresSection(evaluation, found.references),
        CalibrationSection(evaluation),
        SpreadSection(found.spread),
        VolatilitySection(evaluation, proxy, found.shown),
        *_memory(found),
    ]


def _memory(found: League) -> list[Section]:
    """Of the best of the networks that have one."""
    names = [
        name
        for name in ranked(found.evaluation)
        if name in found.forecasters and has_recurrence(found.forecasters[name])
    ]
    if not names:
        return []
    about = f"{names[0]} on {found.data.name}"
    return [MemorySection(diagnose(found.forecasters[names[0]], found.data), about)]
