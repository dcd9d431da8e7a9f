"""Load an exported version: as the forecaster that it was, or as a server would."""

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

import seqmem.models.volatility
import seqmem.networks  # noqa: F401 - likewise
from seqmem.data.bars import as_bars
from seqmem.data.series import PriceError, coming_days
from seqmem.models.forecaster import Forecaster
from seqmem.serving.card import read_card
from seqmem.serving.folders import newest
from seqmem.serving.loading.safety import check_keras_file
from seqmem.serving.provenance import check_files
from seqmem.serving.safe_files import KERAS_FILE, DamagedModel


def load(path: str | Path) -> Forecaster:
    """The forecaster in ``<path>/model.keras``; `path` is a version, or a model (then its newest version).

    Import the modules of your own cells first, so that Keras knows their classes. Before Keras makes any, the
    files are compared with the hashes in the card, the card with the one in the graph, and the classes and
    sizes in ``model.keras`` are looked at. The model is not compiled: `fit` does that.

    Raises:
        FileNotFoundError: no model there.
        DamagedModel: files that are not as they were exported; a model that Keras cannot make of them.
        UnsafeModel: a class that seqmem does not load, or sizes beyond what the file holds.
        ValueError: a folder that seqmem did not export; a Keras model that is not a forecaster.
    """
    folder = newest(path)
    about = read_card(folder)
    check_files(folder, about)
    check_keras_file(folder / KERAS_FILE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras warns, and goes on, where weights could not be placed
            model = keras.saving.load_model(folder / KERAS_FILE, compile=False)
    except Exception as error:  # Keras has an error of each kind for what does not fit
        raise DamagedModel(f"{folder}: {KERAS_FILE}: Keras cannot make it: {str(error)[:300]}") from error
    if not isinstance(model, Forecaster):
        raise ValueError(f"load: {folder}: expected a Forecaster. Received: {type(model).__name__}")
    for name in ("closes", "lookback", "horizon"):
        if (found := getattr(model, name)) != about[name]:
            raise DamagedModel(f"{folder}: {name}: the card says {about[name]}, {KERAS_FILE} {found}")
    return model


class ServedModel:
    """The SavedModel of an exported version, asked as TensorFlow Serving asks it: without Keras or seqmem.

    Args:
        path: a version, or a model (then its newest version).

    Raises:
        FileNotFoundError: no SavedModel there.
        DamagedModel: files that are not as they were exported.
        ValueError: a SavedModel that seqmem did not export.
    """

    def __init__(self, path: str | Path) -> None:
        import tensorflow as tf

        self.folder = newest(path)
        about = read_card(self.folder)
        check_files(self.folder, about)
        self.closes, self.horizon = int(about["closes"]), int(about["horizon"])
        self.inputs, self.outputs = tuple(about["input"]), tuple(about["output"])
        self.days = [int(days) for days in about.get("horizons", ())]  # that each variance covers
        self.column: str | None = about.get("data", {}).get("column")  # of the prices it learnt from
        try:
            self._model = tf.saved_model.load(str(self.folder))  # held: its signature does not keep it alive
        except (tf.errors.OpError, ValueError, KeyError, TypeError) as error:
            raise DamagedModel(f"{self.folder}: cannot be loaded: {str(error)[:300]}") from error

    def __call__(self, closes: Any) -> np.ndarray:
        """Closes [B, at least `closes`] to forecasts [B, H], through the signature `serving_default`."""
        if self.outputs != ("forecast",):
            raise ValueError(f"ServedModel: {self.folder} gives {' and '.join(self.outputs)}: use answer()")
        return self.answer(closes=closes)["forecast"]

    def answer(self, **inputs: Any) -> dict[str, np.ndarray]:
        """What `serving_default` says of its inputs, each [B, at least `closes`], by name."""
        if set(inputs) != set(self.inputs):
            raise ValueError(f"ServedModel: expected {', '.join(self.inputs)}. Received: {', '.join(inputs)}")
        arrays = {name: np.asarray(values, dtype="float32") for name, values in inputs.items()}
        for name, values in arrays.items():
            if values.ndim != 2:
                raise ValueError(
                    f"ServedModel: {name} must be [B, at least {self.closes}]. Received: {values.shape}"
                )
        found = self._model.signatures["serving_default"](**arrays)
        return {name: np.asarray(found[name]) for name in self.outputs}

    def volatility(self, bars: pd.DataFrame | pd.Series) -> pd.DataFrame:
        """What follows the last bar: days, variance of the log return over them, volatility of a year.

        Raises:
            PriceError: fewer bars than a window reads, or columns that are not there.
        """
        rows = as_bars(bars)[-self.closes :]
        if len(rows) < self.closes:
            raise PriceError(f"expected at least {self.closes} bars for {self.folder}. Received: {len(rows)}")
        columns = rows.T if len(self.inputs) > 1 else rows.T[-1:]
        if len(columns) != len(self.inputs):
            raise PriceError(f"{self.folder}: expected {', '.join(self.inputs)}. Received: closes alone")
        answer = self.answer(**{name: one[None] for name, one in zip(self.inputs, columns, strict=True)})
        return pd.DataFrame({"days": self.days, **{name: values[0] for name, values in answer.items()}})

    def forecast(self, prices: pd.Series) -> pd.Series:
        """The dated forecast that follows the last close.

        Raises:
            PriceError: fewer closes than a window reads.
        """
        if not isinstance(prices, pd.Series):
            raise PriceError(f"expected a Series of prices. Received: {type(prices).__name__}")
        if len(prices) < self.closes:
            raise PriceError(
                f"expected at least {self.closes} closes for {self.folder}. Received: {len(prices)}"
            )
        path = self(prices.to_numpy()[None, -self.closes :])[0]
        return pd.Series(path, coming_days(prices.index, self.horizon), name="forecast")
