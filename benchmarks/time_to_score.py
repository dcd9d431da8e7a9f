"""From a cold process to the validation score that a PyTorch loop on windows converges to.

An LSTM(64) learns variances a day and five days ahead from 60 squared returns, by QLIKE and Adam: in PyTorch
on windows, ours on chunks and with an average of the last weights. Imports, data, compilation, training and
a validation after each epoch, from windows for both, are all in the time. PyTorch stops after five epochs
without a better score; what is compared is when each first had the best score of PyTorch's plain loop.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from math import inf
from pathlib import Path
from typing import Any

from benchmarks.harness import QUIET
from benchmarks.tables import markdown

LOOKBACK, UNITS, HORIZONS, BATCH, PATIENCE, SEEDS = 60, 64, (1, 5), 64, 5, 3
CONTENDERS = {
    "PyTorch": ["time_to_score_torch"],
    "averaged": ["time_to_score_torch", "average"],
    "seqmem": ["time_to_score_seqmem"],
}
HEAD = (
    "",
    "PyTorch's best QLIKE",
    "PyTorch, s",
    "and an average of its weights, s",
    "seqmem, s",
    "seqmem's own best",
    "of PyTorch's time",
)
Epochs = list[tuple[float, float]]  # seconds since the process began, and the score


def run() -> str:
    """A table: the S&P 500, a simulated GARCH of 14,000 days, and twenty of 5,000."""
    from benchmarks.data import closes
    from research.simulated import DAYS, garch

    panel = [garch(5000, seed)[0] for seed in range(20)]
    data = {"S&P 500": [closes()], "one GARCH": [garch(DAYS, seed=0)[0]], "twenty GARCH": panel}

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, prices in data.items():
            file, count = _saved(prices, Path(folder) / "data.npz")
            found: dict[str, list[Epochs]] = {name: [] for name in CONTENDERS}
            for seed in range(SEEDS):
                for contender in random.sample(list(found), len(found)):
                    found[contender].append(_epochs(CONTENDERS[contender], file, seed))
            rows += [
                _row(f"{name}, {count:,} windows, seed {seed}", *each)
                for seed, each in enumerate(zip(*found.values(), strict=True))
            ]
            ratios = [float(row[-1]) for row in rows[-SEEDS:]]
            rows.append((f"**{name}, median**", *[""] * 5, f"**{statistics.median(ratios):.2f}**"))
    return markdown(HEAD, rows)


def span(count: int, labels: int) -> float:
    """The momentum of an average over half an epoch of `count` labels, `labels` of them to a step."""
    return 1 - 2 * labels / count


def _saved(prices: list[Any], file: Path) -> tuple[Path, int]:
    """Closes [S, N] and the origins of each part, the same in every series; how many to train on."""
    import numpy as np

    from seqmem.data.splits import Split

    values = np.stack(prices)
    split = Split.by_share(values[0], context_length=LOOKBACK + 1, horizon=max(HORIZONS))
    train, validation = (part(values[0])["series"] for part in (split.train, split.validation))
    np.savez(file, closes=values, train=train, validation=validation)
    return file, len(values) * len(train)


def _epochs(contender: list[str], file: Path, seed: int) -> Epochs:
    module, *options = contender
    command = [
        sys.executable,
        "-m",
        f"benchmarks.contenders.{module}",
        str(file),
        str(seed),
        repr(time.time()),
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | QUIET)
    return [tuple(json.loads(line)) for line in done.stdout.splitlines() if line.startswith("[")]


def _row(name: str, torch: Epochs, averaged: Epochs, ours: Epochs) -> tuple[str, ...]:
    target = min(score for _, score in torch)
    reached = [_reached(each, target) for each in (torch, averaged, ours)]
    seconds = ["not reached" if one == inf else f"{one:.1f}" for one in reached]
    own = f"{min(score for _, score in ours):.4f}"
    return (name, f"{target:.4f}", *seconds, own, f"{reached[-1] / reached[0]:.2f}")


def _reached(epochs: Epochs, target: float) -> float:
    return next((seconds for seconds, score in epochs if score <= target), inf)


if __name__ == "__main__":
    print(run())
