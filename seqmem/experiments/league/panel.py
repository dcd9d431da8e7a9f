"""The league of many series: one network for all of them, beside classics for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pandas as pd

from seqmem.data.windows import origins
from seqmem.evaluation import panel_test, panel_verdict, volatility_backtest
from seqmem.evaluation.volatility import PROXIES, mean_qlike
from seqmem.experiments.league.entries import (
    REFERENCES,
    Entry,
    Progress,
    classics,
    geometric_mean,
    network,
    noted,
    title,
    walked,
)
from seqmem.models.volatility import variance_forecaster as VolatilityForecaster  # noqa: N812

DROPOUT, RATE = 0.2, 3e-3  # half of a single series' and a third: there is more to learn from


@dataclass(frozen=True)
class PanelLeague:
    """What a league of many series found.

    Attributes:
        results: name of a series -> every forecast beside what came; see `volatility_backtest`.
        series: QLIKE by series (rows) and model, a day ahead on squared returns.
        tests: by model, reference, proxy, h and regime what `panel_test` says.
        verdict: in plain words, of the network alone and with GJR-t.
        forecaster: the network.
        warnings: what the fits said while they were made.
    """

    results: Mapping[str, pd.DataFrame]
    series: pd.DataFrame
    tests: pd.DataFrame
    verdict: str
    forecaster: VolatilityForecaster
    warnings: Sequence[str]


def panel_league(
    panel: Mapping[str, pd.DataFrame],
    *,
    cell: str = "lstm",
    horizons: Sequence[int] = (1, 5),
    units: int = 16,
    lookback: int = 60,
    members: int = 5,
    every: int = 63,
    epochs: int = 60,
    seed: int = 0,
    progress: Progress = lambda what: None,
) -> PanelLeague:
    """Train one network on all series, up to one date, and score it on each from there on.

    The days of all series together are cut: the last 30% are scored, the fifth before them stops the
    training early. GARCH-t and GJR-t are fitted to each series, anew every `every` rows. A pooled linear
    model on the network's inputs, its skip alone, tells what the recurrence adds.

    Args:
        panel: name -> bars or closes with dates; highs and lows are read if all have them.
        cell: of the network, by name.
        horizons: days ahead that a variance covers, the first of them the headline.
        units: of each seed's cell.
        lookback: T.
        members: seeds of the network.
        every: rows from refit to refit of the classics.
        epochs: of the networks, at most.
        seed: of their weights and of the order of their chunks.
        progress: told what is about to be done.

    Raises:
        ValueError: a series without enough rows before the cuts.
    """
    ranges = all("High" in bars for bars in panel.values())
    design: dict[str, Any] = {"ranges": ranges, "lookback": lookback}
    keras.utils.set_random_seed(seed)  # before they are made: their dropout draws its seed then
    networks = {title(cell): network(cell, horizons, units=units, members=members, dropout=DROPOUT, **design)}
    networks["linear"] = network(None, horizons, **design)
    closes = max(one.closes for one in networks.values())
    parts = {name: _parts(name, bars, panel, closes, max(horizons)) for name, bars in panel.items()}
    train, validation, test = zip(*parts.values(), strict=True)
    said: dict[str, dict[str, Entry]] = {name: {} for name in panel}
    with noted() as notes:
        for model, forecaster in networks.items():
            progress(f"{model}, trained on {len(panel)} series with {forecaster.members} seeds")
            keras.utils.set_random_seed(seed)
            pool: dict[str, Any] = {"validation": list(validation), "epochs": epochs, "seed": seed}
            forecaster.fit(list(panel.values()), list(train), batch_size=32, learning_rate=RATE, **pool)
            for (name, bars), at in zip(panel.items(), test, strict=True):
                said[name][model] = Entry(forecaster.forecast(bars, at))
        for (name, bars), at in zip(panel.items(), test, strict=True):
            progress(f"{name}: {' and '.join(REFERENCES)}, fitted every {every} days")
            for model in REFERENCES:
                baseline = classics(horizons, ranges=False)[model]
                said[name][model] = walked(baseline, every, bars, int(at[0]) + 1, at)
            both = f"{title(cell)} x GJR-t"
            said[name][both] = geometric_mean([said[name][title(cell)], said[name]["GJR-t"]])
    results = {
        name: volatility_backtest(said[name], bars, at, training=int(at[0]) + 1, horizons=horizons)
        for (name, bars), at in zip(panel.items(), test, strict=True)
    }
    progress("scores")
    judged, against = (title(cell), both), (*REFERENCES, "linear")
    tests = _tests(results, judged, against)
    return PanelLeague(
        results,
        pd.DataFrame({name: mean_qlike(one, "squared", horizons[0]) for name, one in results.items()}).T,
        tests,
        "\n".join(panel_verdict(tests, model, against) for model in judged),
        networks[title(cell)],
        notes,
    )


def _parts(
    name: str, bars: pd.DataFrame, panel: Mapping[str, pd.DataFrame], history: int, horizon: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Origins to train, validate and test on, cut at the same dates in every series."""
    dates = pd.DatetimeIndex(sorted(set().union(*(one.index for one in panel.values()))))
    test, validation = int(len(dates) * 0.7), int(len(dates) * 0.7 * 0.8)
    rows = [0, *(int(bars.index.searchsorted(dates[cut])) for cut in (validation, test)), len(bars)]
    length = len(bars)
    try:
        first, second, third = (
            origins(start, stop, history=history, horizon=horizon, length=length)
            for start, stop in pairwise(rows)
        )
    except ValueError as error:
        raise ValueError(
            f"{name}: {rows[1]} rows to {dates[validation]:%Y-%m-%d} to train on, {rows[3] - rows[2]} rows "
            f"from {dates[test]:%Y-%m-%d} to be scored on are too few. {error}"
        ) from error
    return first, second, third


def _tests(
    results: Mapping[str, pd.DataFrame], models: Sequence[str], references: Sequence[str]
) -> pd.DataFrame:
    one = next(iter(results.values()))
    rows = {
        (model, reference, proxy, int(h), regime): panel_test(
            results, model, reference, proxy=proxy, h=int(h), turbulent=regime == "turbulent"
        )._asdict()
        for model in models
        for reference in references
        for proxy in PROXIES
        if all(proxy in each for each in results.values())
        for h in one["h"].unique()
        for regime in ("all", "turbulent")
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    names = ["model", "reference", "proxy", "h", "regime"]
    frame.index = pd.MultiIndex.from_tuples(frame.index, names=names)
    return frame
