"""Load an exported version as the forecaster that it was."""

import warnings
from pathlib import Path

import keras

import seqmem.networks
import seqmem.targets  # noqa: F401 - registers with Keras what a saved forecaster is made of
from seqmem.models.forecaster import Forecaster
from seqmem.serving.card_schema import read_card
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
    made = {"context_length": model.context_length, "lookback": model.lookback, "horizons": [*model.horizons]}
    for name, found in made.items():
        if found != about[name]:
            raise DamagedModel(f"{folder}: {name}: the card says {about[name]}, {KERAS_FILE} {found}")
    model.fitted_until = str(about.get("dates", {}).get("trained", ""))
    return model
