"""One request to an exported model, through TensorFlow's C API; PyTorch and ONNX Runtime beside it.

    python -m benchmarks serving

Both are asked with closes and answer with a path of prices: the same forecaster, once around Keras's layer
and exported by Keras's ExportArchive, once around ours and exported by `seqmem.export`, which checks the
closes besides. A step of a ResidualRecurrent is one step of a cell; of an EncoderDecoder, six.
"""

import random
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import c_api
from benchmarks.harness import Contender
from benchmarks.tables import markdown

UNITS, LOOKBACK, ROUNDS = 64, 60, 7
KINDS = ("LSTM", "GRU", "SimpleRNN")
NETWORKS = ("ResidualRecurrent", "EncoderDecoder")


def run() -> str:
    """The tables: batches of 1, 64 and 256 of each kind of cell, and a step of a stream."""
    with tempfile.TemporaryDirectory() as folder, Contender("exports") as maker:
        home = Path(folder)
        program = c_api.build(home)
        made = {kind: maker.ask(make={"task": "models", "kind": kind, "folder": folder}) for kind in KINDS}
        assert made
        maker.ask(make={"task": "streams", "folder": folder})
        found = [_compared(program, home, kind, batch) for batch in (1, 64, 256) for kind in KINDS]
        steps = _table([_step(program, home, network) for network in NETWORKS])
        return "\n".join([_table(found), steps, _table(_against_others(program, home))])


def _table(rows: list[dict[str, object]]) -> str:
    return markdown(list(rows[0]), [[str(value) for value in row.values()] for row in rows])


def _compared(program: Path, home: Path, kind: str, batch: int) -> dict[str, object]:
    closes = 100 * np.exp(np.random.default_rng(0).normal(size=(batch, LOOKBACK + 1)).cumsum(1) / 100)
    asked = {"keras": home / f"keras_{kind}", "seqmem": home / f"seqmem_{kind}" / "1"}
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name in random.sample(list(asked), len(asked)):
            repeats = 600 if batch == 1 else 40
            answer = c_api.run(program, asked[name], "serving_default", {"closes": closes}, home, repeats)
            times[name].append(answer.median or 0.0)
    with Contender("onnx") as runtime:
        file = home / f"seqmem_{kind}" / "1" / "model.onnx"
        runtime.ask(make={"task": "run", "file": str(file), "batch": batch})
        onnx = statistics.median(_seconds(runtime) for _ in range(ROUNDS))
    keras, ours = times["keras"], times["seqmem"]
    return {
        "cell": kind,
        "batch": batch,
        "keras µs": round(statistics.median(keras)),
        "seqmem µs": round(statistics.median(ours)),
        "times as fast": f"{statistics.median(k / o for k, o in zip(keras, ours, strict=True)):.2f}",
        "model.onnx, ONNX Runtime, µs": round(1e6 * onnx),
    }


def _step(program: Path, home: Path, network: str) -> dict[str, object]:
    state = {
        "history": np.full((1, 1), 100.0),
        "state_0": np.zeros((1, UNITS)),
        "state_1": np.zeros((1, UNITS)),
    }
    inputs, model = {"close": np.array([101.0]), **state}, home / network / "1"
    times = [
        c_api.run(program, model, "step", inputs, home, repeats=2000).median or 0.0 for _ in range(ROUNDS)
    ]
    return {f"a step of LSTMCell({UNITS}) in": network, "µs": round(statistics.median(times), 1)}


def _against_others(program: Path, home: Path) -> list[dict[str, object]]:
    """One window in turns: ours through C, PyTorch on the same pipeline, ONNX Runtime on both exports.

    (Keras's ONNX export is given windows of returns: tf2onnx has no log1p.)
    """
    found: list[dict[str, object]] = []
    for kind in ("LSTM", "GRU"):
        with Contender("torch") as torch, Contender("onnx") as keras, Contender("onnx") as ours:
            torch.ask(make={"task": "answer", "layer": kind, "lookback": LOOKBACK, "units": UNITS})
            keras.ask(make={"task": "run", "file": str(home / f"keras_{kind}.onnx")})
            ours.ask(make={"task": "run", "file": str(home / f"seqmem_{kind}" / "1" / "model.onnx")})
            ask: dict[str, Callable[[], float]] = {
                "seqmem through C": partial(_through_c, program, home / f"seqmem_{kind}" / "1"),
                "PyTorch eager": partial(_seconds, torch),
                "ONNX Runtime, Keras": partial(_seconds, keras),
                "ONNX Runtime, seqmem": partial(_seconds, ours),
            }
            times: dict[str, list[float]] = {name: [] for name in ask}
            for _ in range(ROUNDS):
                for name in random.sample(list(ask), len(ask)):
                    times[name].append(ask[name]())
        medians = {f"{name}, µs": round(1e6 * statistics.median(taken)) for name, taken in times.items()}
        found.append({"cell": kind, **medians})
    return found


def _seconds(contender: Contender) -> float:
    once = float(contender.ask(run=5)["seconds"]) / 5
    repeats = max(20, min(500, round(0.1 / once)))
    return float(contender.ask(run=repeats)["seconds"]) / repeats


def _through_c(program: Path, model: Path) -> float:
    closes = 100 * np.exp(np.random.default_rng(0).normal(size=(1, LOOKBACK + 1)).cumsum(1) / 100)
    asked = c_api.run(program, model, "serving_default", {"closes": closes}, model.parents[1], repeats=600)
    return (asked.median or 0.0) / 1e6
