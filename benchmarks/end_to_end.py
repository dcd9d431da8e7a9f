"""Whole trainings on windows, and on chunks: labels trained per second, end to end, ours and six others'.

All do the same work where their interface lets them: lookback 60, one feature, horizon 5, batch 64, Adam,
squared error, every origin of the first 4,900 of a series once an epoch.
"""

import sys
from typing import Any

from benchmarks.harness import Timing, compare, contenders, ratio
from benchmarks.tables import markdown

Tasks = dict[str, dict[str, Any]]
SEQMEM: Tasks = {
    "seqmem, encoder-decoder (as the search trains)": {"task": "fit_encoder_decoder"},
    "seqmem, LSTM + dense head, as the others train": {"task": "fit_head"},
    "Keras from arrays, with seqmem.LSTM": {"task": "fit_drop_in"},
}
OTHERS: Tasks = {
    "Keras tutorial": {"task": "fit_tutorial"},
    "Keras from arrays": {"task": "fit_arrays"},
    "Keras, jit_compile, 16 steps per execution": {"task": "fit_jit"},
    "PyTorch loop": {"task": "fit_loop"},
    "neuralforecast, as it comes": {"task": "fit_neuralforecast", "bare": False},
    "darts, as it comes": {"task": "fit_darts", "bare": False},
    "neuralforecast, bare": {"task": "fit_neuralforecast", "bare": True},
    "darts, bare": {"task": "fit_darts", "bare": True},
}
CHUNKS: Tasks = {
    "seqmem, chunks of 64 labels, 4 to a batch": {
        "task": "fit_encoder_decoder",
        "chunk_length": 64,
        "batch_size": 4,
    }
}


def run() -> str:
    """A table for each size."""
    return "\n".join(table(units) for units in (16, 64))


def table(units: int, rounds: int = 3) -> str:
    """Labels per second of everybody, and how many times as fast we are."""
    modules = {
        **dict.fromkeys([*SEQMEM, *CHUNKS], "tensorflow"),
        **dict.fromkeys(list(OTHERS)[:3], "tensorflow"),
        "PyTorch loop": "torch",
        **dict.fromkeys(list(OTHERS)[4:], "forecasting_libraries"),
    }
    make = {name: {**task, "units": units} for name, task in (SEQMEM | CHUNKS | OTHERS).items()}
    with contenders(modules) as processes:
        found = compare(processes, make, rounds=rounds, budget=0.3)
        labels = {name: process.ask(run=1)["result"] for name, process in processes.items()}
    first = "seqmem, LSTM + dense head, as the others train"
    rows = [
        (name, f"{labels[name] / timing.seconds:,.0f}", f"{_times(found, labels, name, first):.2f}")
        for name, timing in found.items()
    ]
    return markdown(("", f"labels/s, {units} units", "the second row is times as fast"), rows)


def _times(found: dict[str, Timing], labels: dict[str, int], name: str, first: str) -> float:
    return ratio(found[name], found[first]) * labels[first] / labels[name]


if __name__ == "__main__":
    for size in map(int, sys.argv[1:] or ["16", "64"]):
        print(table(size), flush=True)
