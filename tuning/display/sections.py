"""A search on the page of a report: its trials, what mattered, and how much of it is luck."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from seqmem.report.page.blocks import Axis, Block, Chart, Grid, Parallel, Words
from seqmem.report.page.marks import Line, Mark, Points
from seqmem.report.page.section import Section
from tuning.trials import COMPLETED

FORMATS = {"loss": ".5f", "ratio": ".4f", "of_default": ".4f", "learning_rate": "g", "dropout": "g"}
RATIO = "validation loss over that of {}"


class TrialsSection(Section):
    """Every trial of a search: a table that sorts, parallel coordinates, lookback against score, luck.

    Args:
        table: a row for each trial, the best first.
        fits: a row for each trial, fold and seed.
        dimensions: names of what was searched over.
        taken: the trial that was taken.
        sentences: why it was taken, and how much of its lead is chance.
        error: the standard error of a trial's mean loss; NaN where it is not known.
        naive: the name of the forecast whose loss is 1.
        naive_loss: its loss.
    """

    title: ClassVar[str] = "Trials"
    place: ClassVar[int] = 20

    def __init__(
        self,
        table: pd.DataFrame,
        fits: pd.DataFrame,
        dimensions: Sequence[str],
        *,
        taken: str,
        sentences: Sequence[str],
        error: float,
        naive: str,
        naive_loss: float,
    ) -> None:
        self.table = table
        self.fits = fits
        self.dimensions = [name for name in dimensions if table[name].nunique() > 1]
        self.taken = str(taken)
        self.sentences = tuple(sentences)
        self.error = error
        self.naive = naive
        self.naive_loss = naive_loss
        self.done: pd.DataFrame = table[table["status"] == COMPLETED]

    def blocks(self) -> list[Block]:
        """Words, then figures, then the table."""
        shown = self.table.drop(columns=[name for name in ("cause",) if not self.table[name].any()])
        shown = shown.assign(trial=shown["trial"].astype(int))
        note = f"ratio: {RATIO.format(self.naive)} ({self.naive_loss:.5f}); below 1 is better."
        blocks: list[Block] = [Words(sentence) for sentence in self.sentences]
        blocks += self._parallel()
        blocks += [self._by_lookback()] if "lookback" in self.dimensions else []
        return [*blocks, self._luck(), Grid("Trials", shown, FORMATS, note)]

    def _parallel(self) -> list[Block]:
        if len(self.done) < 2 or not self.dimensions:
            return []
        frame = self.done[[*self.dimensions, "ratio"]]
        names = [f"trial {one}" for one in self.done["trial"]]
        note = "A line for each trial, from blue, the lowest loss, to orange; arrows go through them."
        return [Parallel("What was tried, and what came of it", frame, "ratio", names, note)]

    def _by_lookback(self) -> Chart:
        """The mean over trials, folds and seeds of each lookback, by cell, with its standard error."""
        fits = self.fits[self.fits["trial"].isin(self.done["trial"])]
        marks: list[Mark] = []
        for cell, own in fits.groupby("cell", sort=False):
            ratios = own.groupby("lookback")["ratio"]
            means, errors = ratios.mean(), ratios.sem()
            marks.append(Line(str(cell), x=means.index, y=means, error=errors, points=True))
        note = "Mean over trials, folds and seeds; bars: one standard error on both sides. Lower is better."
        x = Axis("lookback, rows", "log")
        return Chart("Lookback against score", x, Axis(RATIO.format(self.naive)), marks, note)

    def _luck(self) -> Chart:
        """Each trial's loss and its standard error: those whose bars overlap may well be as good."""
        done = self.done.sort_values("loss")
        places = np.arange(1, len(done) + 1)
        error = self.error / self.naive_loss
        errors = np.full(len(done), error) if np.isfinite(error) else None
        names = [f"trial {one}" for one in done["trial"]]
        mine = (done["trial"].astype(str) == self.taken).to_numpy()
        words = [name for name, is_mine in zip(names, mine, strict=True) if is_mine]
        marks: list[Mark] = [
            Line("every trial, the best first", x=places, y=done["ratio"], error=errors, points=True),
            Points("taken", "alarm", x=places[mine], y=done["ratio"][mine], words=words),
        ]
        note = "One training a trial has no standard error: train on more folds or seeds."
        if errors is not None:
            note = (
                "Bars: one standard error of a trial's mean, over folds and seeds. Trials whose bars overlap "
                "may well be as good as each other."
            )
        return Chart("Luck and noise", Axis("rank"), Axis(RATIO.format(self.naive)), marks, note)
