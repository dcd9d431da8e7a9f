"""A training step of cells whose steps are computed at once, beside those whose steps follow one another."""

from typing import Any

from benchmarks.harness import compare, contenders
from benchmarks.tables import markdown

LOOKBACKS, UNITS, BATCH = (60, 252, 1024, 4096), 64, 16
KINDS = ("keras LSTM", "seqmem LSTM", "seqmem GRU", "minGRU", "minLSTM", "bank of averages")


def run(rounds: int = 5) -> str:
    """Milliseconds of each cell at each length."""
    with contenders(dict.fromkeys(KINDS, "tensorflow")) as processes:
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for lookback in LOOKBACKS:
            task: dict[str, Any] = {"task": "step", "lookback": lookback, "units": UNITS, "batch": BATCH}
            make = {kind: {**task, "layer": kind, "features": 1} for kind in KINDS}
            for kind, timing in compare(processes, make, rounds=rounds, budget=0.15).items():
                times[kind].append(1e3 * timing.seconds)
    slowest = times[KINDS[0]][-1]
    rows = [
        [kind, *(f"{ms:.2f}" for ms in mine), f"{slowest / mine[-1]:.1f}"] for kind, mine in times.items()
    ]
    head = (f"ms, B={BATCH}, {UNITS} units", *(f"T={one:,}" for one in LOOKBACKS), "x Keras's LSTM")
    return markdown(head, rows)


if __name__ == "__main__":
    print(run())
