"""The verdict: what was found, in words, before anything else."""

from collections.abc import Sequence
from typing import ClassVar

from seqmem.report.page.blocks import Block, Words
from seqmem.report.page.section import Section


class VerdictSection(Section):
    """What was found, and what must be known of it.

    Args:
        verdict: in plain words, a line for each finding.
        notes: sentences that go with it.
        warnings: what went wrong on the way, a line each.
    """

    title: ClassVar[str] = "Verdict"
    place: ClassVar[int] = 0

    def __init__(self, verdict: str, notes: Sequence[str] = (), warnings: Sequence[str] = ()) -> None:
        self.verdict = verdict
        self.notes = tuple(notes)
        self.warnings = tuple(warnings)

    def blocks(self) -> list[Block]:
        """Its lines."""
        said = [(self.verdict, "verdict"), *((note, "") for note in self.notes)]
        return [
            Words(text, tone) for text, tone in [*said, *((one, "warning") for one in self.warnings)] if text
        ]
