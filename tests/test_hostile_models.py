"""A hostile ``.keras`` file is refused before Keras sees it, whatever was done to it."""

import contextlib
import io
import json
import random
import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest
from forging import forge
from samples import FORECASTERS

from seqmem.serving import load
from seqmem.serving.loading import safety
from seqmem.serving.loading.safety import UnsafeModel, check_keras_file
from seqmem.serving.safe_files import DamagedModel

SEEDS = 2000


def hostile(change, weights=None, method=zipfile.ZIP_STORED):
    """A `.keras` file of ours with its config changed."""

    def write(source, target):
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
            for name in old.namelist():
                data = old.read(name)
                if name == "config.json":
                    config = json.loads(data)
                    data = change(config) or json.dumps(config).encode()
                if name == "model.weights.h5" and weights is not None:
                    data = weights(data)
                new.writestr(name, data)

    return write


def _network(config):
    return config["config"]["network"]["config"]


def _encoder(**more):
    return hostile(lambda config: _network(config)["encoder"]["config"].update(more))


def _in_its_place(**more):
    return hostile(lambda config: _network(config).update(bridge=more))


def _compiled(name, **config):
    one = {"module": "keras.metrics", "class_name": name, "config": config, "registered_name": None}
    return hostile(lambda c: c["compile_config"].update(metrics=[one]))


def _h5(fill):
    def made(_):
        file = io.BytesIO()
        with h5py.File(file, "w") as weights:
            fill(weights)
        return file.getvalue()

    return hostile(lambda config: None, made)


def _branching(weights):
    """Paths that double with each group."""
    group = weights.create_group("d")
    for _ in range(24):
        below = group.create_group("a")
        group["b"] = below
        group = below


def _not_finite(data):
    with io.BytesIO(data) as file:
        with h5py.File(file, "r+") as weights:
            found = []
            weights.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
            next(one for one in found if one.size > 1)[0] = np.nan
        return file.getvalue()


LIE = "seqmem>LSTMCell"  # registered, and not what Keras would make
LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {}, "registered_name": None}
MINE = {"module": "mine", "class_name": "MyCell", "config": {"units": 4}, "registered_name": "mine>MyCell"}
DEEP = b'{"config": ' + b"[" * 900 + b"]" * 900 + b', "class_name": "x"}'
HOSTILE = {
    "a huge layer": (
        hostile(lambda c: _network(c)["decoder"]["config"].update(units=300_000_000)),
        "expected units of at most",
    ),
    "many units": (_encoder(units=4000), "bytes of weights"),
    "no number of units": (_encoder(units=float("nan")), "expected units of at most"),
    "wide inputs": (
        hostile(lambda c: _network(c)["encoder"]["build_config"].update(input_shape=[None, 10**8])),
        "input_shape",
    ),
    "a long horizon": (hostile(lambda c: _network(c).update(horizon=10**8)), "horizon"),
    "a new argument": (hostile(lambda c: _network(c).update(experts=10**8)), "experts"),
    "code": (
        hostile(lambda c: _network(c).update(bridge=LAMBDA)),
        r"Cannot load class keras.layers.Lambda. If it is your own, import its module first",
    ),
    "a cell unknown": (hostile(lambda c: _network(c).update(encoder=MINE)), "Cannot load class mine>MyCell"),
    "many objects": (hostile(lambda c: _network(c).update(extra=[LAMBDA] * 600)), "at most 500 objects"),
    "a deep config": (hostile(lambda c: DEEP), "deep"),
    "a deep object": (hostile(lambda c: _network(c).update(x=json.loads(b"[" * 60 + b"]" * 60))), "deep"),
    "a wide config": (hostile(lambda c: _network(c).update(x=[0] * 30_000)), "at most 20000 values"),
    "a long config": (hostile(lambda c: _network(c).update(x="x" * 300_000)), "of config"),
    "a long word": (hostile(lambda c: _network(c).update(x="x" * 2000)), "at most 1000 characters"),
    "no object": (hostile(lambda c: b"[]"), "expected an object"),
    "a class that is a list": (_in_its_place(class_name=[], config={}), "Cannot load class"),
    "a registered name that is none": (
        _in_its_place(class_name="LSTMCell", module="seqmem", registered_name={}, config={}),
        "Cannot load class",
    ),
    "a class by another name": (
        _in_its_place(class_name="GRUCell", module="seqmem.cells.gru", registered_name=LIE, config={}),
        "Cannot load class",
    ),
    "a class from elsewhere": (
        _in_its_place(class_name="LSTMCell", module="os", registered_name=LIE, config={}),
        "Cannot load class",
    ),
    "metrics that are large": (
        _compiled("MeanIoU", num_classes=30_000),
        "Cannot load class keras.metrics.MeanIoU",
    ),
    "thresholds": (_compiled("AUC", num_thresholds=2 * 10**8), "Cannot load class keras.metrics.AUC"),
    "a network that is compiled": (
        hostile(lambda c: c["config"]["network"].update(compile_config={"loss": "mse"})),
        "compile_config within",
    ),
    "sparse weights": (
        _h5(lambda f: f.create_dataset("bomb", shape=(2**38,), chunks=(2**20,), dtype="float32")),
        "are not in the file",
    ),
    "packed weights": (
        _h5(lambda f: f.create_dataset("bomb", data=np.zeros(2**20), compression="gzip")),
        "are packed",
    ),
    "linked weights": (
        _h5(lambda f: f.__setitem__("out", h5py.ExternalLink("elsewhere.h5", "/x"))),
        "outside",
    ),
    "paths that double": (_h5(_branching), "linked twice"),
    "a type for a weight": (_h5(lambda f: f.__setitem__("t", np.dtype("float32"))), "no numbers"),
    "words for a weight": (_h5(lambda f: f.create_dataset("w", data=["a", "b"])), "no numbers"),
    "a thousand groups": (_h5(lambda f: [f.create_group(str(n)) for n in range(5001)]), "at most 5000"),
    "weights of NaN": (hostile(lambda c: None, _not_finite), "are not finite"),
    "no weights": (hostile(lambda c: None, lambda _: b"no"), "cannot be read"),
    "zeros behind the weights": (
        hostile(lambda c: None, lambda data: data + bytes(10**7), zipfile.ZIP_DEFLATED),
        "unpacks",
    ),
    "a large file": (hostile(lambda c: None, lambda data: data + bytes(2**25)), "at most 33554432 bytes"),
}
HOSTILE |= {
    f"{name} in disguise": (
        _in_its_place(class_name=name, registered_name=LIE, module="os", config=config),
        "Cannot load class",
    )
    for name, config in {
        "function": "system",
        "__numpy__": {"value": [0] * 2000, "dtype": "S1000000"},
        "__tensor__": {"value": 1, "dtype": "float32"},
        "__keras_tensor__": {"shape": [1], "dtype": "float32", "keras_history": []},
        "__lambda__": {"value": "x"},
        "__typespec__": [],
        "__bytes__": {"value": "x"},
        "__slice__": {"start": 0, "stop": 1, "step": 1},
        "__ellipsis__": {},
    }.items()
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_before_keras_sees_it(name, exported, tmp_path, monkeypatch):
    write, words = HOSTILE[name]
    folder = shutil.copytree(exported, tmp_path / "m" / "1")
    write(exported / "model.keras", folder / "model.keras")
    forge(folder, lambda card: None)  # whoever can write a model can write hashes
    monkeypatch.setattr("keras.saving.load_model", lambda *_, **__: pytest.fail("Keras saw it"))
    with pytest.raises(UnsafeModel, match=words):
        load(folder)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_file_is_refused_in_one_way(method, exported, tmp_path):
    """Each way of packing has errors of its own."""
    path = tmp_path / "model.keras"
    hostile(lambda c: None, None, method)(exported / "model.keras", path)
    check_keras_file(path)
    whole, draw = path.read_bytes(), random.Random(0)
    for _ in range(60):
        start = draw.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[start : start + 50] = draw.randbytes(50)
        path.write_bytes(damaged)
        with contextlib.suppress(UnsafeModel):
            check_keras_file(path)


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


WORDS = [
    "",
    "relu",
    "seqmem>LSTMCell",
    "os",
    "keras.layers",
    "Dense",
    "float32",
    "__numpy__",
    "function",
    "9" * 50,
]
VALUES = [None, True, -1, 0, 1, 3, 5000, 10**8, 10**30, 1e308, 1e-308, float("nan"), float("inf")]
VALUES += [[], {}, [[]], [None, 3], LAMBDA, MINE, *WORDS]
VALUES += [
    {"class_name": name, "module": module, "registered_name": registered, "config": config}
    for name in (
        "Dense",
        "Orthogonal",
        "LSTMCell",
        "__numpy__",
        "function",
        "StackedRNNCells",
        "Lambda",
        "get_file",
    )
    for module in ("keras.layers", "keras.initializers", "keras.utils", "os")
    for registered in (None, LIE)
    for config in ({}, {"units": 9}, {"value": [0], "dtype": "S1000000"}, "system", {"cells": []})
]


def _places(node, path=()):
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in list(children):
        yield from _places(child, (*path, key))


def _mutate(config, draw):
    """One to four changes of the structure, none of which knows what is checked."""
    for _ in range(draw.randint(1, 4)):
        places = [place for place in _places(config) if place]
        if not places:
            return config
        *above, key = draw.choice(places)
        home = config
        for step in above:
            home = home[step]
        kind = draw.randrange(5)
        if kind == 0:
            home[key] = draw.choice(VALUES)
        elif kind == 1:
            del home[key]
        elif kind == 2:
            home[key] = [home[key]] * draw.choice([1, 2, 30])
        elif kind == 3 and isinstance(home, dict):
            home[draw.choice(["units", "config", "members", "class_name", "dtype", *WORDS])] = home[key]
        elif kind == 4:
            source = config
            for step in draw.choice(places):
                try:
                    source = source[step]
                except (KeyError, IndexError, TypeError):
                    break
            home[key] = json.loads(json.dumps(source))
    return config


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    """Of every sample, as Keras writes it down, and one whole file."""
    found, path = [], tmp_path_factory.mktemp("k") / "model.keras"
    for make in FORECASTERS:
        forecaster = make()
        forecaster.build()
        for weight in forecaster.target.weights:  # NaN until they have learnt
            weight.assign(np.ones(weight.shape))
        forecaster.save(path)
        with zipfile.ZipFile(path) as archive:
            found.append((archive.read("config.json"), archive.read("model.weights.h5")))
    return found


def _mutants(configs, seeds):
    for seed in seeds:
        draw = random.Random(seed)
        text, weights = draw.choice(configs)
        yield json.dumps(_mutate(json.loads(text), draw)), weights


def _accepted(configs, seeds, path):
    for text, weights in _mutants(configs, seeds):
        config = json.loads(text)
        try:
            safety._check_config(path, config, len(weights))
        except UnsafeModel:
            continue
        yield config, weights


def test_whatever_is_changed_is_refused_or_plain(configs, tmp_path):
    """Two thousand mutants: no other error, and nothing gets through that Keras would resolve by itself."""
    through = 0
    for config, _ in _accepted(configs, range(SEEDS), tmp_path):
        through += 1
        for node in safety._nodes(config):
            if isinstance(node.value, dict) and "class_name" in node.value:
                name = node.value["class_name"]
                assert name == "__tuple__" or not name.startswith("_")
                assert name not in ("function", "Lambda", "get_file")
            if type(node.value) in (int, float) and node.name not in ("seed", "shared_object_id"):
                assert abs(node.value) <= 10**9
    assert SEEDS // 20 < through < SEEDS  # neither all nor nothing, or it would test nothing


@pytest.mark.parametrize(
    "seeds", [range(60), pytest.param(range(SEEDS), marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_keras_has_no_other_error_for_what_gets_through(seeds, configs, exported, tmp_path, monkeypatch):
    make = keras.saving.load_model
    folder = shutil.copytree(exported, tmp_path / "m" / "1")
    seen = []
    monkeypatch.setattr(
        keras.saving, "load_model", lambda *args, **more: seen.append(1) or make(*args, **more)
    )
    for config, weights in _accepted(configs, seeds, tmp_path):
        with zipfile.ZipFile(folder / "model.keras", "w") as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", weights)
        forge(folder, lambda card: None)
        with contextlib.suppress(UnsafeModel, DamagedModel):
            load(folder)
    assert len(seen) > len(seeds) // 10
