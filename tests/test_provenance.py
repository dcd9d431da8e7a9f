"""What an exported folder says of itself holds, and a damaged, foreign or hostile one is refused."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from samples import FORECASTERS, VOLATILITY_FORECASTERS

from seqmem import cli
from seqmem.serving import ServedModel, export, load
from seqmem.serving.loading.safety import UnsafeModel, check_keras_file
from seqmem.serving.loading.verify import verify
from seqmem.serving.provenance import DamagedModel, weights_hash


@pytest.fixture(scope="module")
def sound(fitted, prices, tmp_path_factory):
    return export(fitted, tmp_path_factory.mktemp("m"), name="m", prices=prices, verdict="No edge found.")


@pytest.fixture
def folder(sound, tmp_path):
    """A copy, to be damaged."""
    return shutil.copytree(sound, tmp_path / "m" / "1")


def test_what_was_exported_is_verified(sound):
    assert [one.what for one in verify(sound)] == [
        "files",
        "weights",
        "Python's forecast",
        "the served forecast",
    ]


def test_two_exports_of_one_model_have_the_same_weights(sound, fitted, tmp_path):
    again = export(fitted, tmp_path, name="m")
    cards = [json.loads((one / "card.json").read_text()) for one in (sound, again)]
    assert cards[0]["weights"] == cards[1]["weights"] == weights_hash(load(again).weights)
    assert cards[0]["files"] != cards[1]["files"]


@pytest.mark.parametrize(
    "name", ["saved_model.pb", "model.keras", "variables/variables.index", "CARD.md", "tensors.tsv"]
)
def test_damage_is_found_before_anything_is_loaded(name, folder, monkeypatch):
    def loaded(*_, **__):
        raise AssertionError("loaded")

    monkeypatch.setattr("keras.saving.load_model", loaded)
    monkeypatch.setattr("tensorflow.saved_model.load", loaded)
    whole = (folder / name).read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1]), b"", None):
        if damaged is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(damaged)
        said = f"{'missing' if damaged is None else 'changed'}: {name}|no SavedModel there"
        for use in (load, ServedModel, lambda one: list(verify(one))):
            with pytest.raises((DamagedModel, FileNotFoundError), match=said):
                use(folder)


def test_what_does_not_belong_is_found(folder):
    (folder / "assets.extra").mkdir(exist_ok=True)
    (folder / "assets.extra" / "guest").write_text("?")
    with pytest.raises(DamagedModel, match="not of this model: assets.extra/guest"):
        load(folder)


@given(cut=st.integers(0, 4000))
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_card_is_refused(cut, folder):
    card = (folder / "card.json").read_text()
    try:
        (folder / "card.json").write_text(card[:cut])
        with pytest.raises(ValueError, match="not a model that seqmem exported: card.json"):
            load(folder)
    finally:
        (folder / "card.json").write_text(card)


def test_weights_of_another_model_are_found(folder):
    """Even where the hashes of the files were made to match."""
    card = json.loads((folder / "card.json").read_text())
    card["weights"] = "0" * 64
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(DamagedModel, match="weights: expected the hash 0000"):
        list(verify(folder))
    card = json.loads((folder / "card.json").read_text())
    card["weights"] = weights_hash(load(folder).weights)
    card["example"]["outputs"]["forecast"][0][1] *= 1.0001
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(DamagedModel, match="of the example: forecast is off by 0.0001"):
        list(verify(folder))


def test_the_card_is_a_page(sound):
    page = (sound / "CARD.md").read_text()
    card = json.loads((sound / "card.json").read_text())
    assert "No edge found." in page
    assert "## Limits of use" in page
    assert card["weights"] in page
    assert card["data"]["fingerprint"] in page


def test_verify_on_the_command_line(folder, capsys):
    assert cli.main(["verify", str(folder)]) == 0
    assert "served forecast" in capsys.readouterr().out
    (folder / "tensors.tsv").write_text("")
    assert cli.main(["verify", str(folder)]) == 1
    assert "changed: tensors.tsv" in capsys.readouterr().err


@pytest.mark.parametrize("make", [*FORECASTERS, *VOLATILITY_FORECASTERS])
def test_our_own_files_are_let_through(make, tmp_path):
    forecaster = make()
    forecaster.build()
    forecaster.compile("adam", "mse")
    forecaster.save(tmp_path / "model.keras")
    check_keras_file(tmp_path / "model.keras")


def hostile(change, weights=None):
    """A `.keras` file of ours with its config changed."""

    def write(source, target):
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name == "config.json":
                    config = json.loads(data)
                    change(config)
                    data = json.dumps(config).encode()
                if name == "model.weights.h5" and weights is not None:
                    data = weights
                new.writestr(name, data)

    return write


def _network(config):
    return config["config"]["network"]["config"]


def _sparse():
    """A terabyte of zeros in two kilobytes."""
    file = io.BytesIO()
    with h5py.File(file, "w") as weights:
        weights.create_dataset("bomb", shape=(2**38,), chunks=(2**20,), dtype="float32")
    return file.getvalue()


def _linked():
    file = io.BytesIO()
    with h5py.File(file, "w") as weights:
        weights["out"] = h5py.ExternalLink("elsewhere.h5", "/x")
    return file.getvalue()


LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {}, "registered_name": None}
SYSTEM = {"module": "os", "class_name": "system", "config": "true", "registered_name": "system"}
MINE = {"module": "mine", "class_name": "MyCell", "config": {"units": 4}, "registered_name": "mine>MyCell"}
HOSTILE = {
    "a huge layer": (hostile(lambda c: _network(c)["decoder"]["config"].update(units=300_000_000)), "units"),
    "many units": (
        hostile(lambda c: _network(c)["encoder"]["config"].update(units=4000)),
        "bytes of weights",
    ),
    "wide inputs": (
        hostile(lambda c: _network(c)["encoder"]["build_config"].update(input_shape=[None, 10**8])),
        "input_shape",
    ),
    "a long horizon": (hostile(lambda c: _network(c).update(horizon=10**8)), "horizon"),
    "code": (hostile(lambda c: _network(c).update(bridge=LAMBDA)), "keras.layers.Lambda is no class"),
    "a function": (
        hostile(lambda c: _network(c).update(bridge=SYSTEM)),
        "system is no class that seqmem loads",
    ),
    "a cell unknown": (hostile(lambda c: _network(c).update(encoder=MINE)), "mine>MyCell is no class"),
    "many objects": (hostile(lambda c: _network(c).update(extra=[LAMBDA] * 600)), "at most 500 objects"),
    "sparse weights": (hostile(lambda c: None, _sparse()), "are not in the file"),
    "linked weights": (hostile(lambda c: None, _linked()), "outside of the file"),
    "no weights": (hostile(lambda c: None, b"no"), "cannot be read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_before_keras_sees_it(name, sound, tmp_path, monkeypatch):
    write, words = HOSTILE[name]
    folder = shutil.copytree(sound, tmp_path / "m" / "1")
    write(sound / "model.keras", folder / "model.keras")
    card = json.loads((folder / "card.json").read_text())
    del card["files"]  # whoever can write a model can write hashes
    (folder / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr("keras.saving.load_model", lambda *_, **__: pytest.fail("Keras saw it"))
    with pytest.raises(UnsafeModel, match=words):
        load(folder)


def test_what_is_no_keras_file_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"no zip")
    with pytest.raises(UnsafeModel, match="not a whole .keras file"):
        check_keras_file(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(UnsafeModel, match="expected config.json, metadata.json, model.weights.h5"):
        check_keras_file(path)
    with pytest.raises(FileNotFoundError):
        check_keras_file(tmp_path / "none.keras")


def test_hashes_see_every_weight(rng):
    weights = [rng.normal(size=shape).astype("float32") for shape in ((2, 3), (4,))]
    found = {weights_hash(weights), weights_hash(weights[::-1]), weights_hash([weights[0].T, weights[1]])}
    for number, index in ((0, (1, 2)), (1, 3)):
        changed = [one.copy() for one in weights]
        changed[number][index] = np.nextafter(changed[number][index], 9, dtype="float32")
        found.add(weights_hash(changed))
    assert len(found) == 5


def test_the_example_in_the_repository_is_sound():
    folder = Path(__file__).parents[1] / "saved_models" / "sp500_example" / "1"
    assert len(list(verify(folder))) == 4
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 2**20
