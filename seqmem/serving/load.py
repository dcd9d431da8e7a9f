"""Load: an exported version as the forecaster that it was."""

import warnings
from pathlib import Path

import keras

import seqmem.networks  # noqa: F401 - registers with Keras what a saved forecaster is made of
from seqmem.forecaster import Forecaster


def load(path: str | Path) -> Forecaster:
    """The forecaster in ``<path>/model.keras``; `path` is a version, or a model (then its newest version).

    Cells of one's own must be imported first, so that Keras knows their classes. Only load what you
    trust.

    Raises:
        FileNotFoundError: no model there.
        ValueError: a Keras model that is not a forecaster.
    """
    folder = newest(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns, and goes on, where weights could not be placed
        model = keras.saving.load_model(folder / "model.keras")
    if not isinstance(model, Forecaster):
        raise ValueError(f"load: {folder}: expected a Forecaster. Received: {type(model).__name__}")
    return model


def newest(path: str | Path) -> Path:
    """The folder of the version itself, or of the newest version in the folder of a model.

    Raises:
        FileNotFoundError: no model there.
    """
    folder = Path(path)
    if not (folder / "model.keras").is_file():
        versions = [child for child in folder.glob("*") if (child / "model.keras").is_file()]
        numbered = [child for child in versions if child.name.isdecimal()]
        if not numbered:
            raise FileNotFoundError(f"{folder}: no saved model (a folder with model.keras) there")
        folder = max(numbered, key=lambda child: int(child.name))
    return folder
