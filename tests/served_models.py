"""SavedModels made in a second, and servers of them: ours, and TensorFlow Serving where it is there."""

import atexit
import contextlib
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from seqmem.data.calendars import Weekdays
from seqmem.quantities import Price, Variance
from seqmem.serving.exporting import warmup
from seqmem.serving.server.configs import MODELS, models_config

SERVING = shutil.which("tensorflow_model_server")
ELSEWHERE = os.environ.get("SEQMEM_TF_SERVING")  # host:port of REST; see docs/serving.md
WHY_NOT = (
    "no tensorflow_model_server on the PATH, and SEQMEM_TF_SERVING=host:port is not set: "
    "the tests marked `serving` did not run"
)
CONTEXT_LENGTH = 4  # rows that a window reads
WIDE = 200_000  # numbers that a row is answered with
JSON = {"content-type": "application/json"}


def card_of(name, quantity, columns, outputs, horizons, **more):
    """The part of a card that a client reads."""
    return {
        "format": 2,
        "name": name,
        "columns": columns,
        "output": {output: ["batch", len(horizons)] for output in outputs},
        "context_length": CONTEXT_LENGTH,
        "horizons": horizons,
        "point": "mean",
        "quantity": quantity.to_config(),
        "calendar": Weekdays().to_config(),
        **more,
    }


class Rising(tf.Module):
    """Forecasts the last close times `factor`, then that times 2, ...: numbers that a test knows."""

    horizons = (1, 2, 3)

    def __init__(self, factor, **card):
        super().__init__()
        self.factor = tf.Variable(factor, dtype=tf.float32)
        about = card_of("rising", Price(), ["close"], ["forecast"], self.horizons, factor=factor)
        self.card = json.dumps(about | card)

    def _path(self, last):
        return last[:, None] * self.factor * tf.constant(self.horizons, tf.float32)

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.float32, name="closes")])
    def forecast(self, closes):
        with tf.control_dependencies(
            [
                tf.debugging.Assert(
                    tf.shape(closes)[1] >= CONTEXT_LENGTH,
                    [f"closes: expected at least {CONTEXT_LENGTH} a row. Received:", tf.shape(closes)[1]],
                )
            ]
        ):
            return {"forecast": self._path(closes[:, -1])}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="request")])
    def describe(self, request):
        return {"card": tf.fill(tf.shape(request), self.card)}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.int32, name="turns")])
    def toil(self, turns):
        """Answers late: a turn takes some milliseconds."""
        square = tf.while_loop(
            lambda n, _: n < tf.reduce_max(turns),
            lambda n, square: (n + 1, tf.linalg.matmul(square, square) / 400.0),
            (0, tf.ones((400, 400))),
        )[1]
        return {"forecast": tf.cast(turns, tf.float32)[:, None] * square[:1, :1]}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, name="close")])
    def wide(self, close):
        """A row of many numbers; how many, the graph does not say."""
        return {"gate": close[:, None] * tf.ones((tf.cast(tf.reduce_sum(close * 0), tf.int32) + WIDE,))}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.float32, name="close"),
            tf.TensorSpec((None, 2), tf.float32, name="state"),
        ]
    )
    def step(self, close, state):
        return {"forecast": self._path(close), "state": state + 1}


class Swinging(tf.Module):
    """A variance over 1 and over 5 days, from high, low and close."""

    horizons = (1, 5)

    def __init__(self):
        super().__init__()
        outputs, columns = ["variance", "volatility"], ["high", "low", "close"]
        self.card = json.dumps(card_of("swinging", Variance(), columns, outputs, self.horizons))

    describe = Rising.describe

    @tf.function(
        input_signature=[tf.TensorSpec((None, None), tf.float32, name=n) for n in ("high", "low", "close")]
    )
    def forecast(self, high, low, close):
        days = tf.constant(self.horizons, tf.float32)
        variance = ((high - low) / close)[:, -1:] * days
        return {"variance": variance, "volatility": tf.sqrt(variance * 252 / days)}


def put(root: Path, name: str, version: int, factor: float = 2.0, **card) -> Path:
    """A version of `Rising`, by rename, as an export puts it there."""
    return _publish(_rising(factor, json.dumps(card)), root / name / str(version))


def put_variances(root: Path, name: str) -> Path:
    return _publish(_swinging(), root / name / "1")


@functools.cache
def _rising(factor: float, card: str) -> Path:
    model = Rising(factor, **json.loads(card))
    signatures = {
        "serving_default": model.forecast,
        "describe": model.describe,
        "step": model.step,
        "toil": model.toil,
        "wide": model.wide,
    }
    return _saved(model, signatures)


@functools.cache
def _swinging() -> Path:
    model = Swinging()
    signatures = {
        "serving_default": model.forecast,
        "volatility": model.forecast,
        "describe": model.describe,
    }
    return _saved(model, signatures)


def _saved(model, signatures) -> Path:
    """Kept while the process runs: to copy a model is a hundred times quicker than to save it again."""
    folder = Path(tempfile.mkdtemp(prefix="served-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tf.saved_model.save(model, str(folder), signatures)
    return folder


def _publish(saved: Path, folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=folder.parent) as draft:
        copy = Path(shutil.copytree(saved, draft + "/m", copy_function=shutil.copy))
        warmup.write(copy, context_length=CONTEXT_LENGTH, name=folder.parent.name)
        return copy.rename(folder)


class Running(NamedTuple):
    """A server that runs: where it is asked, and the folder of all its models."""

    url: str
    grpc: str | None
    root: Path
    seen_at: str | None = None
    process: subprocess.Popen | None = None

    def configure(self, **options):
        """A models.config of what stands in the folder now."""
        text = models_config(self.root, seen_at=self.seen_at, **options)
        draft = self.root / ".models.config"
        draft.write_text(text)
        draft.replace(self.root / MODELS)


def until(true, seconds=30.0):
    """Wait until something is true; an error of a request is not yet."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(ValueError):
            if true():
                return
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@contextlib.contextmanager
def ours(root: Path, *options: str, path: Path | None = None):
    """`seqmem serve` as a process."""
    command = [sys.executable, "-m", "seqmem", "serve", str(path or root), "--port", "0", "--poll", "0.1"]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            said = process.stdout.readline()
            found = re.search(r"http://\S+", said)
            log.seek(0)
            assert found, said + log.read()
            yield Running(found[0], None, root, process=process)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


@contextlib.contextmanager
def tensorflow_serving(root: Path):
    """The real one: started here, or running elsewhere on the folder SEQMEM_TF_SERVING_ROOT."""
    if ELSEWHERE:
        shared = Path(os.environ["SEQMEM_TF_SERVING_ROOT"])
        for child in root.iterdir():
            shutil.rmtree(shared / child.name, ignore_errors=True)
            shutil.copytree(child, shared / f".{child.name}")
            (shared / f".{child.name}").rename(shared / child.name)
        seen_at = os.environ.get("SEQMEM_TF_SERVING_SEEN_AT")
        running = Running(f"http://{ELSEWHERE}", os.environ.get("SEQMEM_TF_SERVING_GRPC"), shared, seen_at)
        running.configure()
        yield running
        return
    rest, grpc = _free_port(), _free_port()
    Running("", None, root).configure()
    command = [
        SERVING,
        f"--rest_api_port={rest}",
        f"--port={grpc}",
        f"--model_config_file={root / MODELS}",
        "--model_config_file_poll_wait_seconds=1",
        "--file_system_poll_wait_seconds=1",
        "--allow_version_labels_for_unavailable_models=true",
    ]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield Running(f"http://127.0.0.1:{rest}", f"grpc://127.0.0.1:{grpc}", root, process=process)
        finally:
            process.terminate()
            process.wait(30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
