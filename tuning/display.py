"""A search on the terminal: live where there is one, a line for each trial where there is not."""

import time
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from tuning.observer import Observer
from tuning.space import label


def display(console: Console) -> Observer:
    """The display that suits the console."""
    return LiveDisplay(console) if console.is_terminal else LineDisplay(console)


class LineDisplay(Observer):
    """A line as each trial ends."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._trials: int | None = None
        self._done = 0
        self._since = time.monotonic()

    def search_began(self, trials: int | None, epochs: int, naive_loss: float) -> None:
        """Remember how many there will be."""
        self._trials, self._since = trials, time.monotonic()

    def trial_ended(self, row: dict[str, Any]) -> None:
        """Say how it went."""
        self._done += 1
        total = f"/{self._trials}" if self._trials else ""
        seconds = time.monotonic() - self._since
        self._console.print(
            f"[{self._done}{total}, {seconds:.0f} s] trial {row['trial']}: {_outcome(row)}",
            markup=False,
            emoji=False,
            soft_wrap=True,
            highlight=False,
        )


class LiveDisplay(Observer):
    """A bar for the trials, a bar for the epochs of the current one, and the best so far."""

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self._best: dict[str, Any] | None = None
        self._now = ""
        self._failed = 0
        self._live = Live(console=console, refresh_per_second=8, transient=True)

    def search_began(self, trials: int | None, epochs: int, naive_loss: float) -> None:
        """Draw the bars."""
        self._naive = naive_loss
        self._all = self._progress.add_task("trials", total=trials, note="")
        self._one = self._progress.add_task("epochs", total=epochs, note="")
        self._live.start()
        self._draw()

    def trial_began(self, trial: str, choice: dict[str, Any]) -> None:
        """Start the bar of epochs again."""
        self._now = _settings(choice)
        self._progress.reset(self._one, note="")
        self._draw()

    def epoch_ended(self, trial: str, epoch: int, loss: float, best: float) -> None:
        """Move the bar of epochs."""
        note = f"loss {loss:.5f}, best {best:.5f}, ratio {best / self._naive:.4f}"
        self._progress.update(self._one, completed=epoch, note=note)
        self._draw()

    def trial_ended(self, row: dict[str, Any]) -> None:
        """Move the bar of trials."""
        self._failed += row["status"] != "completed"
        if row["status"] == "completed" and (self._best is None or row["loss"] < self._best["loss"]):
            self._best = row
        note = f"{self._failed} failed" if self._failed else ""
        self._progress.update(self._all, advance=1, note=note)
        self._draw()

    def search_ended(self) -> None:
        """Leave the terminal as it was."""
        self._live.stop()

    def _draw(self) -> None:
        lines = [f"now   {self._now}"] if self._now else []
        lines += [f"best  {_outcome(self._best)}"] if self._best else []
        self._live.update(Group(self._progress, Text("\n".join(lines))))


def _settings(choice: dict[str, Any]) -> str:
    return f"{label(choice)}, rate {choice['learning_rate']:g}, dropout {choice['dropout']:g}"


def _outcome(row: dict[str, Any]) -> str:
    if row["status"] != "completed":
        return f"{_settings(row)}: {row['status']} ({row['cause']})"
    return f"{_settings(row)}: loss {row['loss']:.5f}, ratio {row['ratio']:.4f}, epoch {row['best_epoch']}"
