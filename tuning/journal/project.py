"""The folder of a search, and who may write in it."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tuning.journal.log import NAME, Log, ProjectError, read

TRIALS, FITS = "trials.csv", "fits.csv"


class Project:
    """A folder with the log of a search, its tables, and the weights of its trials.

    Args:
        folder: it is made where it is missing.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        (self.folder / "results").mkdir(parents=True, exist_ok=True)

    @property
    def log(self) -> Path:
        """Its log."""
        return self.folder / NAME

    def clear(self) -> None:
        """Forget everything."""
        for name in (NAME, TRIALS, FITS):
            (self.folder / name).unlink(missing_ok=True)
        for name in ("results", "weights", "workers"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / "results").mkdir(parents=True, exist_ok=True)

    def hand_in(self, outcome: Mapping[str, Any]) -> None:
        """Leave what a trial did for whoever writes the log; whole, or not at all."""
        path = self._result(outcome["trial"])
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(outcome))
        draft.replace(path)

    def handed_in(self, trial: str) -> dict[str, Any]:
        """What a trial did."""
        path = self._result(trial)
        try:
            outcome: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise ProjectError(f"{path}: expected what trial {trial} did. Received: {error}") from error
        path.unlink(missing_ok=True)
        return outcome

    def _result(self, trial: str) -> Path:
        return self.folder / "results" / f"{int(trial):04d}.json"

    @contextmanager
    def ours(self) -> Iterator[None]:
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


def begin(project: Project, begun: Mapping[str, Any], same: Callable[..., None]) -> Log:
    """Open the log, and go on with what it has if that is of the same search.

    Args:
        project: where.
        begun: the first event of a new log, with a `fingerprint`.
        same: called with the fingerprint of the log, the one of now and the folder; it raises where they
            differ.
    """
    log = Log(project.log)
    if not log.events:
        log.append({"event": "begun", **begun})
    elif log.events[0]["event"] != "begun":
        raise ProjectError(f"{project.log}: line 1: expected what the search is of. --fresh starts over")
    else:
        same(log.events[0]["fingerprint"], begun["fingerprint"], str(project.folder))
    return log


def outcomes(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the ended trials of a log did, in the order of their ends."""
    return [event["outcome"] for event in events if event["event"] == "ended"]


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


def begun(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a search is of, and what its ended trials did."""
    events = read(folder / NAME)
    if not events:
        raise ProjectError(f"{folder / NAME}: nothing has been written to it")
    return events[0], outcomes(events)
