"""What one trial did: its fits, and the two tables that these make."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

NAN = float("nan")
COMPLETED, STOPPED, RUNNING = "completed", "stopped", "running"
ENDS = (COMPLETED, STOPPED, "failed", "diverged")


def new_outcome(trial: str, choice: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a trial that has done nothing yet."""
    return {"trial": trial, "status": RUNNING, "choice": dict(choice), "cause": "", "fits": []}


def check_outcome(outcome: Any) -> None:
    """Refuse what is no record of a trial that has ended.

    Raises:
        ValueError: what was expected, and what was received.
    """
    if not isinstance(outcome, dict):
        raise ValueError(f"expected the record of a trial. Received: {type(outcome).__name__}")
    kinds: dict[str, Any] = {"trial": str, "status": str, "choice": dict, "cause": str, "fits": list}
    _typed(outcome, kinds)
    if outcome["status"] not in ENDS:
        raise ValueError(f"expected a status of {ENDS}. Received: {outcome['status'][:40]!r}")
    number = (int, float)
    whole = dict.fromkeys(("fold", "seed", "weights", "epochs", "best_epoch"), int)
    for fit in outcome["fits"]:
        if not isinstance(fit, dict):
            raise ValueError(f"expected the record of a fit. Received: {type(fit).__name__}")
        _typed(fit, {**whole, "loss": number, "naive": number, "losses": list})
        if not all(isinstance(loss, number) for loss in fit["losses"]):
            raise ValueError("expected losses as numbers")
    if outcome["status"] == COMPLETED and not outcome["fits"]:
        raise ValueError("expected the fits of a completed trial. Received: none")


def _typed(record: Mapping[str, Any], kinds: Mapping[str, Any]) -> None:
    for name, kind in kinds.items():
        if not isinstance(record.get(name), kind) or isinstance(record[name], bool):
            raise ValueError(f"the record of a trial: {name} is {str(record.get(name, 'missing'))[:40]}")


def fit_row(
    *, fold: int, seed: int, weights: int, losses: Sequence[float], first_epoch: int, naive: float
) -> dict[str, Any]:
    """One training: its best epoch counts, from 1.

    Args:
        fold: which, from 0.
        seed: which, from 0.
        weights: how many the network has.
        losses: the validation loss after each epoch.
        first_epoch: how many epochs an earlier trial had trained it (Hyperband goes on from there).
        naive: the validation loss of the naive forecast on this fold.
    """
    best = int(np.argmin(losses)) if losses else 0
    return {
        "fold": fold,
        "seed": seed,
        "weights": weights,
        "epochs": first_epoch + len(losses),
        "best_epoch": first_epoch + best + 1,
        "loss": losses[best] if losses else NAN,
        "naive": naive,
        "losses": list(losses),
    }


def mean_loss(fits: Sequence[Mapping[str, Any]]) -> float:
    """The mean over folds and seeds."""
    return float(np.mean([fit["loss"] for fit in fits])) if fits else NAN


def default_loss(outcomes: Iterable[Mapping[str, Any]]) -> float:
    """The loss of the first trial, which is the default configuration; NaN if it gave none."""
    for outcome in outcomes:
        if int(outcome["trial"]) == 0 and outcome["status"] == COMPLETED:
            return mean_loss(outcome["fits"])
    return NAN


def trial_row(outcome: Mapping[str, Any], naive: float, default: float) -> dict[str, Any]:
    """A trial's row of the table.

    Args:
        outcome: its record.
        naive: the validation loss of the naive forecast, the mean over folds.
        default: that of the first trial, the default configuration.
    """
    fits = outcome["fits"]
    loss = mean_loss(fits) if outcome["status"] == COMPLETED else NAN
    return {
        "trial": outcome["trial"],
        "status": outcome["status"],
        **outcome["choice"],
        "weights": max((fit["weights"] for fit in fits), default=0),
        "epochs": max((fit["epochs"] for fit in fits), default=0),
        "best_epoch": round(float(np.median([fit["best_epoch"] for fit in fits]))) if fits else 0,
        "loss": loss,
        "ratio": loss / naive,
        "of_default": loss / default,
        "cause": outcome["cause"],
    }


def trial_table(outcomes: Iterable[Mapping[str, Any]], naive: float) -> "pd.DataFrame":
    """A row for each trial: the completed ones first, the best of them on top."""
    import pandas as pd

    outcomes = sorted(outcomes, key=lambda outcome: int(outcome["trial"]))
    default = default_loss(outcomes)
    table = pd.DataFrame([trial_row(outcome, naive, default) for outcome in outcomes])
    return table.sort_values(["loss", "trial"], ignore_index=True) if len(table) else table


def fit_table(outcomes: Iterable[Mapping[str, Any]]) -> "pd.DataFrame":
    """A row for each trial, fold and seed; two runs differ in `seconds` alone."""
    import pandas as pd

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


def error_line(error: BaseException) -> str:
    """What went wrong, in one line: without Keras's colours and its list of arguments."""
    words = re.sub(r"\x1b\[\d*m", "", f"{type(error).__name__}: {error}")
    return " ".join(words.partition("Arguments received by")[0].split())[:300]
