"""Law: everything comes back from JSON and from a .keras file as it was."""

import json
import shutil
from pathlib import Path

import fresh
import keras
import numpy as np
import pytest
from forging import forge
from samples import (
    CELLS,
    DROP_INS,
    FORECASTERS,
    NETWORKS,
    SCHEDULES,
    TARGETS,
    TRANSFORMS,
    VARIANCE_TARGETS,
    adapted,
    random_bars,
)

from seqmem.data.splits import Split
from seqmem.heads import LogVariance, Point
from seqmem.losses import QLIKE, VarianceStudentT
from seqmem.recipe import Recipe
from seqmem.recurrence import Recurrent
from seqmem.serving import load

BARS = random_bars(120)
CONFIGURED = [
    *(
        lambda sample=sample: sample.cell(4, kernel_initializer="he_normal", dropout=0.1, seed=3)
        for sample in CELLS
    ),
    lambda: CELLS[2].cell(4, "relu", keras.activations.hard_sigmoid, reset_after=False),
    *(
        lambda sample=sample: Recurrent([sample.cell(4), sample.cell(3)], go_backwards=True)
        for sample in CELLS
    ),
    *(
        lambda sample=sample: sample.drop_in(4, return_state=True, kernel_regularizer="l2")
        for sample in DROP_INS
    ),
    *TRANSFORMS,
    *TARGETS,
    *SCHEDULES,
    *NETWORKS,
    *FORECASTERS,
    *VARIANCE_TARGETS,
    *(lambda head=head: head() for head in (LogVariance, Point)),
    lambda: QLIKE(),
    lambda: VarianceStudentT(5.0),
]


@pytest.mark.parametrize("make", CONFIGURED)
def test_config_through_json(make):
    thing = make()
    text = json.dumps(keras.saving.serialize_keras_object(thing))
    again = keras.saving.deserialize_keras_object(json.loads(text))
    assert type(again) is type(thing)
    assert json.dumps(keras.saving.serialize_keras_object(again)) == text


# A network, one with a bridge, an ensemble; test_no_skew.py loads one of each kind.
FILED = {0, 8, 19}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, marks=() if number in FILED else pytest.mark.slow, id=str(number))
        for number, make in enumerate(FORECASTERS)
    ],
)
def test_keras_file(make, tmp_path):
    """Keras warns, and goes on, where weights could not be placed: here a warning is an error."""
    forecaster = adapted(make(), BARS)
    forecaster.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    origins = np.arange(50, 60)
    np.testing.assert_array_equal(
        again.forecast(BARS, origins).point, forecaster.forecast(BARS, origins).point
    )


@pytest.mark.parametrize("make", NETWORKS)
def test_a_network_alone(make, tmp_path, rng):
    network, inputs = make(), rng.normal(size=(2, 9, 1)).astype("float32")
    outputs = network(inputs)
    network.save(tmp_path / "network.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "network.keras")(inputs), outputs)


def test_training_goes_on_where_it_stopped(fitted, prices, tmp_path):
    """The optimiser's moments are saved too: one more epoch gives the same loss to the last digit."""
    fitted.save(tmp_path / "model.keras")
    losses = []
    for _ in range(2):
        again = keras.saving.load_model(tmp_path / "model.keras")
        keras.utils.set_random_seed(4)
        again.fit(prices, Split(None, prices.index[203]), Recipe(epochs=1))
        losses.append(again.history.history["loss"])
    assert losses[0] == losses[1]


def test_a_name_of_ours_is_enough_for_keras_to_load_a_file_with_any_of_them(fitted, tmp_path):
    fitted.save(tmp_path / "model.keras")
    code = (
        "import sys, keras\nfrom seqmem import LSTM\n"
        "print(type(keras.models.load_model(sys.argv[1])).__name__)"
    )
    assert fresh.python(code, tmp_path / "model.keras") == "Forecaster"


def test_load_refuses_what_is_not_a_forecaster(exported, tmp_path):
    with pytest.raises(FileNotFoundError, match="no SavedModel there"):
        load(tmp_path)
    network = NETWORKS[0]()
    network(np.zeros((1, 5, 1)))
    folder = Path(shutil.copytree(exported, tmp_path / "m/1"))
    network.save(folder / "model.keras")
    forge(folder, lambda card: None)
    with pytest.raises(ValueError, match="expected a Forecaster. Received: EncoderDecoder"):
        load(folder)
