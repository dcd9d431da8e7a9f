"""Observers processes for one search: a chief and its workers, instrumented_class, and ended together."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tuning.display.reporters import Observer
from tuning.distributed.heartbeat import HeartbeatMonitor
from tuning.journal.events import ProjectError, read
from tuning.journal.project import Project, outcomes
from tuning.trials import default_loss, trial_row

TICK = 0.5  # seconds
GRACE = 5.0  # seconds
MAX_STARTS = 5  # of one process, with no trial ended in between


class Child:
    """A process that ends when this one does.

    Args:
        words: of its command, after ``python -m tuning``.
        log: where its output goes.
    """

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self.name: str = words[-1] if words[0] == "worker" else words[0]
        self._words, self._log = list(words), log
        self.starts: int = 0
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        self.starts += 1
        with self._log.open("ab") as log:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-m", "tuning", *self._words, "--exit-with-parent"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the parent, which knows what to do
            )

    def end(self, politely: bool = False) -> None:
        """End it and see it gone."""
        if self.process.poll() is None and politely:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    @property
    def last_words(self) -> str:
        """The last line that it wrote."""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"


def exit_with_parent() -> None:
    """End this process when its parent's end of standard input closes, however the parent ended."""

    def wait() -> None:
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGTERM)  # so that it notes that its trial is not at fault
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def run_distributed(
    workers: int,
    words: Sequence[str],
    project: Project,
    *,
    threads: int | None,
    trials: int | None,
    epochs: int,
    naive_loss: float,
    observer: Observer,
) -> None:
    """Search with a chief and workers of their own processes, until the chief says that it is done.

    A process that dies is started again under its own name: a worker then has its trial again, a chief
    goes on from its journal.

    Raises:
        ProjectError: the chief gave up, or a process dies again and again; with its last words.
    """
    threads = max(1, (threads or os.cpu_count() or 1) // workers)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        chief_at = f"127.0.0.1:{free.getsockname()[1]}"
    logs = project.folder / "workers"
    logs.mkdir(exist_ok=True)
    for old in logs.glob("*.json"):
        old.unlink()
    chief = Child(["chief", *words, "--threads", "1", "--bind", chief_at], logs / "chief.txt")
    team = [
        Child(
            ["worker", *words, "--threads", f"{threads}", "--chief", chief_at, "--id", f"worker{number}"],
            logs / f"worker{number}.txt",
        )
        for number in range(workers)
    ]
    relay = _ProgressRelay(project, observer)
    observer.search_began(trials, epochs, naive_loss)
    try:
        while chief.process.poll() != 0:
            _revive(chief, team)
            if relay.update():
                for child in (chief, *team):
                    child.starts = 1
            time.sleep(TICK)
        relay.update()
    except BaseException:
        for worker in team:
            worker.end()
        chief.end(politely=True)  # it notes that no trial is at fault
        raise
    finally:
        for worker in team:
            _let_end(worker)
        observer.search_ended()


def _revive(chief: Child, team: Sequence[Child]) -> None:
    for child in (chief, *team):
        code = child.process.poll()
        if code in (None, 0):
            continue
        if code in (1, 2) or child.starts >= MAX_STARTS:  # it says why, or it will not live
            raise ProjectError(f"{child.name} ended with {code}: {child.last_words}")
        child.start()


def _let_end(child: Child, seconds: float = 5) -> None:
    with suppress(subprocess.TimeoutExpired):
        child.process.wait(seconds)
    child.end()


class _ProgressRelay:
    """Tells an observer what is new in the journal and in the workers' heartbeats."""

    def __init__(self, project: Project, observer: Observer) -> None:
        self._journal, self._observer = project.journal, observer
        self._heartbeats = HeartbeatMonitor(project.folder)
        self._before = len(outcomes(read(project.journal)))
        self._told = 0
        self._began: set[str] = set()

    def update(self) -> bool:
        """Whether a trial has ended."""
        events = read(self._journal)
        done = outcomes(events)
        new = len(done) - max(self._told, self._before)
        for outcome in done[self._told :]:
            naive = sum(events[0]["naive"]) / len(events[0]["naive"])
            row = trial_row(outcome, naive, default_loss(done))
            (self._observer.trial_kept if self._told < self._before else self._observer.trial_ended)(row)
            self._told += 1
        for state in self._heartbeats.poll():
            self._epoch_ended(state)
        return new > 0

    def _epoch_ended(self, state: dict[str, Any]) -> None:
        if "epoch" in state:
            if state["trial"] not in self._began:
                self._began.add(state["trial"])
                self._observer.trial_began(state["trial"], state["choice"])
            self._observer.fit_began(state["trial"], state["fold"], state["seed"])
            self._observer.epoch_ended(state["trial"], state["epoch"], state["loss"], state["best"])
