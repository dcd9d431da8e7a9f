"""An exported version, called as a server calls it."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from seqmem._html import facts
from seqmem.data.dataset import PriceData
from seqmem.data.splits import Origins
from seqmem.evaluation.forecast import Forecast
from seqmem.serving.card_schema import read_card
from seqmem.serving.folders import newest
from seqmem.serving.provenance import check_files
from seqmem.serving.questions import as_forecast, inputs_of, origins_of
from seqmem.serving.safe_files import DamagedModel

WINDOWS = ("serving_default", "volatility", "paths", "start", "explain")  # signatures that read windows


class ServedModel:
    """The SavedModel of an exported version, called as TensorFlow Serving calls it.

    Args:
        path: a version, or a model (then its newest version).

    Attributes:
        card: what stands in ``card.json``.
        inputs, outputs: names of the tensors of `serving_default`.
        context_length: rows that a window reads.
        horizons: rows ahead that it forecasts.

    Raises:
        FileNotFoundError: no SavedModel there.
        DamagedModel: files that are not as they were exported.
        ValueError: a SavedModel that seqmem did not export.
    """

    def __init__(self, path: str | Path) -> None:
        import tensorflow as tf

        self.folder: Path = newest(path)
        self.card: dict[str, Any] = read_card(self.folder)
        check_files(self.folder, self.card)
        self.context_length: int = int(self.card["context_length"])
        self.horizons: tuple[int, ...] = tuple(int(h) for h in self.card["horizons"])
        self.inputs: tuple[str, ...] = tuple(self.card["input"])
        self.outputs: tuple[str, ...] = tuple(self.card["output"])
        try:
            self._model = tf.saved_model.load(str(self.folder))  # held: its signature does not keep it alive
        except (tf.errors.OpError, ValueError, KeyError, TypeError) as error:
            raise DamagedModel(f"{self.folder}: cannot be loaded: {str(error)[:300]}") from error

    def __call__(self, *prices: np.ndarray) -> np.ndarray:
        """The forecast [B, H], from an array [B, at least `context_length`] for each of the `inputs`."""
        if len(prices) != len(self.inputs):
            received = f"{len(prices)} arrays"
            raise ValueError(f"ServedModel: expected {', '.join(self.inputs)}. Received: {received}")
        return self.answer(**dict(zip(self.inputs, prices, strict=True)))[self.outputs[0]]

    def answer(self, signature: str = "serving_default", /, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """What a signature of windows answers to its inputs, each [B, at least `context_length`], by name.

        Raises:
            ValueError: another signature, other inputs, fewer rows than a window reads, or what is no price.
        """
        windows = [name for name in self.card["signatures"] if name in WINDOWS]
        if signature not in windows:
            raise ValueError(f"ServedModel: expected one of {', '.join(windows)}. Received: {signature!r}")
        if set(inputs) != set(self.inputs):
            raise ValueError(f"ServedModel: expected {', '.join(self.inputs)}. Received: {', '.join(inputs)}")
        arrays = {name: np.asarray(values, dtype="float32") for name, values in inputs.items()}
        for name, values in arrays.items():
            if values.ndim != 2:
                raise ValueError(
                    f"ServedModel: {name} must be [B, at least {self.context_length}]. "
                    f"Received: {values.shape}"
                )
        import tensorflow as tf

        try:
            found = self._model.signatures[signature](**arrays)
        except tf.errors.InvalidArgumentError as error:  # what the graph refuses, without the graph's trace
            refused = re.search(r"assertion failed: \[(.*?)\] (.*?)\s*(?:\[\[\{|$)", str(error), re.DOTALL)
            words = f"{refused[1]} {refused[2]}" if refused else str(error).splitlines()[0]
            raise ValueError(f"ServedModel: {words}".strip()) from None
        names = self.outputs if signature == "serving_default" else found
        return {name: np.asarray(found[name]) for name in names}

    def forecast(self, data: PriceData, origins: Origins = None) -> Forecast:
        """The dated forecast from each origin: by default from the last row of each series.

        Raises:
            PriceError: prices that will not do.
            ValueError: fewer rows than a window reads, or columns that are not there.
        """
        data, rows = origins_of(data, origins, self.card)
        return as_forecast(data, rows, self.answer(**inputs_of(data, rows, self.card)), self.card)

    def _repr_html_(self) -> str:
        card = self.card
        rows = {
            "forecasts": f"{card['quantity']['name']}, h = {', '.join(map(str, self.horizons))}",
            "reads": f"{', '.join(self.inputs)}: {self.context_length} rows",
            "exported": card["created"],
            **({"verdict": card["verdict"]} if card.get("verdict") else {}),
            "folder": self.folder,
        }
        return facts(f"Served model {card['name']}", rows)

    def __repr__(self) -> str:
        return (
            f"ServedModel({self.card['name']!r}, {', '.join(self.inputs)} [B, {self.context_length}] -> "
            f"{', '.join(self.outputs)}, horizons={self.horizons})"
        )
