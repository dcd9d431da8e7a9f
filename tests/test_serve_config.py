"""`seqmem serve-config`: which versions are stable and canary, and files that are whole or as before."""

import pytest
from google.protobuf import text_format

from seqmem import cli
from seqmem.serving.protocol.protos import BatchingParameters
from seqmem.serving.server import configs


def _export(root, name, *versions):
    for version in versions:
        (root / name / str(version)).mkdir(parents=True)
        (root / name / str(version) / "saved_model.pb").touch()


def _run(root, *options):
    assert cli.main(["serve-config", str(root), *options]) == 0
    found = configs.read_models(root / configs.MODELS)
    return {name: dict(model.version_labels) for name, model in found.items()}, found


def test_a_new_version_is_canary_until_it_is_made_stable_and_back(tmp_path, capsys):
    _export(tmp_path, "a", 1)
    assert _run(tmp_path)[0] == {"a": {"stable": 1, "canary": 1}}
    _export(tmp_path, "a", 2, 10)
    _export(tmp_path, "b", 3)
    labels, models = _run(tmp_path)
    assert labels == {"a": {"stable": 1, "canary": 10}, "b": {"stable": 3, "canary": 3}}
    assert list(models["a"].model_version_policy.specific.versions) == [1, 10]
    assert models["a"].base_path == str(tmp_path / "a")
    assert _run(tmp_path, "--stable", "a=10")[0]["a"] == {"stable": 10, "canary": 10}
    assert _run(tmp_path, "--stable", "a=2")[0]["a"] == {"stable": 2, "canary": 10}
    said = capsys.readouterr().out
    assert "a: canary 10, stable 2" in said


def test_a_stable_version_that_is_gone_is_followed_by_the_newest(tmp_path):
    _export(tmp_path, "a", 2, 3)
    _run(tmp_path, "--stable", "a=2")
    (tmp_path / "a/2/saved_model.pb").unlink()
    assert _run(tmp_path)[0]["a"] == {"stable": 3, "canary": 3}


def test_drafts_and_other_folders_are_no_versions(tmp_path):
    _export(tmp_path, "a", 1, ".draft-2", "007", "x")
    (tmp_path / "empty").mkdir()
    assert configs.models_below(tmp_path) == {"a": [1]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--stable", "a=7"], "a: 7 is not among its versions: 1, 2"),
        (["--stable", "z=1"], "no model 'z' below"),
        (["--stable", "a=1", "--latest", "1"], "a: 1 is not among the newest 1: 2"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_is_written(options, words, tmp_path, capsys):
    _export(tmp_path, "a", 1, 2)
    assert cli.main(["serve-config", str(tmp_path), *options]) == 2
    assert words in capsys.readouterr().err
    assert [child.name for child in tmp_path.iterdir()] == ["a"]


def test_no_models_and_a_spoilt_file_are_errors_with_words(tmp_path, capsys):
    assert cli.main(["serve-config", str(tmp_path)]) == 2
    assert "expected NAME/VERSION/saved_model.pb below it" in capsys.readouterr().err
    _export(tmp_path, "a", 1)
    (tmp_path / configs.MODELS).write_text("model_config_list {")
    assert cli.main(["serve-config", str(tmp_path)]) == 2
    assert "not a models.config" in capsys.readouterr().err


def test_batching_parameters(tmp_path):
    """No message for it stands in TensorFlow Serving's package: it is read with our own."""
    _export(tmp_path, "a", 1)
    _run(tmp_path, "--max-batch", "16", "--wait-micros", "500", "--threads", "3")
    text = (tmp_path / configs.BATCHING).read_text()
    found = text_format.Parse(text, BatchingParameters())
    assert (found.max_batch_size.value, found.batch_timeout_micros.value) == (16, 500)
    assert (found.num_batch_threads.value, found.pad_variable_length_inputs) == (3, False)
    assert text.startswith("max_batch_size {\n  value: 16\n}\n")
