"""What a study tells on the page of a report."""

from collections.abc import Sequence

import pandas as pd

from seqmem.experiments.studies.base import Study, summary
from seqmem.report.page.section import Section
from seqmem.report.page.sections.study import StudySection
from seqmem.report.page.sections.verdict import VerdictSection


def study_sections(study: Study, rows: pd.DataFrame, certificate: str = "") -> Sequence[Section]:
    """The verdict, and what was measured.

    Args:
        study: what was measured.
        rows: of `studies.running.run`.
        certificate: of a cell of the user's own; empty: none.
    """
    table = summary(rows)
    return [
        VerdictSection(study.verdict(rows)),
        StudySection(study.claim, table, study.panels, study.formats, certificate, study.labels),
    ]
