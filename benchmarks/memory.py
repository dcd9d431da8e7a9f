"""One epoch over ten million windows of 252 days: the memory that it takes, and the time of a window."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

LOOKBACK, HORIZON, DAYS, BATCH = 252, 5, 5_000, 2_048
SERIES = (2, 20, 200, 2_000)


def epoch(series: int) -> dict[str, float]:
    """One epoch of a small network over a panel, its series end to end."""
    import keras
    import numpy as np

    import seqmem
    from seqmem.data import windows
    from seqmem.process import configure_cpu

    configure_cpu()
    model = keras.Sequential([keras.Input((LOOKBACK, 1)), seqmem.SimpleRNN(4), keras.layers.Dense(HORIZON)])

    def example(rows: object, at: object) -> object:
        past, future = windows.gather(rows, at, history=LOOKBACK, horizon=HORIZON)
        return past[..., None], future

    def train(values: np.ndarray, at: np.ndarray) -> float:
        batches, steps = windows.shuffled_batches(at, batch_size=BATCH)
        data = windows.pair_with_series(values, batches).map(example)
        start = time.perf_counter()
        model.fit(data, steps_per_epoch=steps, verbose=0)
        return (time.perf_counter() - start) / (steps * BATCH)

    model.compile("adam", "mse", steps_per_execution=16)
    draw = np.random.default_rng(0)
    train(draw.normal(size=DAYS).astype("float32"), np.arange(LOOKBACK, DAYS - HORIZON, dtype="int32"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    values = draw.standard_normal(series * DAYS)  # float64, as pandas has it
    one = np.arange(LOOKBACK, DAYS - HORIZON, dtype="int32")
    at = (one + DAYS * np.arange(series, dtype="int32")[:, None]).ravel()
    seconds = train(values, at)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "windows": len(at),
        "microseconds": seconds * 1e6,
        "series": values.nbytes,
        "origins": at.nbytes,
        "more": after - before,
    }


def run() -> str:
    """A row for each number of series, each in a process of its own."""
    from benchmarks.tables import markdown

    rows: list[tuple[str, ...]] = []
    measured = []
    for series in SERIES:
        arguments = [sys.executable, "-m", "benchmarks.memory", str(series)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        measured.append(found)
        more, size = found["more"] / 1e6, found["series"] / 1e6
        rows.append(
            (
                f"{found['windows']:,}",
                f"{found['microseconds']:.1f}",
                f"{size:.1f}",
                f"{more:.0f}",
                f"{more / size:.1f}",
            )
        )
    columns = (
        "windows of 252 days",
        "µs a window",
        "series, MB",
        "resident beyond TensorFlow's own, MB",
        "times",
    )
    draw(measured)
    return markdown(columns, rows)


def draw(measured: list[dict[str, float]]) -> None:
    """Time and memory against the number of windows, beside this file."""
    from seqmem.report.plots import figure_with_panels, saved

    figure, (time_of, memory_of) = figure_with_panels(2)
    counts = [found["windows"] for found in measured]
    time_of.plot(counts[1:], [found["microseconds"] for found in measured[1:]], marker="o")
    time_of.set_ylabel("µs a window")
    time_of.set_ylim(0)
    for name, values in (
        ("resident beyond TensorFlow's own", [found["more"] for found in measured]),
        ("the series themselves", [found["series"] for found in measured]),
        ("three times the series", [3 * found["series"] for found in measured]),
    ):
        memory_of.plot(counts, [value / 1e6 for value in values], marker="o", label=name)
    memory_of.set_ylabel("MB")
    memory_of.set_yscale("log")
    memory_of.legend(frameon=False)
    for axes in (time_of, memory_of):
        axes.set_xscale("log")
        axes.set_xlabel("windows of 252 days")
    saved(figure, Path(__file__).with_name("memory.png"))


if __name__ == "__main__":
    print(json.dumps(epoch(int(sys.argv[1]))) if sys.argv[1:] else run())
