"""Every figure on volatility: python -m research.evidence [leagues] [panel] [simulated] ..."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import pandas as pd

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def _command(*arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "seqmem", "volatility", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "100"},
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    lines = [line.rstrip() for line in run.stdout.splitlines()]
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"{arguments[0]}:"))
    return "\n".join(["```", f"$ seqmem volatility {' '.join(arguments)}", *lines[begin:], "```"])


def _leagues() -> str:
    return "\n\n".join(_command(f"bundled:{name}") for name in ("sp500", "nasdaq", "wti"))


def _panel() -> str:
    return _command("bundled:stocks", "--panel", "--cells", "lstm")  # the cell of the first edition's panel


def _simulated() -> str:
    from research import simulated

    return simulated.run()


def _designs() -> str:
    from research import design_choice

    return design_choice.run()


def _against() -> str:
    """The pooled network, alone and combined, against each classic: 100 x difference of QLIKE (p)."""
    from benchmarks.tables import of_frame
    from seqmem.experiments.league import volatility_league

    rows = {}
    for name in ("sp500", "nasdaq"):
        found = volatility_league(f"bundled:{name}", cells=("gru",), raw=False)
        judged = ["GRU", "GRU x RealGARCH", "GRU x log HAR x RealGARCH"]
        classics = [
            "GARCH-t",
            "GJR-t",
            "EGARCH-t",
            "range HAR",
            "log HAR",
            "RealGARCH",
            "log HAR x RealGARCH",
        ]
        tests = found.evaluation.tests(classics, judged).xs("all", level="regime")
        for (score, h, model, other), test in tests.iterrows():
            if score.startswith("QLIKE"):
                cell = f"{100 * test['difference']:+.2f} ({test['p_value']:.3f})"
                rows.setdefault((name, model, other), {})[f"{score[7:-1]} {h}d"] = cell
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = [f"{name}: {model} against {other}" for name, model, other in frame.index]
    return of_frame(frame, "")


def _level() -> str:
    """The same with the design of `beyond` that passed its rule, in the place of the product's."""
    from unittest.mock import patch

    from research.beyond_parts import GeometricLevel
    from seqmem.experiments.league import entrants

    def target(horizons: Sequence[int], **_: object) -> GeometricLevel:
        return GeometricLevel(horizons)

    with patch.object(entrants, "ScaleFreeVariance", target):
        return _against()


def _pretrained() -> str:
    from research import pretrain

    return pretrain.report()


def _pools() -> str:
    from research import pools

    return pools.run()


def _cells() -> str:
    from research import cells

    return cells.run()


def _beyond() -> str:
    from research import beyond

    return beyond.run()


def _seeds() -> str:
    """Seconds to train one seed and five, in turns, three times."""
    from dataclasses import replace

    import numpy as np

    from seqmem import ResidualRecurrent, Split, read, train
    from seqmem.experiments.league import Design

    prices = read("bundled:sp500")
    split = Split.by_share(prices, horizon=5)
    recipe = replace(ResidualRecurrent.recipe, epochs=40, patience=40)
    taken: dict[int, list[float]] = {1: [], 5: []}
    for _ in range(4):
        for seeds, seconds in taken.items():
            design = Design(use_range=True, ensemble_size=seeds)
            begin = time.perf_counter()
            train(lambda design=design: design.forecaster("lstm"), prices, split, recipe)
            seconds.append(time.perf_counter() - begin)
    one, five = (float(np.median(seconds[1:])) for seconds in taken.values())
    return f"40 epochs of the S&P 500: one seed {one:.1f} s, five {five:.1f} s: {five / one:.2f} times"


ALL: dict[str, tuple[str, Callable[[], str]]] = {
    "leagues": ("The leagues: S&P 500, NASDAQ, WTI (2 minutes)", _leagues),
    "against": ("The pooled network against each classic: 100 x difference of QLIKE (p)", _against),
    "panel": ("Nineteen stocks (5 minutes; needs the extra `stocks`)", _panel),
    "pretrained": (
        "Networks on series that they never saw (2 minutes; after `make pretrained`)",
        _pretrained,
    ),
    "simulated": ("GARCH(1,1), 14,000 days: QLIKE regret against the true variance (2 minutes)", _simulated),
    "seeds": ("What five seeds cost (1 minute)", _seeds),
    "pools": ("Which series to pool, on folds before every test part (5 minutes)", _pools),
    "cells": ("Every cell, on the folds of `designs` and on the adding problem (25 minutes)", _cells),
    "beyond": ("Beyond: can one network beat log HAR and realised GARCH? (20 minutes)", _beyond),
    "level": ("Beyond, once on the test parts: 100 x difference of QLIKE (p) (2 minutes)", _level),
    "designs": ("How the design was chosen, on the first 70% of two series (6 minutes)", _designs),
}


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m research.evidence", description=__doc__)
    parser.add_argument("which", nargs="*", help=f"of {', '.join(ALL)} (all)")
    asked = parser.parse_args().which or list(ALL)
    if set(asked) - set(ALL):
        parser.error(f"expected some of {', '.join(ALL)}. Received: {', '.join(asked)}")
    from seqmem.process import configure_cpu

    configure_cpu(2)
    for name in asked:
        about, run = ALL[name]
        print(f"## {about}\n\n{run()}\n", flush=True)


if __name__ == "__main__":
    main()
