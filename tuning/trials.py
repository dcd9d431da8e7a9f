"""What one trial did: its fits, and its row of the table."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

NAN = float("nan")
COMPLETED, STOPPED = "completed", "stopped"


def opened(trial: str, choice: Mapping[str, Any]) -> dict[str, Any]:
    """What a trial leaves behind, before it has done anything."""
    return {"trial": trial, "status": "running", "choice": dict(choice), "cause": "", "fits": []}


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
        naive: the validation loss on this fold of what anybody can say.
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


def loss(fits: Sequence[Mapping[str, Any]]) -> float:
    """The mean over folds and seeds."""
    return float(np.mean([fit["loss"] for fit in fits])) if fits else NAN


def trial_row(outcome: Mapping[str, Any], naive: float, default: float) -> dict[str, Any]:
    """A trial's row of the table.

    Args:
        outcome: what it left behind.
        naive: the validation loss of what anybody can say, the mean over folds.
        default: that of the first trial, the default configuration.
    """
    fits = outcome["fits"]
    done = outcome["status"] == COMPLETED
    mean = loss(fits) if done else NAN
    return {
        "trial": outcome["trial"],
        "status": outcome["status"],
        **outcome["choice"],
        "weights": max((fit["weights"] for fit in fits), default=0),
        "epochs": max((fit["epochs"] for fit in fits), default=0),
        "best_epoch": round(float(np.median([fit["best_epoch"] for fit in fits]))) if fits else 0,
        "loss": mean,
        "ratio": mean / naive,
        "of_default": mean / default,
        "cause": outcome["cause"],
    }


def cause(error: BaseException) -> str:
    """What went wrong, in one line: without Keras's colours and its list of arguments."""
    words = re.sub(r"\x1b\[\d*m", "", f"{type(error).__name__}: {error}")
    return " ".join(words.partition("Arguments received by")[0].split())[:300]
