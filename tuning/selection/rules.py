"""Selection rules: which trial wins."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import pandas as pd

from tuning.selection.noise import Noise
from tuning.space import label
from tuning.trials import COMPLETED


class Rule(ABC):
    """Takes one of the completed trials."""

    def take(self, table: pd.DataFrame, noise: Noise) -> tuple[dict[str, Any], str]:
        """The row of the trial that wins, and why it does.

        Args:
            table: a row for each trial, the best first.
            noise: in their losses.
        """
        done = table[table["status"] == COMPLETED].reset_index(drop=True)
        row, why = self.choose(done, noise)
        return {str(name): value for name, value in row.to_dict().items()}, why

    @abstractmethod
    def choose(self, done: pd.DataFrame, noise: Noise) -> tuple[pd.Series, str]:
        """The same, of completed trials alone."""


class BestMean(Rule):
    """The lowest mean loss."""

    def choose(self, done: pd.DataFrame, noise: Noise) -> tuple[pd.Series, str]:
        """The first row."""
        return done.iloc[0], f"the lowest mean loss of {len(done)} trials"


class OneStandardErrorRule(Rule):
    """The simplest trial within one standard error of the best (Breiman et al. 1984).

    Simple is first a short lookback, then few weights. Where there is no standard error, because each trial
    was trained once, the lowest loss.
    """

    def choose(self, done: pd.DataFrame, noise: Noise) -> tuple[pd.Series, str]:
        """The first by lookback, weights and loss of those that are near enough."""
        best = done.iloc[0]
        if not np.isfinite(noise.error):
            why = (
                "one training a trial has no standard error" if noise.fits < 2 else "there is no other trial"
            )
            return best, f"the lowest loss of {len(done)} trials: {why}"
        near = done[done["loss"] <= best["loss"] + noise.error]
        taken = near.sort_values(["lookback", "weights", "loss"]).iloc[0]
        if taken["trial"] == best["trial"]:
            return taken, f"the best mean, and the simplest of {len(near)} within a standard error of it"
        return taken, (
            f"the simplest (lookback, then weights) of {len(near)} within a standard error "
            f"({noise.error:.2g}) of the best, {label(best)} with {best['loss']:.5g}: "
            f"it has {taken['loss']:.5g}"
        )
