"""What an exported folder says of itself holds, and a damaged, foreign or hostile one is refused."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from forging import forge
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from samples import FORECASTERS

from seqmem import cli
from seqmem.serving import ServedModel, export, load
from seqmem.serving.card_schema import Card, check_schema
from seqmem.serving.loading.safety import check_keras_file
from seqmem.serving.loading.verify import verify
from seqmem.serving.provenance import weights_hash
from seqmem.serving.safe_files import DamagedModel


@pytest.fixture
def folder(exported, tmp_path):
    """A copy, to be damaged."""
    return shutil.copytree(exported, tmp_path / "m" / "1")


def test_what_was_exported_is_verified(exported):
    assert [one.what for one in verify(exported)] == [
        "files",
        "weights",
        "Python's forecast",
        "the served forecast",
    ]


def test_two_exports_of_one_model_have_the_same_weights(exported, fitted, tmp_path):
    again = export(fitted, tmp_path, name="m")
    cards = [json.loads((one / "card.json").read_text()) for one in (exported, again)]
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
        for use in (load, ServedModel, verify):
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


FORGED = {
    "the weights": (lambda c: c.update(weights="0" * 64), "weights: expected the hash 0000"),
    "the forecast": (
        lambda c: c["example"]["outputs"]["forecast"][0].__setitem__(1, 1.0),
        "of the example: forecast is off by",
    ),
    "the operations": (lambda c: c["operations"].append("Exec"), "operations: .*'Exec'"),
    "the lookback": (lambda c: c.update(lookback=7), "lookback: the card says 7"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_card_that_is_not_true_is_found(what, folder):
    """Even where the hashes of the files, and the graph, were made to match."""
    change, words = FORGED[what]
    forge(folder, change)
    with pytest.raises(DamagedModel, match=words):
        verify(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(context_length=5),
        lambda c: c.update(horizons=[1, 2]),
        lambda c: c.update(columns=["high"]),
        lambda c: c["quantity"].update(name="return"),
        lambda c: c["calendar"].update(days=[0]),
        lambda c: c["example"]["outputs"].clear(),
        lambda c: c.update(verdict="Edge found."),
        lambda c: c.update(extra=1),
        lambda c: c.pop("data"),
    ],
)
def test_a_card_is_compared_with_the_one_in_the_graph(change, folder):
    card = json.loads((folder / "card.json").read_text())
    change(card)
    (folder / "card.json").write_text(json.dumps(card))
    for use in (load, ServedModel, verify):
        with pytest.raises(ValueError, match=r"card.json( is not the card in the graph)?: "):
            use(folder)


KINDS = [None, True, "x", 5, -1, 1.5, [], {}, [[]], {"": None}]


def test_a_field_of_another_type_or_value_is_no_card(exported):
    """Neither a type nor a value that a reader does not expect gets past the schema."""
    whole = json.loads((exported / "card.json").read_text())
    for name in sorted({*Card.__struct_fields__} & {*whole}):
        for value in KINDS:
            optional = value is None and name in ("data", "calendar", "dates", "training")
            if optional or (type(value) is type(whole[name]) and value != -1):
                continue
            with pytest.raises(ValueError, match="`\\$|expected"):
                check_schema(whole | {name: value})


def _pipe(folder):
    os.mkfifo(folder / "pipe")


def _device(folder):
    (folder / "card.json").unlink()
    (folder / "card.json").symlink_to("/dev/zero")


def _waiting(folder):
    (folder / "card.json").unlink()
    os.mkfifo(folder / "card.json")


def _elsewhere(folder):
    shutil.move(folder / "tensors.tsv", folder.parent / "moved")
    (folder / "tensors.tsv").symlink_to(folder.parent / "moved")


def _sparse_file(folder):
    with (folder / "sparse").open("wb") as file:
        file.truncate(40 * 2**30)


def _loop(folder):
    (folder / "loop").symlink_to("loop")


def _whole_folder(folder):
    (folder / "up").symlink_to("..")


SPOILT = [_pipe, _device, _waiting, _elsewhere, _sparse_file, _loop, _whole_folder]


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda f: f.__name__)
def test_no_link_leaves_the_folder_and_no_file_is_endless(spoil, folder):
    spoil(folder)
    for use in (verify, load, ServedModel):
        with pytest.raises(ValueError, match="plain file|is no file|out of the folder|at most|followed"):
            use(folder)


def test_the_card_is_a_page(exported):
    page = (exported / "CARD.md").read_text()
    card = json.loads((exported / "card.json").read_text())
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


@pytest.mark.parametrize("make", FORECASTERS)
def test_our_own_files_are_let_through(make, tmp_path):
    forecaster = make()
    forecaster.build()
    for weight in forecaster.target.weights:  # NaN until they have learnt
        weight.assign(np.ones(weight.shape))
    forecaster.compile("adam", "mse")
    forecaster.save(tmp_path / "model.keras")
    check_keras_file(tmp_path / "model.keras")


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
    assert len(verify(folder)) == 4
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 2**20
