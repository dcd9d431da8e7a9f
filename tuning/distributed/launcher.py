"""Several processes for one search: a chief and its workers, watched, and ended together."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tuning.display.observer import Observer
from tuning.display.tables import default_loss
from tuning.distributed.heartbeat import Heard
from tuning.journal.log import ProjectError, read
from tuning.journal.project import Project, outcomes
from tuning.trials import trial_row

TICK = 0.5  # seconds
MOST_STARTS = 5  # of one process, with no trial ended in between


class Child:
    """A process that ends when this one does.

    Args:
        words: of its command, after ``python -m tuning``.
        log: what it says goes there.
    """

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self.name = words[-1] if words[0] == "worker" else words[0]
        self._words, self._log = list(words), log
        self.starts = 0
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        self.starts += 1
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tuning", *self._words, "--leash"],
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
        """The last line that it said."""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"


def leash() -> None:
    """End this process when its parent's end of standard input closes, however the parent ended."""

    def wait() -> None:
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def spread(
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
    goes on from its log.

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
    news = _News(project, observer)
    observer.search_began(trials, epochs, naive_loss)
    try:
        while chief.process.poll() != 0:
            _revive(chief, team)
            if news.tell():
                for child in (chief, *team):
                    child.starts = 1
            time.sleep(TICK)
        news.tell()
    except BaseException:
        for worker in team:
            worker.end()
        chief.end(politely=True)  # it writes down that nobody died by himself
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
        if code in (1, 2) or child.starts >= MOST_STARTS:  # it says why, or it will not live
            raise ProjectError(f"{child.name} ended with {code}: {child.last_words}")
        child.start()


def _let_end(child: Child, seconds: float = 5) -> None:
    with suppress(subprocess.TimeoutExpired):
        child.process.wait(seconds)
    child.end()


class _News:
    """Tells an observer what the log and the workers have that it has not heard."""

    def __init__(self, project: Project, observer: Observer) -> None:
        self._log, self._observer, self._heard = project.log, observer, Heard(project.folder)
        self._before = len(outcomes(read(project.log)))
        self._told = 0
        self._began: set[str] = set()

    def tell(self) -> bool:
        """Whether a trial has ended."""
        events = read(self._log)
        done = outcomes(events)
        new = len(done) - max(self._told, self._before)
        for outcome in done[self._told :]:
            naive = sum(events[0]["naive"]) / len(events[0]["naive"])
            row = trial_row(outcome, naive, default_loss(done))
            (self._observer.trial_kept if self._told < self._before else self._observer.trial_ended)(row)
            self._told += 1
        for said in self._heard.listen():
            self._pass_on(said)
        return new > 0

    def _pass_on(self, said: dict[str, Any]) -> None:
        if "epoch" in said:
            if said["trial"] not in self._began:
                self._began.add(said["trial"])
                self._observer.trial_began(said["trial"], said["choice"])
            self._observer.fit_began(said["trial"], said["fold"], said["seed"])
            self._observer.epoch_ended(said["trial"], said["epoch"], said["loss"], said["best"])
