"""The journal of a search: one row for each trial."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seqmem.divergence import Diverged
from seqmem.report import written_whole
from tuning.hypermodel import ForecastHyperModel
from tuning.observer import Observer

OBJECTIVE = "val_loss"


class Journal:
    """One row for each trial, in memory and, after each trial, in a CSV."""

    def __init__(self, hypermodel: ForecastHyperModel, observer: Observer, path: Path) -> None:
        self._hypermodel = hypermodel
        self._observer = observer
        self._path = path
        self._path.unlink(missing_ok=True)  # an earlier search's rows are not this one's
        self._rows: dict[str, dict[str, Any]] = {}
        self.naive_loss = hypermodel.naive_loss()

    def began(self, trial: Any) -> None:
        """Open a row."""
        choice = self._hypermodel.space.declare(trial.hyperparameters)
        self._rows[trial.trial_id] = {
            "trial": trial.trial_id,
            "status": "running",
            **choice,
            "weights": 0,
            "epochs": 0,
            "best_epoch": 0,
            "loss": float("nan"),
            "ratio": float("nan"),
            "cause": "",
        }
        self._observer.trial_began(trial.trial_id, choice)

    def epoch(self, trial: Any, model: Any, epoch: int, logs: dict[str, float]) -> None:
        """Note an epoch; `epoch` counts from 0, as in Keras."""
        row, loss = self._rows[trial.trial_id], float(logs.get(OBJECTIVE, float("nan")))
        row["weights"] = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        row["epochs"] = epoch + 1
        if not loss >= row["loss"]:  # the first, or a better one
            row |= {"best_epoch": epoch + 1, "loss": loss, "ratio": loss / self.naive_loss}
        self._observer.epoch_ended(trial.trial_id, epoch + 1, loss, row["loss"])

    def failed(self, trial: Any, error: Exception) -> None:
        """Note why a trial gives no score."""
        status = "diverged" if isinstance(error, Diverged) else "failed"
        self._rows[trial.trial_id] |= {"status": status, "cause": cause(error)}

    def ended(self, trial: Any) -> None:
        """Close the row and write the table."""
        row = self._rows[trial.trial_id]
        if row["status"] == "running":
            row["status"] = "completed"
        else:
            row |= {"loss": float("nan"), "ratio": float("nan")}
        with written_whole(self._path) as draft:
            self.table().to_csv(draft, index=False)
        self._observer.trial_ended(row)

    def table(self) -> pd.DataFrame:
        """The rows, the best first, those without a score last."""
        table = pd.DataFrame(list(self._rows.values()))
        return table.sort_values(["loss", "trial"], ignore_index=True) if len(table) else table


def cause(error: Exception) -> str:
    """What went wrong, in one line: without Keras's colours and its list of arguments."""
    words = re.sub(r"\x1b\[\d*m", "", f"{type(error).__name__}: {error}")
    return " ".join(words.partition("Arguments received by")[0].split())[:300]
