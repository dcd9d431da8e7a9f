"""Heartbeats: each worker of a search writes a small file again and again, and others read it."""

import json
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tuning.display.reporters import Observer

BEAT = 2.0  # seconds


class Heartbeat(Observer):
    """Writes every two seconds that this worker is alive, and what it is at.

    Args:
        folder: of the project, which all machines share.
        name: of the worker.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / "workers" / f"{name}.json"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._state: dict[str, Any] = {"worker": name}
        self._beats = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def trial_began(self, trial: str, choice: dict[str, Any]) -> None:
        """Write it with the next beat."""
        self._state = {"worker": self._state["worker"], "trial": trial, "choice": choice}

    def fit_began(self, trial: str, fold: int, seed: int) -> None:
        """Write it with the next beat."""
        self._state = {**self._state, "fold": fold, "seed": seed}

    def epoch_ended(self, trial: str, epoch: int, loss: float, best: float) -> None:
        """Write it with the next beat."""
        self._state = {**self._state, "epoch": epoch, "loss": loss, "best": best}

    def _beat(self) -> None:
        while True:
            self._beats += 1
            draft = self._path.with_suffix(".draft")
            draft.write_text(json.dumps({**self._state, "beat": f"{time.time()}-{self._beats}"}))
            draft.replace(self._path)
            if self._over.wait(BEAT):
                return


class HeartbeatMonitor:
    """When each worker was last heard of, by this machine's clock alone.

    Args:
        folder: of the project.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "workers"
        self._since = time.monotonic()
        self._last: dict[str, tuple[str, float]] = {}

    def poll(self) -> list[dict[str, Any]]:
        """The heartbeats that are new since the last poll."""
        news = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                state: dict[str, Any] = json.loads(path.read_text())
                name, beat = state["worker"], state["beat"]
            except (OSError, ValueError, KeyError, TypeError):
                continue  # gone, or not a heartbeat
            if self._last.get(name, ("", 0.0))[0] != beat:
                self._last[name] = (beat, time.monotonic())
                news.append(state)
        return news

    def silence_of(self, name: str) -> float:
        """Seconds since a worker was heard of, or since this was made."""
        return time.monotonic() - self._last.get(name, ("", self._since))[1]

    @property
    def silence(self) -> float:
        """Seconds since any worker was heard of."""
        return time.monotonic() - max([self._since, *(when for _, when in self._last.values())])
