"""The figures of docs/classics.md: scores of classics, what the true range costs, windows of their graphs.

python -m research.classics    # a minute
"""

import time
import warnings

import numpy as np
import pandas as pd

from seqmem.data.measures import parkinson, squared_returns, true_range_variance
from seqmem.data.reading import read
from seqmem.data.splits import Split
from seqmem.models.classics import LogHAR, RealisedGARCH, WalkForward, benchmark_models, log_har, realised
from seqmem.models.classics.variance import ranges

SERIES = ("sp500", "nasdaq")
HORIZONS = (1, 5)
SHARE = 0.7  # of the rows, before the first forecast


def scores(bars: pd.DataFrame, models: dict) -> pd.DataFrame:
    """100 x the mean of log v + y / v in percent squared, walked forward every 63 rows, and CPU seconds."""
    start, squares = int(len(bars) * SHARE), squared_returns(bars)
    own = parkinson(bars[["high", "low", "close"]].to_numpy())
    proxies = {"squares": squares, "range": own * squares[1:start].mean() / own[1:start].mean()}
    at, found = np.arange(start - 1, len(bars) - max(HORIZONS) - 1), {}
    for name, model in models.items():
        began = time.process_time()
        model.fitted_on(bars.iloc[:start])
        fit = time.process_time() - began
        walk = WalkForward(model).fit(bars, Split(None, test_start=bars.index[start]))
        said = 1e4 * walk.forecast(bars, at).mean
        row = {}
        for proxy, values in proxies.items():
            sums = 1e4 * np.concatenate([[0], np.nancumsum(values)])
            for column, h in enumerate(HORIZONS):
                came = sums[at + h + 1] - sums[at + 1]
                row[f"{proxy} {h}d"] = 100 * np.mean(np.log(said[:, column]) + came / said[:, column])
        found[name] = row | {"fit, s": fit}
    return pd.DataFrame(found).T.round(3)


def true_range(bars: pd.DataFrame) -> pd.DataFrame:
    """The same of the two that count gaps, by what they read of a day; on rows before every test part."""
    ways = {
        "range": ranges,
        "range or a third of the true range": realised.gapped_ranges,
        "true range": lambda frame: true_range_variance(frame[["high", "low", "close"]].to_numpy()),
    }
    found = {}
    for name, measure in ways.items():
        log_har.gapped_ranges = realised.gapped_ranges = measure
        found[name] = scores(
            bars.iloc[: int(len(bars) * SHARE)], {m.name: m for m in (LogHAR(), RealisedGARCH())}
        )
    log_har.gapped_ranges = realised.gapped_ranges = ways["range or a third of the true range"]
    return pd.concat(found)


def windows(bars: pd.DataFrame) -> pd.DataFrame:
    """Rows of the window of each graph, and its largest relative difference from Python."""
    at, split, found = np.arange(3499, 5026, 7), Split(None, test_start=bars.index[3500]), {}
    for name, model in benchmark_models(HORIZONS).items():
        graph = model.fit(bars, split).to_forecaster()
        ratio = graph.forecast(bars, at).mean / model.forecast(bars, at).mean
        found[name] = {"rows": graph.context_length, "difference": np.abs(ratio - 1).max()}
    return pd.DataFrame(found).T


def main() -> None:
    """Print all of it."""
    warnings.simplefilter("ignore")
    for name in SERIES:
        bars = read(f"bundled:{name}").frame
        print(f"{name}, the last 30%\n{scores(bars, benchmark_models(HORIZONS)).to_string()}\n")
        print(f"{name}, 49% to 70%\n{true_range(bars).to_string()}\n")
    print(f"graphs, {name}\n{windows(bars).to_string()}")


if __name__ == "__main__":
    main()
