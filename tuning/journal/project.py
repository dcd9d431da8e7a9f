"""The folder of a search, and who may write in it."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqmem.files import written_whole
from tuning.journal.attempts import Attempts
from tuning.journal.events import NAME, Journal, ProjectError, read
from tuning.journal.history import check_events
from tuning.trials import check_outcome

TRIALS, FITS = "trials.csv", "fits.csv"
FIRST = "first.json"  # what is tried first, where it is not the default


class Project:
    """A folder with the journal of a search, its tables, and the weights of its trials.

    Args:
        folder: it is made where it is missing.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder: Path = Path(folder)
        (self.folder / "results").mkdir(parents=True, exist_ok=True)
        self.attempts: Attempts = Attempts(self.folder / "results")

    @property
    def journal(self) -> Path:
        """The file of its journal."""
        return self.folder / NAME

    def clear(self) -> None:
        """Forget everything."""
        for name in (NAME, TRIALS, FITS, FIRST):
            (self.folder / name).unlink(missing_ok=True)
        for name in ("results", "weights", "workers"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / "results").mkdir(parents=True, exist_ok=True)

    def write_first(self, choice: Mapping[str, Any]) -> None:
        """Remember what is tried first: every process of the search reads it."""
        with written_whole(self.folder / FIRST) as draft:
            draft.write_text(json.dumps(dict(choice)))

    def submit_result(self, outcome: Mapping[str, Any]) -> None:
        """Leave what a trial did for whoever writes the journal; whole, or not at all."""
        path = self._result(outcome["trial"])
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(outcome))
        draft.replace(path)

    def collect_result(self, trial: str) -> dict[str, Any]:
        """What a trial did."""
        path = self._result(trial)
        try:
            outcome: dict[str, Any] = json.loads(path.read_text())
            check_outcome(outcome)
        except (OSError, ValueError) as error:
            raise ProjectError(f"{path}: expected what trial {trial} did. Received: {error}") from error
        path.unlink(missing_ok=True)
        return outcome

    def _result(self, trial: str) -> Path:
        return self.folder / "results" / f"{int(trial):04d}.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other searches out of the folder.

        Raises:
            ProjectError: one is at work in it.
        """
        try:
            import fcntl
        except ImportError:  # not on Windows
            yield
            return
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ProjectError(
                    f"{self.folder}: another search is at work in it. Stop it, or give another --directory"
                ) from error
            yield


def open_journal(project: Project, header: Mapping[str, Any], same: Callable[..., None]) -> Journal:
    """Open the journal, and go on with what it has if that is of the same search.

    Args:
        project: where.
        header: the first event of a new journal, with a `fingerprint`.
        same: called with the fingerprint of the journal, the one of now and the folder; it raises where they
            differ.
    """
    journal = Journal(project.journal)
    if not journal.events:
        journal.append({"event": "started", **header})
    else:
        check_events(journal.events, project.journal)
        same(journal.events[0]["fingerprint"], header["fingerprint"], str(project.folder))
    return journal


def outcomes(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the ended trials of a journal did, in the order of their ends."""
    return [event["outcome"] for event in events if event["event"] == "ended"]


def read_first(folder: Path) -> dict[str, Any] | None:
    """What a search tries first; None: the default.

    Raises:
        ProjectError: a file that says something else.
    """
    try:
        found = json.loads((folder / FIRST).read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{folder / FIRST}: expected what is tried first: {error}. --fresh starts over"
        ) from error
    if not isinstance(found, dict):
        raise ProjectError(f"{folder / FIRST}: expected what is tried first. --fresh starts over")
    return found


def find(where: str) -> Path:
    """A project by its folder, or by its name under .tuning.

    Raises:
        ProjectError: there is none.
    """
    for folder in (Path(where), Path(".tuning") / where):
        if (folder / NAME).is_file():
            return folder
    raise ProjectError(
        f"{where}: expected the folder of a search, or its name in .tuning. Received: no {NAME}"
    )


def read_project(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a search is of, and what its ended trials did."""
    events = read(folder / NAME)
    if not events:
        raise ProjectError(f"{folder / NAME}: nothing has been written to it")
    check_events(events, folder / NAME)
    return events[0], outcomes(events)
