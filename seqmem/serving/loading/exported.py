"""An exported version as a model like any other: scored beside classics and other versions."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from seqmem.data.dataset import PriceData
from seqmem.data.splits import Split
from seqmem.evaluation.forecast import Prediction
from seqmem.models.base import Model
from seqmem.quantities import Quantity
from seqmem.serving.loading.served import ServedModel

AT_ONCE = 512  # windows


class ExportedModel(Model):
    """What an exported version answers, as a `Model`: it forecasts as a server does, and is not fitted.

    Args:
        path: a version, or a model (then its newest version).

    Attributes:
        served: the version.
        card: what stands in its ``card.json``.

    Raises:
        FileNotFoundError: no SavedModel there.
        DamagedModel: files that are not as they were exported.
        ValueError: a SavedModel that seqmem did not export.
    """

    horizons: tuple[int, ...]
    context_length: int
    quantity: Quantity

    def __init__(self, path: str | Path) -> None:
        self.served: ServedModel = ServedModel(path)
        self.card: dict[str, Any] = self.served.card
        self.horizons = self.served.horizons
        self.context_length = self.served.context_length
        self.quantity = Quantity.from_config(self.card["quantity"])

    @property
    def levels(self) -> tuple[float, ...]:
        """Of the quantiles that it forecasts."""
        return tuple(self.card.get("levels", ()))

    @property
    def positive(self) -> bool:  # noqa: D102 (as `Model` says)
        return bool(self.card.get("positive", True))

    def fit(self, data: PriceData, split: Split) -> Self:
        """Refuse: it was fitted before it was exported.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{self.served.folder}: is fitted already: `seqmem update` trains it further")

    def predict_series(self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str) -> Prediction:
        """What the version answers to the windows that end at the origins."""
        rows = frame[list(self.card["columns"])].to_numpy("float32")
        back = np.arange(1 - self.context_length, 1)
        parts = []
        for first in range(0, len(origins), AT_ONCE):
            windows = rows[origins[first : first + AT_ONCE, None] + back]  # [N, rows, C]
            inputs = {name: windows[..., column] for column, name in enumerate(self.served.inputs)}
            parts.append(self.served.answer(**inputs))
        answer = {name: np.concatenate([part[name] for part in parts]) for name in self.served.outputs}
        has_mean = self.card["point"] == "mean"
        return Prediction(
            mean=answer[self.served.outputs[0]].astype("float64") if has_mean else None,
            quantiles=answer["quantiles"].astype("float64") if self.levels else None,
            levels=self.levels,
        )

    def __repr__(self) -> str:
        return f"<ExportedModel {self.served.folder}: {self.quantity.name}, h = {self.horizons}>"
