"""The page of a search: what was tried, what was taken, how good it is, and what it forecasts."""

from dataclasses import fields
from pathlib import Path

from seqmem.data.inspection import inspect
from seqmem.diagnostics import diagnose
from seqmem.report import report
from seqmem.report.page.section import Section
from seqmem.report.page.sections.data import DataSection
from seqmem.report.page.sections.forecasts import ForecastSection
from seqmem.report.page.sections.memory import MemorySection
from seqmem.report.page.sections.scores import ScoresSection, leader
from seqmem.report.page.sections.verdict import VerdictSection
from seqmem.serving import ServedModel
from tuning.display.sections import TrialsSection
from tuning.hypermodel import ForecastHyperModel
from tuning.searcher import SearchResult
from tuning.selection.select import Selected
from tuning.space import SearchSpace


def write_report(
    path: str | Path, folder: Path, result: SearchResult, selected: Selected, hypermodel: ForecastHyperModel
) -> Path:
    """Write one page on a search and on what came of it.

    Args:
        path: of the page, .html.
        folder: of the exported version.
        result: of the search.
        selected: what was taken.
        hypermodel: what was searched over.
    """
    data, task = hypermodel.data, hypermodel.task
    served, evaluation = ServedModel(folder), selected.evaluation
    references = [name for name in task.references if name in evaluation.models]
    trials = TrialsSection(
        result.table,
        result.fits,
        [one.metadata["name"] for one in fields(SearchSpace)],
        taken=selected.trial["trial"],
        sentences=selected.report,
        error=selected.noise.error,
        naive=task.naive,
        naive_loss=result.naive_loss,
    )
    sections: list[Section] = [
        VerdictSection(selected.summary, [leader(evaluation)]),
        DataSection(inspect(data), hypermodel.split.test_start),
        trials,
        ForecastSection(served.forecast(data), data, selected.name),
        ScoresSection(evaluation, references, [selected.name]),
        *_memory(selected, hypermodel),
    ]
    name = served.card["name"]
    return report(path, *sections, served, title=f"{name}: a search on {data.name}")


def _memory(selected: Selected, hypermodel: ForecastHyperModel) -> list[Section]:
    try:
        return [MemorySection(diagnose(selected.forecaster, hypermodel.data), hypermodel.data.name)]
    except (
        TypeError,
        ValueError,
    ):  # a network of the user's own, without a recurrence that can be looked into
        return []
