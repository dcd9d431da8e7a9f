"""The copy problem: say again what was said long ago."""

from dataclasses import dataclass
from typing import ClassVar

from seqmem.experiments.studies.base import Case
from seqmem.experiments.studies.lags import LagStudy
from seqmem.experiments.studies.problems import Copying, Problem


@dataclass(frozen=True, kw_only=True)
class CopyStudy(LagStudy):
    """The copy problem; see `problems.Copying`."""

    claim: ClassVar[str] = (
        "LSTM and GRU say again what they were told T steps before, where a plain RNN cannot"
    )

    lengths: tuple[int, ...] = (20, 100, 300)
    units: int = 32

    def problem(self, case: Case) -> Problem:
        """Copying three symbols of four."""
        return Copying(case["T"])
