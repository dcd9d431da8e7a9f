"""Where the time of a training goes: its parts, in turns, beside what the multiply-adds alone would take.

The limit is this machine's matrix multiply (float32, two threads, NumPy's), for the 6 T B (F + U) G U
operations of a step: forward, and for the gradients of both states and weights.
"""

from benchmarks.harness import Contender, Timing, compare, contenders
from benchmarks.tables import markdown

BATCH, LOOKBACK, ROUNDS, SIDE = 64, 60, 9, 1024
GATES = {"LSTM": 4, "GRU": 3}
PARTS = ("forward", "gradients", "step", "fit")  # each has in it the one before
HEAD = (
    "T = 60, B = 64, F = 1",
    "forward",
    "backward",
    "Adam",
    "fit's own",
    "all, ms",
    "limit, ms",
    "of the limit",
)


def run() -> str:
    """A row for each cell and size."""
    names = (*PARTS, "limit")
    with contenders({name: "matmul" if name == "limit" else "training_parts" for name in names}) as processes:
        rows = [_row(processes, kind, units) for kind in GATES for units in (16, 64, 128)]
    return markdown(HEAD, rows)


def _row(processes: dict[str, Contender], kind: str, units: int) -> tuple[str, ...]:
    make = {part: {"task": part, "kind": kind, "units": units} for part in PARTS}
    make["limit"] = {"task": "multiply", "side": SIDE}
    found = compare(processes, make, rounds=ROUNDS, budget=0.3)
    steps = processes["fit"].ask(run=1)["result"]
    times = [_ms(found[part]) / (steps if part == "fit" else 1) for part in PARTS]
    operations = 6 * LOOKBACK * BATCH * (1 + units) * GATES[kind] * units
    limit = 1000 * min(found["limit"].rounds) * operations / (2 * SIDE**3)
    own = [after - before for before, after in zip([0.0, *times], times, strict=False)]
    shares = [f"{max(0.0, part) / times[-1]:.0%}" for part in own]
    return (f"{kind}, {units} units", *shares, f"{times[-1]:.2f}", f"{limit:.2f}", f"{limit / times[-1]:.0%}")


def _ms(timing: Timing) -> float:
    return 1000 * timing.seconds


if __name__ == "__main__":
    print(run())
