"""What a risk report tells on the page of a report."""

from collections.abc import Sequence

from seqmem.data.inspection import inspect
from seqmem.experiments.risk.report import REFERENCE, RiskReport
from seqmem.report.page.report import sections_of
from seqmem.report.page.section import Section
from seqmem.report.page.sections.data import DataSection
from seqmem.report.page.sections.risk import RiskSection
from seqmem.report.page.sections.scores import ScoresSection, leader
from seqmem.report.page.sections.verdict import VerdictSection


@sections_of.register
def risk_sections(found: RiskReport) -> Sequence[Section]:
    """The verdict, the data, breaches and their tests, scores."""
    evaluation = found.evaluation
    return [
        VerdictSection(found.summary, [leader(evaluation)], found.warnings),
        DataSection(inspect(evaluation.outcome.data), evaluation.outcome.cutoff.min()),
        RiskSection(found),
        ScoresSection(evaluation, [REFERENCE]),
    ]
