"""The two tables of a search: a row for each trial, and a row for each of its fits."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from tuning.trials import COMPLETED, NAN, trial_row
from tuning.trials import loss as mean_loss


def trial_table(outcomes: Iterable[Mapping[str, Any]], naive: float) -> pd.DataFrame:
    """A row for each trial: the completed ones first, the best of them on top."""
    outcomes = sorted(outcomes, key=lambda outcome: int(outcome["trial"]))
    default = default_loss(outcomes)
    table = pd.DataFrame([trial_row(outcome, naive, default) for outcome in outcomes])
    return table.sort_values(["loss", "trial"], ignore_index=True) if len(table) else table


def default_loss(outcomes: Iterable[Mapping[str, Any]]) -> float:
    """The loss of the first trial, which is the default configuration; NaN if it gave none."""
    for outcome in outcomes:
        if int(outcome["trial"]) == 0 and outcome["status"] == COMPLETED:
            return mean_loss(outcome["fits"])
    return NAN


def fit_table(outcomes: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A row for each trial, fold and seed; `seconds` is all that two runs differ in."""
    rows = [
        {
            "trial": outcome["trial"],
            **outcome["choice"],
            **{name: value for name, value in fit.items() if name not in ("losses", "seconds")},
            "ratio": fit["loss"] / fit["naive"],
            "seconds": fit.get("seconds", NAN),
        }
        for outcome in sorted(outcomes, key=lambda outcome: int(outcome["trial"]))
        for fit in outcome["fits"]
    ]
    return pd.DataFrame(rows)
