"""The progress of a fit, where somebody looks on: epochs, the loss, and the best so far."""

from html import escape
from typing import Any

import keras

from seqmem._shown import notebook


class FitProgress(keras.callbacks.Callback):
    """A bar in a notebook or on a terminal; the last line of it stays.

    Args:
        epochs: at most.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs
        self.best = float("inf")
        self._bar: _Bar = _NotebookBar(epochs) if notebook() is not None else _TerminalBar(epochs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Move the bar."""
        self._bar.move(epoch + 1, self._words(logs or {}))

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Leave the last line."""
        self.close()

    def close(self) -> None:
        """Leave the terminal as it was; twice is as good as once."""
        self._bar.close()

    def _words(self, logs: dict[str, float]) -> str:
        said = f"loss {logs['loss']:.5f}" if "loss" in logs else ""
        if "val_loss" in logs:
            self.best = min(self.best, logs["val_loss"])
            said += f", validation {logs['val_loss']:.5f}, best {self.best:.5f}"
        return said


class _Bar:
    """What shows how far a fit is."""

    def move(self, done: int, words: str) -> None:
        """So many epochs are done."""

    def close(self) -> None:
        """There is nothing more to come."""


class _TerminalBar(_Bar):
    def __init__(self, epochs: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("epochs"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn())
        self._shown = Progress(*columns, TextColumn("{task.description}"))
        self._task = self._shown.add_task("", total=epochs)
        self._shown.start()

    def move(self, done: int, words: str) -> None:
        self._shown.update(self._task, completed=done, description=words)

    def close(self) -> None:
        self._shown.stop()


class _NotebookBar(_Bar):
    """Without widgets, which not every notebook has."""

    def __init__(self, epochs: int) -> None:
        from IPython.display import HTML, display

        self._html, self._epochs = HTML, epochs
        self._place: Any = display(HTML(self._text(0, "the first epoch compiles")), display_id=True)

    def move(self, done: int, words: str) -> None:
        if self._place is not None:
            self._place.update(self._html(self._text(done, words)))

    def _text(self, done: int, words: str) -> str:
        bar = f'<progress value="{done}" max="{self._epochs}"></progress>'
        return f"{bar} epoch {done} of {self._epochs} {escape(words)}"
