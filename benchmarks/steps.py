"""One training step, and one forward pass, of a recurrent layer: ours, Keras's and PyTorch's over a grid."""

import itertools
from typing import Any

from benchmarks.harness import Contender, compare, contenders, geometric_mean, ratio
from benchmarks.tables import markdown

LOOKBACKS, UNITS, FEATURES, BATCH = (60, 252), (16, 64, 128), (1, 8), 64
WAYS = {  # of ours
    "the layer alone": "forward",
    "scored": "forward_scored",
    "exported": "forward_exported",
    "compiled": "forward_compiled",
    "predicted": "forward_predicted",
}
KINDS = ("LSTM", "GRU", "SimpleRNN", "peephole LSTM")


def run(rounds: int = 9) -> str:
    """Both tables and their geometric means."""
    with contenders({"keras": "tensorflow", "seqmem": "tensorflow", "torch": "torch"}) as processes:
        return f"{_training(processes, rounds)}\n{_forward(processes, rounds)}"


def _training(processes: dict[str, Contender], rounds: int) -> str:
    rows = []
    for kind in KINDS:
        grid = [
            (
                f"T={lookback}, {units} units, F={features}",
                {"task": "step", "lookback": lookback, "units": units, "features": features, "batch": BATCH},
            )
            for lookback, units, features in itertools.product(LOOKBACKS, UNITS, FEATURES)
        ]
        rows += _compare(processes, kind, grid, rounds)
    return markdown(("training step", "ms", "Keras", "PyTorch", "x Keras", "x PyTorch"), rows)


def _forward(processes: dict[str, Contender], rounds: int) -> str:
    rows = []
    for kind, (way, task) in itertools.product(("LSTM", "GRU", "SimpleRNN"), WAYS.items()):
        grid = [
            (
                f"B={batch}, {units} units, {way}",
                {"task": "forward", "lookback": 60, "units": units, "batch": batch},
            )
            for batch, units in itertools.product((1, BATCH, 4 * BATCH), (16, 64))
        ]
        theirs = {"task": task} if way == "predicted" else {}
        rows += _compare(processes, kind, grid, rounds, {"task": task}, theirs)
    return markdown(("forward pass, T=60, F=1", "ms", "Keras", "PyTorch", "x Keras", "x PyTorch"), rows)


def _compare(
    processes: dict[str, Contender],
    kind: str,
    grid: list[tuple[str, dict[str, Any]]],
    rounds: int,
    ours: dict[str, Any] | None = None,
    theirs: dict[str, Any] | None = None,  # of Keras
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    ratios: dict[str, list[float]] = {"keras": [], "torch": []}
    for name, task in grid:
        make = {
            "keras": {**task, "layer": f"keras {kind}", **(theirs or {})},
            "seqmem": {**task, "layer": f"seqmem {kind}", **(ours or {})},
            "torch": {**task, "layer": kind},
        }
        if kind not in ("LSTM", "GRU", "SimpleRNN"):
            del make["torch"]
        found = compare(processes, make, rounds=rounds, budget=0.15)
        times = [f"{found[who].seconds * 1e3:.2f}" if who in found else "" for who in ("seqmem", *ratios)]
        for who, listed in ratios.items():
            if who in found:
                listed.append(ratio(found[who], found["seqmem"]))
        rows.append(
            (f"{kind}, {name}", *times, *(f"{one[-1]:.2f}" if one else "" for one in ratios.values()))
        )
    means = [f"**{geometric_mean(one):.2f}**" if one else "" for one in ratios.values()]
    return [*rows, (f"**{kind}, geometric mean**", "", "", "", *means)]


if __name__ == "__main__":
    print(run())
