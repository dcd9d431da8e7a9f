"""A study run case by case, on from where it was stopped."""

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from seqmem.experiments.studies.base import Study
from seqmem.files import written_whole

Progress = Callable[[dict[str, Any], int, int], object]
SETTING = "setting"  # the column that tells which study, with which settings, a file holds


def run(
    study: Study, *, file: str | Path | None = None, progress: Progress = lambda case, done, cases: None
) -> pd.DataFrame:
    """Measure every case of a study.

    Args:
        study: what is measured.
        file: CSV to which each case is added as it is measured. What it holds already of the same study, with
            the same settings and release, is not measured again.
        progress: told the case that comes next, how many came before it, and how many there are.

    Returns:
        The rows: case and what was measured of it, one case after the other.

    Raises:
        ValueError: a file of something else.
    """
    rows = _rows(study, Path(file)) if file and Path(file).exists() else []
    cases = study.cases()
    for number, case in enumerate(cases):
        if any(all(row[key] == value for key, value in case.items()) for row in rows):
            continue
        progress(case, number, len(cases))
        rows += [{**case, **found} for found in study.measure(case, rows)]
        if file:
            with written_whole(file) as draft:
                pd.DataFrame(rows).assign(**{SETTING: setting(study)}).to_csv(draft, index=False)
    return pd.DataFrame(rows)


def setting(study: Study) -> str:
    """What a study depends on, in twelve digits: its arguments and the release."""
    return hashlib.sha256(f"{study!r} {version('seqmem')}".encode()).hexdigest()[:12]


def _rows(study: Study, file: Path) -> list[dict[str, Any]]:
    try:
        frame = pd.read_csv(file)
        received = set(frame[SETTING])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{file}: expected rows of a study. Received: another file") from error
    if received != {setting(study)}:
        raise ValueError(
            f"{file}: holds another study, other settings or another release: expected {setting(study)} "
            f"({study!r}). Received: {', '.join(sorted(map(str, received)))}. Choose another file"
        )
    return frame.drop(columns=SETTING).to_dict("records")
