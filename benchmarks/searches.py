"""A search of 20 trials of 10 epochs, ours and the tutorials', each from a cold process."""

import json
import subprocess
import sys
import time

from benchmarks.tables import markdown

TRIALS, EPOCHS = 20, 10

OURS = f"""
import json, time, keras_tuner
from seqmem.process import configure_cpu; configure_cpu()
from seqmem import read
from dataclasses import replace
from tuning import ForecastHyperModel, PathTask, SearchSpace, search
start = time.perf_counter()
prices = read("bundled:sp500")
recipe = replace(PathTask.recipe, epochs={EPOCHS}, patience={EPOCHS})
hypermodel = ForecastHyperModel(SearchSpace(), prices, recipe=recipe)
table = search(hypermodel, keras_tuner.RandomSearch, max_trials={TRIALS}, seed=1).table
seconds = time.perf_counter() - start
names = ["cell", "units", "lookback", "learning_rate", "dropout"]
print(json.dumps({{"seconds": seconds, "configurations": table[names].to_dict("records")}}))
"""


def run() -> str:
    """Seconds of each, of the search alone and of the whole process."""
    found, ours = _process("-c", OURS)
    configurations = json.dumps(found["configurations"])
    stock, theirs = _process("-m", "benchmarks.contenders.stock_tuner", configurations, str(EPOCHS))
    rows = [
        (
            "search",
            f"{found['seconds']:.1f}",
            f"{stock['seconds']:.1f}",
            f"{stock['seconds'] / found['seconds']:.2f}",
        ),
        ("whole process", f"{ours:.1f}", f"{theirs:.1f}", f"{theirs / ours:.2f}"),
    ]
    return markdown(("seconds", "seqmem", "stock KerasTuner and Keras", "times as fast"), rows)


def _process(*arguments: str) -> tuple[dict, float]:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - start


if __name__ == "__main__":
    print(run())
