"""How far the process came that runs a trial, and what ended it: whose fault a death was."""

import faulthandler
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

MAX_CRASHES = 3  # deaths that were the trial's own
MAX_UNEXPLAINED = 10  # deaths of unknown cause, one after the other, in the same epoch
OWN = ("memory", "crash")


class Attempts:
    """One small file for each trial that runs, written by the process that runs it.

    A process cannot say why it died, so it says beforehand what will tell: how far it has come, how often
    this machine had run out of memory, and where a fatal error (SIGSEGV, SIGABRT, ...) is to be written.

    Args:
        folder: where results stand.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._epochs = 0
        self._crash: Any = None

    def begin(self, trial: str) -> None:
        """A trial begins in this process."""
        self._epochs = 0
        self._note(trial)
        if not faulthandler.is_enabled():  # somebody else's stays where it is
            self._crash = self._path(trial, "crash").open("w")
            faulthandler.enable(self._crash)

    def epoch_ended(self, trial: str) -> None:
        """It has come one epoch further."""
        self._epochs += 1
        self._note(trial)

    def interrupt(self, trial: str) -> None:
        """Its process is asked to stop: the end that follows is not the trial's fault."""
        self._note(trial, "interrupt")
        self._stop_writing_crashes()

    def end(self, trial: str) -> None:
        """It has ended as trials do."""
        self._stop_writing_crashes()
        self.forget(trial)

    def death(self, trial: str) -> dict[str, Any]:
        """How an attempt ended that did not end: epochs done, and the cause where there is a sign of it."""
        try:
            note = json.loads(self._path(trial, "attempt").read_text())
            epochs, machine, oom = int(note["epochs"]), note["machine"], note["oom_kills"]
            cause = str(note["cause"])
        except (OSError, ValueError, KeyError, TypeError):
            return {"epochs": 0, "cause": ""}  # it died before its first word
        here, oom_now = _machine(), _oom_kills()
        if machine == here and oom is not None and oom_now is not None and oom_now > oom:
            cause = cause or "memory"
        with suppress(OSError):
            cause = "crash" if self._path(trial, "crash").stat().st_size else cause
        return {"epochs": epochs, "cause": cause}

    def forget(self, trial: str) -> None:
        """Remove what was noted."""
        for kind in ("attempt", "crash"):
            self._path(trial, kind).unlink(missing_ok=True)

    def _stop_writing_crashes(self) -> None:
        if self._crash is not None:
            faulthandler.disable()
            self._crash.close()
            self._crash = None

    def _note(self, trial: str, cause: str = "") -> None:
        path = self._path(trial, "attempt")
        draft = path.with_suffix(".draft")
        note = {"epochs": self._epochs, "cause": cause, "machine": _machine(), "oom_kills": _oom_kills()}
        draft.write_text(json.dumps(note))
        draft.replace(path)

    def _path(self, trial: str, kind: str) -> Path:
        return self._folder / f"{int(trial):04d}.{kind}"


def is_hopeless(deaths: Sequence[Mapping[str, Any]]) -> bool:
    """Whether so many deaths are the trial's own that it is a failed one.

    Being killed from outside (preempted, a power cut) does not count, unless it happens ten times in a row
    in one epoch: then it is taken for the trial's fault, or no search would ever end.

    >>> killed, out_of_memory = {"epochs": 0, "cause": ""}, {"epochs": 4, "cause": "memory"}
    >>> is_hopeless([killed] * 9), is_hopeless([out_of_memory, killed, out_of_memory, out_of_memory])
    (False, True)
    """
    last = deaths[-MAX_UNEXPLAINED:]
    stuck = len(last) == MAX_UNEXPLAINED and all(
        death["cause"] == "" and death["epochs"] == last[0]["epochs"] for death in last
    )
    return stuck or sum(death["cause"] in OWN for death in deaths) >= MAX_CRASHES


def why_hopeless(deaths: Sequence[Mapping[str, Any]]) -> str:
    """The cause in the table."""
    causes = [death["cause"] for death in deaths if death["cause"] in OWN]
    if len(causes) < MAX_CRASHES:
        return f"{MAX_UNEXPLAINED} processes in a row died in its epoch {deaths[-1]['epochs'] + 1}"
    words = {"memory": "out of memory", "crash": "a fatal error"}
    return f"{len(causes)} processes died in it: {', '.join(words[cause] for cause in sorted(set(causes)))}"


def _machine() -> str:
    """The boot of a machine; nothing where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _oom_kills() -> int | None:
    """How many processes the kernel has killed for want of memory; Linux alone counts them."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
