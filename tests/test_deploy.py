"""What a release ships: the wheel has every file, and the files of deploy/ are what their schemas say."""

import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import seqmem.cli
from tuning.__main__ import COMMANDS

ROOT = Path(__file__).parents[1]


def _yaml(name):
    return pytest.importorskip("yaml").safe_load((ROOT / name).read_text())


def _parses(words):
    return seqmem.cli.parser((seqmem.cli.known_commands() | COMMANDS).values()).parse_args(words)


def test_every_file_of_the_packages_is_declared_for_the_wheel():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    for package in ("seqmem", "tuning"):
        patterns = config["options.package_data"][package].replace("\n", " ").replace(",", " ").split()
        declared = {path for pattern in patterns for path in (ROOT / package).glob(pattern)}
        others = {
            path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts
        }
        assert {path for path in others if path.suffix != ".py"} - declared == set()


def test_the_citation_is_of_this_version():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    cited = _yaml("CITATION.cff")
    assert cited["version"] == config["metadata"]["version"]
    assert cited["license"] == config["metadata"]["license"]
    assert {"cff-version", "message", "title", "authors"} <= {*cited}


def test_the_dockerfile_runs_a_command_that_is_there():
    text = (ROOT / "deploy/Dockerfile").read_text()
    words = [
        word
        for line in ("ENTRYPOINT", "CMD")
        for word in re.findall(r'"([^"]+)"', re.findall(rf"^{line} (.*)$", text, re.MULTILINE)[-1])
    ]
    options = _parses(words[1:])
    assert (words[0], str(options.path), options.host, str(options.log)) == (
        "seqmem",
        "/models",
        "0.0.0.0",
        "/log",
    )
    assert "USER seqmem" in text
    kept = re.findall(r"^!([\w.]+)", (ROOT / "deploy/Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert all((ROOT / name).exists() for name in kept)


def test_the_compose_file_is_safe_by_default():
    found = _yaml("deploy/compose.yaml")
    serve = found["services"]["serve"]
    _parses(["serve", *serve["command"]])
    assert all(port.startswith("127.0.0.1:") for port in serve["ports"])
    assert (serve["read_only"], serve["cap_drop"]) == (True, ["ALL"])
    assert (ROOT / "deploy" / serve["build"]["context"] / serve["build"]["dockerfile"]).is_file()
    named = {volume.partition(":")[0] for one in found["services"].values() for volume in one["volumes"]}
    assert {name for name in named if not name.startswith(".")} == set(found["volumes"])
    monitor = found["services"]["monitor"]["entrypoint"][-1].replace("$$", "").split()[1:]
    _parses([word.strip('"') for word in monitor[1:]])


def test_the_compose_file_is_what_its_schema_says():
    schema = pytest.importorskip("compose_spec").PyCompose
    text = (ROOT / "deploy/compose.yaml").read_text()
    schema.from_yaml(text).validate()
    with pytest.raises(ValueError, match="imag"):
        schema.from_yaml(text.replace("    image:", "    imag:", 1))


def test_the_kserve_file_names_what_kserve_has():
    found = _yaml("deploy/kserve.yaml")
    assert (found["apiVersion"], found["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", found["metadata"]["name"])
    model = found["spec"]["predictor"]["model"]
    assert model["modelFormat"] == {"name": "tensorflow"}
    assert model["protocolVersion"] == "v1"
    assert re.match(r"(pvc|s3|gs|https?)://", model["storageUri"])
    assert set(model["resources"]) == {"requests", "limits"}


def test_the_kserve_file_is_what_its_schema_says():
    models = pytest.importorskip("kserve.models")
    predictor = _yaml("deploy/kserve.yaml")["spec"]["predictor"]
    for values, kind in (
        (predictor, models.V1beta1PredictorSpec),
        (predictor["model"], models.V1beta1ModelSpec),
    ):
        assert {*values} <= {*kind.attribute_map.values()}


@pytest.mark.slow
def test_a_wheel_holds_what_the_packages_have(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", ".*", "build", "*.egg-info", "saved_models", "tests")
    shutil.copytree(ROOT, tmp_path / "source", ignore=ignored)
    words = [
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tmp_path),
        str(tmp_path / "source"),
    ]
    subprocess.run([sys.executable, *words], check=True)
    (wheel,) = tmp_path.glob("seqmem-*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info" not in name}
    there = {
        path.relative_to(ROOT).as_posix()
        for package in ("seqmem", "tuning")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == there
