"""The pre-trained networks in saved_models/, and what they are worth: python -m research.pretrain [--report].

``variance_pooled`` reads highs, lows and closes, ``variance_pooled_closes`` closes alone. Each is one network
for many series, trained on what packages carry, until a date; it forecasts the variance of any series.
"""

import argparse
import tarfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.tables import of_frame
from seqmem import (
    GARCH,
    Dataset,
    Forecaster,
    GRUCell,
    ParkinsonRange,
    Recipe,
    ResidualRecurrent,
    ScaleFreeVariance,
    Split,
    SquaredReturns,
    as_dataset,
    export,
    read,
    train,
    variance_forecaster,
)
from seqmem.evaluation import QLIKE, compare
from seqmem.models.classics import WalkForward
from seqmem.models.copying import copy_of

UNTIL = pd.Timestamp("2012-12-31")  # the test parts of the bundled series begin here
RANGE = replace(ResidualRecurrent.recipe, epochs=60)
CLOSES = replace(ResidualRecurrent.recipe, learning_rate=3e-3, batch_size=32, epochs=40)
WINDOW = 248  # rows up to an origin


def packaged(package: str, *parts: str) -> Path:
    """A file that a package carries; the package is not imported."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"needs the package {package}: make pretrained installs it")
    return Path(next(iter(found.submodule_search_locations)), *parts)


def bars() -> dict[str, pd.DataFrame]:
    """Series with highs and lows: two indices and two stocks, all rows."""
    with tarfile.open(packaged("pmdarima", "datasets", "data", "msft.tar.gz")) as archive:
        file = archive.extractfile(archive.getnames()[0])
        msft = pd.read_csv(file, index_col="Date", parse_dates=True)["1990":]  # type: ignore[misc, arg-type]
    goog = pd.read_csv(packaged("backtesting", "test", "GOOG.csv"), index_col=0, parse_dates=True)
    found = {name: read(f"bundled:{name}").frame for name in ("sp500", "nasdaq")}
    return found | {name: _within(frame) for name, frame in (("MSFT", msft), ("GOOG", goog))}


def stocks() -> dict[str, pd.DataFrame]:
    """Closes of nineteen stocks, all rows."""
    return dict(read("bundled:stocks").frames)


def fitted(
    series: dict[str, pd.DataFrame], until: pd.Timestamp, *, use_range: bool, seed: int = 0
) -> Forecaster:
    """A network for several series, trained on rows before a date; the last fifth of them stops it early."""
    known = {name: frame[frame.index < until] for name, frame in series.items()}
    dates = next(iter(known.values())).index
    split = Split(dates[int(len(dates) * 0.8)], until, context_length=WINDOW, horizon=5)
    enough = {
        name: frame for name, frame in known.items() if len(frame[: split.validation_start]) > 2 * WINDOW
    }
    data = dataset(enough)
    recipe: Recipe = replace(RANGE if use_range else CLOSES, seed=seed)

    def make() -> Forecaster:
        dropout = 0.4 if use_range else 0.2
        target = ScaleFreeVariance(parkinson_weight=0.5 if use_range else 0.0, use_range=use_range)
        return variance_forecaster(GRUCell(16, dropout=dropout), target, 60, ensemble_size=3)

    return train(make, data, split, recipe)


def judged(model: Forecaster, series: dict[str, pd.DataFrame], since: pd.Timestamp) -> pd.DataFrame:
    """A network on series from a date on, beside GARCH-t and GJR-t, fitted to each series every year."""
    data = dataset(series)
    first = next(date for date in data.dates(data.ids[0]) if date >= since)
    split = Split(None, first, context_length=WINDOW, horizon=5)
    walks = [WalkForward(GARCH(o=o, distribution="t"), 252).fit(data, split) for o in (0, 1)]
    origins = split.test(data)
    found: dict[str, Any] = {"pre-trained": model.forecast(data, origins)}
    found |= {walk.classic.name: walk.forecast(data, origins) for walk in walks}
    proxies = [SquaredReturns(), *([ParkinsonRange()] if data.has("high", "low") else [])]
    evaluation = compare(found, data, split, [*map(QLIKE, proxies)])
    tests = evaluation.tests(["GARCH-t", "GJR-t"], ["pre-trained"]).reset_index()
    tests["difference"] = 100 * tests["difference"].astype(float)
    tests = tests[tests["regime"] == "all"]
    wins = [f"{won} of {count}" for won, count in zip(tests["wins"], tests["series"], strict=True)]
    formats = {"difference": "+.2f", "statistic": "+.1f", "p_value": ".3f"}
    shown = tests.assign(
        wins=wins, **{name: tests[name].map(f"{{:{as_}}}".format) for name, as_ in formats.items()}
    )
    return shown[["score", "h", "reference", *formats, "wins"]].astype(str)


def dataset(series: dict[str, pd.DataFrame]) -> Dataset:
    """Series of one calendar as a panel."""
    return replace(read("bundled:sp500"), frames=series, name="pooled")


def _within(frame: pd.DataFrame) -> pd.DataFrame:
    """Highs and lows that the close lies between: these files round each by itself."""
    bars = frame[["High", "Low", "Close"]].astype("float64").rename(columns=str.lower)
    return as_dataset(bars.assign(high=bars.max(axis=1), low=bars.min(axis=1))).frame


def report() -> str:
    """Leave one out: each stock with a range, and half of the stocks, by networks that never saw them."""
    ranged, closes = bars(), stocks()
    parts = []
    indices = {name: ranged[name] for name in ("sp500", "nasdaq")}
    learnt, unseen = dict(list(closes.items())[::2]), dict(list(closes.items())[1::2])
    early = pd.Timestamp("2007-01-03")
    for until, since, end in ((early, early, UNTIL), (UNTIL, UNTIL, pd.Timestamp.max)):
        for out, other in (("MSFT", "GOOG"), ("GOOG", "MSFT")):
            test = ranged[out][ranged[out].index < end]
            if (test.index >= since).sum() < WINDOW:
                continue
            model = fitted({**indices, other: ranged[other]}, until, use_range=True)
            parts.append((f"{out}, {since:%Y} on", judged(model, {out: test}, since)))
        model = fitted({**indices, **learnt}, until, use_range=False)
        later = {name: frame[frame.index < end] for name, frame in unseen.items()}
        parts.append((f"nine stocks, closes, {since:%Y} on", judged(model, later, since)))
    table = pd.concat([rows.assign(data=name) for name, rows in parts])
    return of_frame(table.set_index("data"), "")


def _export(root: str) -> None:
    """Train on all that is carried until the date, and export."""
    ranged, closes = bars(), stocks()
    for name, series, use_range in (
        ("variance_pooled", ranged, True),
        ("variance_pooled_closes", {**ranged, **closes}, False),
    ):
        model = fitted(series, UNTIL, use_range=use_range)
        known = {key: frame[frame.index < UNTIL] for key, frame in series.items()}
        last = str(max(frame.index[-1] for frame in known.values()))[:10]
        lean = copy_of(model)  # without the optimizer, which is twice as large
        folder = export(lean, root, name=name, prices=dataset(known), dates={"trained": last}, seed=0)
        print(f"{name}: trained until {last}: {folder}")


def main() -> None:
    """Export, or report."""
    parser = argparse.ArgumentParser(prog="python -m research.pretrain", description=__doc__)
    parser.add_argument(
        "--report", action="store_true", help="print what such networks are worth, and export nothing"
    )
    parser.add_argument("--out", default="saved_models", metavar="DIR", help="where to export (saved_models)")
    options = parser.parse_args()
    from seqmem.process import configure_cpu

    configure_cpu(2)
    print(report()) if options.report else _export(options.out)


if __name__ == "__main__":
    main()
