"""A search on the terminal: live where there is one, a line for each trial where there is not."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from tuning.display.reporters import (
    JsonLines,
    Observer,
    Observers,
    SearchProgress,
    outcome,
    settings,
)


def display(
    console: Console, *, quiet: bool = False, as_json: bool = False, also: Sequence[Observer] = ()
) -> Observer:
    """The display that suits the console and what was asked for, beside others that are told."""
    shown: Observer = LiveDisplay(console) if console.is_terminal else LineDisplay(console)
    shown = JsonLines() if as_json else Observer() if quiet else shown
    return Observers(shown, *also) if also else shown


class LineDisplay(Observer):
    """A line as each trial ends."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._count = SearchProgress()

    def search_began(self, trials: int | None, epochs: int, naive_loss: float) -> None:
        """Remember how many there will be."""
        self._count.begin(trials)

    def trial_kept(self, row: dict[str, Any]) -> None:
        """SearchProgress it."""
        self._count.keep(row)

    def trial_ended(self, row: dict[str, Any]) -> None:
        """Say how it went."""
        count = self._count
        count.end(row)
        total = f"/{count.trials}" if count.trials else ""
        left = f", {count.left:.0f} s left" if count.left else ""
        best = f"; best: trial {count.best['trial']}, {count.best['ratio']:.4f}" if count.best else ""
        self._console.print(
            f"[{count.done}{total}, {count.elapsed:.0f} s{left}] trial {row['trial']}: {outcome(row)}{best}",
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
        self._count = SearchProgress()
        self._now = ""
        self._choices: dict[str, dict[str, Any]] = {}
        self._live = Live(console=console, refresh_per_second=8, transient=True)

    def search_began(self, trials: int | None, epochs: int, naive_loss: float) -> None:
        """Draw the bars."""
        self._count.begin(trials)
        self._naive = naive_loss
        self._all = self._progress.add_task("trials", total=trials, note="")
        self._one = self._progress.add_task("epochs", total=epochs, note="")
        self._live.start()
        self._draw()

    def trial_kept(self, row: dict[str, Any]) -> None:
        """Begin with it done."""
        self._count.keep(row)
        self._move()

    def trial_began(self, trial: str, choice: dict[str, Any]) -> None:
        """Start the bar of epochs again."""
        self._choices[trial] = choice
        self._now = settings(choice)
        self._progress.reset(self._one, note="")
        self._draw()

    def fit_began(self, trial: str, fold: int, seed: int) -> None:
        """Say which, and start the bar of epochs again."""
        self._progress.reset(self._one, note="", description=f"fold {fold + 1}, seed {seed + 1}")

    def epoch_ended(self, trial: str, epoch: int, loss: float, best: float) -> None:
        """Move the bar of epochs."""
        note = f"loss {loss:.5f}, best {best:.5f}, ratio {best / self._naive:.4f}"
        self._progress.update(self._one, completed=epoch, note=note)
        self._now = settings(self._choices[trial])  # of several workers, the one that spoke last
        self._draw()

    def trial_ended(self, row: dict[str, Any]) -> None:
        """Move the bar of trials."""
        self._count.end(row)
        self._move()

    def search_ended(self) -> None:
        """Leave the terminal as it was."""
        self._live.stop()

    def _move(self) -> None:
        count = self._count
        failed = [f"{count.failed} failed"] if count.failed else []
        left = [f"{count.left:.0f} s left"] if count.left else []
        self._progress.update(self._all, completed=count.done, note=", ".join([*left, *failed]))
        self._draw()

    def _draw(self) -> None:
        lines = [f"now   {self._now}"] if self._now else []
        lines += [f"best  {outcome(self._count.best)}"] if self._count.best else []
        self._live.update(Group(self._progress, Text("\n".join(lines))))
