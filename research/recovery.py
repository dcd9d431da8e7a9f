"""Searches where the best lookback is known, and on noise: python -m research.recovery (10 minutes)."""

import argparse
from collections import Counter
from dataclasses import replace
from typing import Any

import keras_tuner
import numpy as np
import pandas as pd

from seqmem import ExpandingWindow
from seqmem.process import configure_cpu
from tuning import ForecastHyperModel, PathTask, SearchSpace, search, select

DAYS = 2000
LOOKBACKS = (10, 20, 40)
PERIOD = {10: 8, 20: 16, 40: 32}  # what a window must reach back to


def seasonal(lookback: int, seed: int) -> pd.Series:
    """Closes whose return is -.6 of that `PERIOD` days ago, and noise: known to windows that reach so far.

    A shorter lookback sees nothing of it; a longer one sees all, and more that it need not.
    """
    draw = np.random.default_rng(seed)
    lag = PERIOD[lookback]
    returns = draw.normal(size=DAYS + 10 * lag)
    for t in range(lag, len(returns)):
        returns[t] = -0.6 * returns[t - lag] + 0.8 * returns[t]
    return _closes(returns[-DAYS:])


def noise(seed: int) -> pd.Series:
    """Closes whose returns are noise alone."""
    return _closes(np.random.default_rng(1000 + seed).normal(size=DAYS))


def _closes(returns: np.ndarray) -> pd.Series:
    dates = pd.bdate_range("2010-01-04", periods=len(returns), name="Date")
    return pd.Series(100 * np.exp(np.cumsum(returns) / 100), dates, name="Close")


def searched(prices: pd.Series, seed: int) -> Any:
    """What a search over lookbacks takes, and its verdict."""
    space = SearchSpace(
        cells=("research.delay_cell:DelayCell",),
        units=(40,),
        lookbacks=LOOKBACKS,
        learning_rates=(1e-3, 3e-3),
        dropouts=(0.0,),
    )
    recipe = replace(PathTask.recipe, epochs=10, patience=3)
    hypermodel = ForecastHyperModel(space, prices, task=PathTask(1), recipe=recipe, folds=ExpandingWindow(3))
    result = search(hypermodel, keras_tuner.GridSearch, max_trials=None, seed=seed)
    return select(result, hypermodel)


def has_edge(summary: str) -> bool:
    """Whether every baseline is beaten: a summary has a line for each."""
    return all("beats" in line for line in summary.splitlines())


def run(seeds: int = 10) -> str:
    """How often the known lookback was taken, and how often no edge was found in noise."""
    rows = []
    for seed in range(seeds):
        planted = LOOKBACKS[seed % len(LOOKBACKS)]
        found = searched(seasonal(planted, seed), seed)
        none = searched(noise(seed), seed)
        rows.append(
            {
                "seed": seed,
                "planted": planted,
                "taken": found.trial["lookback"],
                "ratio": f"{found.trial['ratio']:.3f}",
                "edge": has_edge(found.summary),
                "chance p": f"{found.noise.p:.3f}",
                "noise: taken": none.trial["lookback"],
                "noise: ratio": f"{none.trial['ratio']:.4f}",
                "no edge": not has_edge(none.summary),
                "noise: chance p": f"{none.noise.p:.3f}",
            }
        )
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    right = Counter(table["planted"] == table["taken"])[True]
    return (
        f"{table.to_string(index=False)}\n\nThe planted lookback was taken in {right} of {seeds}; "
        f"no edge was found in noise in {int(table['no edge'].sum())} of {seeds}.\n"
    )


def main() -> None:
    """Run it and print."""
    parser = argparse.ArgumentParser(prog="python -m research.recovery", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    configure_cpu()
    print(run(arguments.seeds))


if __name__ == "__main__":
    main()
