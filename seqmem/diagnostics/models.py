"""The recurrent layers within a model, and what they see of a series."""

import keras
import numpy as np

from seqmem.data.dataset import PriceData
from seqmem.data.splits import Origins
from seqmem.models.forecaster import Forecaster
from seqmem.recurrence import Recurrent


def has_recurrence(model: keras.Model) -> bool:
    """Whether there is a `Recurrent` in a model."""
    return any(isinstance(layer, Recurrent) for layer in model._flatten_layers())


def recurrent_layers(model: keras.Model) -> list[Recurrent]:
    """Every `Recurrent` in a model, in the order in which it was made.

    Raises:
        ValueError: none.
    """
    found = [layer for layer in model._flatten_layers() if isinstance(layer, Recurrent)]
    if not found:
        raise ValueError(f"diagnostics: {model.name} has no Recurrent in it")
    return found


def sequences(forecaster: Forecaster, data: PriceData, origins: Origins = None) -> np.ndarray:
    """What a forecaster's network sees of a series from the origins, by default the last: [N, T, F]."""
    windows = np.concatenate([np.asarray(batch) for batch in forecaster.histories(data, origins)])
    return np.asarray(forecaster.target.inputs(windows))
