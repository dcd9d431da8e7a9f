"""TensorFlow's C API from Python's side: compile examples/c/run_model.c, and run it on a model."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

SOURCE = Path(__file__).parents[1] / "examples" / "c" / "run_model.c"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}


def compiler() -> str | None:
    """The C compiler of this machine, if it has one."""
    return shutil.which(os.environ.get("CC", "cc"))


def build(folder: Path) -> Path:
    """Compile the program against the library and the headers inside the installed TensorFlow."""
    spec = importlib.util.find_spec("tensorflow")
    assert spec is not None
    assert spec.submodule_search_locations
    tensorflow, program = spec.submodule_search_locations[0], folder / "run_model"
    libraries = ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2", f"-Wl,-rpath,{tensorflow}"]
    found = compiler()
    assert found is not None
    flags = ["-O2", "-Wall", "-Werror", f"-I{tensorflow}/include", f"-L{tensorflow}"]
    subprocess.run([found, *flags, SOURCE, "-o", program, *libraries], check=True)
    return program


class Answer(NamedTuple):
    """What a run said: outputs by name, and microseconds of a request where it was repeated."""

    outputs: dict[str, np.ndarray | list[str]]
    median: float | None


def run(
    program: Path,
    model: Path,
    signature: str,
    inputs: Mapping[str, np.ndarray | str],
    folder: Path,
    repeats: int = 0,
) -> Answer:
    """Run one signature; texts are strings of a batch of one."""
    given = []
    for name, values in inputs.items():
        file = folder / f"{name}.in"
        if isinstance(values, str):
            file.write_text(values)
            given.append(f"{name}=1={file}")
        else:
            np.asarray(values, "float32").tofile(file)
            given.append(f"{name}={'x'.join(map(str, np.shape(values)))}={file}")
    done = subprocess.run(
        [program, model, signature, folder, str(repeats), *given],
        capture_output=True,
        text=True,
        env=os.environ | QUIET,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    outputs: dict[str, np.ndarray | list[str]] = {}
    median = None
    for line in done.stdout.splitlines():
        name, kind, shape, *_ = line.split("\t")
        if name == "microseconds":
            median = float(shape)
        elif kind == "string":
            outputs[name] = (folder / f"{name}.raw").read_text().splitlines()
        else:
            values = np.fromfile(folder / f"{name}.raw", "float32")
            outputs[name] = values.reshape([int(size) for size in shape.split("x")])
    return Answer(outputs, median)
