"""The league of one series: classics and networks forecast the variance of the same unseen days."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import pandas as pd

from seqmem.cells import cell_class
from seqmem.data import windows
from seqmem.data.bars import as_bars
from seqmem.evaluation import seed_spread, volatility_backtest, volatility_scores, volatility_verdict
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
from seqmem.models.classics import FitWarning
from seqmem.models.volatility import variance_forecaster as VolatilityForecaster  # noqa: N812
from seqmem.targets import RawVariance

LABELS = 63  # to a chunk: fewer origins in a row train nothing


@dataclass(frozen=True)
class League:
    """What a league found.

    Attributes:
        results: every forecast beside what came; see `volatility_backtest`.
        scores: by proxy, horizon, regime and model; see `volatility_scores`.
        spread: of the single seeds of each network; see `seed_spread`.
        verdict: in plain words, of the first network alone and with GJR-t.
        forecasters: the networks, fitted, by name.
        warnings: what the fits said while they were made.
    """

    results: pd.DataFrame
    scores: pd.DataFrame
    spread: pd.DataFrame
    verdict: str
    forecasters: Mapping[str, VolatilityForecaster]
    warnings: Sequence[str]


def volatility_league(
    bars: Any,
    *,
    cells: Sequence[str] = ("lstm", "gru"),
    horizons: Sequence[int] = (1, 5),
    units: int = 16,
    lookback: int = 60,
    members: int = 5,
    every: int = 63,
    epochs: int = 60,
    seed: int = 0,
    raw: bool = True,
    progress: Progress = lambda what: None,
) -> League:
    """Fit everything on the first 70% of the rows, and score it on the rest, once, at the same origins.

    Networks are trained once, and stop early on the last fifth of their rows; classics are fitted anew every
    `every` rows on all that has come by then. ``A x B`` is the geometric mean of their forecasts.

    Args:
        bars: what `read_bars` gives, or closes.
        cells: a network for each, by name.
        horizons: days ahead that a variance covers, the first of them the headline.
        units: of each seed's cell.
        lookback: T.
        members: seeds of each network.
        every: rows from refit to refit of the classics; 63 are a quarter.
        epochs: of the networks, at most.
        seed: of their weights and of the order of their chunks.
        raw: whether an LSTM on squared returns takes part too: the claim as it is usually made.
        progress: told what is about to be done.

    Raises:
        ValueError: a series too short to train on and to score.
    """
    ranges = as_bars(bars).shape[1] > 1
    rival = "log HAR" if ranges else "linear"
    design: dict[str, Any] = {"ranges": ranges, "lookback": lookback}
    makers: dict[str, Callable[[], VolatilityForecaster]] = {
        title(cell): partial(network, cell, horizons, units=units, members=members, **design)
        for cell in cells
    }
    makers["linear"] = partial(network, None, horizons, **design)
    if raw:
        makers["raw LSTM"] = lambda: VolatilityForecaster(
            cell_class("lstm")(units), RawVariance(horizons), lookback, members
        )
    closes = max(make().closes for make in makers.values())
    parts = _parts(len(bars), closes, max(horizons))
    at, stop = parts.test, int(parts.test[0]) + 1
    entries: dict[str, Entry] = {}
    networks: dict[str, VolatilityForecaster] = {}
    with noted() as notes:
        for name, baseline in classics(horizons, ranges=ranges).items():
            progress(f"{name}, fitted every {every} days")
            try:
                entries[name] = walked(baseline, every, bars, stop, at)
            except (ArithmeticError, ValueError) as error:  # ValueError: LinAlgError is one
                if name in (*REFERENCES, rival):
                    raise ValueError(f"{name}, which the others are measured by: {error}") from error
                warnings.warn(f"{name} left out: {error}", FitWarning, stacklevel=2)
        for name, make in makers.items():
            keras.utils.set_random_seed(seed)  # before it is made: its dropout draws its seed then
            forecaster = networks[name] = make()
            seeds = f" with {forecaster.members} seeds" if forecaster.members > 1 else ""
            progress(f"{name}, trained{seeds}")
            forecaster.fit(bars, parts.train, validation=parts.validation, epochs=epochs, seed=seed)
            entries[name] = Entry(forecaster.forecast(bars, at))
    first = title(cells[0])
    pairs = [(name, "GJR-t") for name in (*map(title, cells), rival)]
    for names in (*pairs, (first, rival, "GJR-t")):
        entries[" x ".join(names)] = geometric_mean([entries[name] for name in names])
    progress("scores")
    results = volatility_backtest(entries, bars, at, training=stop, horizons=horizons)
    singles = {name: one.forecast_members(bars, at) for name, one in networks.items() if one.members > 1}
    verdict = "\n".join(
        volatility_verdict(results, model, references=REFERENCES, linear=[against])
        for model, against in ((first, rival), (f"{first} x GJR-t", f"{rival} x GJR-t"))
    )
    return League(
        results,
        volatility_scores(results, references=REFERENCES, seed=seed),
        seed_spread(singles, results),
        verdict,
        networks,
        notes,
    )


def _parts(length: int, closes: int, horizon: int) -> windows.Split:
    try:
        parts = windows.split(length, history=closes, horizon=horizon)
    except ValueError as error:
        raise ValueError(f"{length} rows are too few to train on and to score. {error}") from error
    if min(map(len, parts)) < LABELS:
        counts = ", ".join(str(len(part)) for part in parts)
        raise ValueError(
            f"{length} rows are too few: expected at least {LABELS} origins to train, validate and score on, "
            f"each with {closes} rows before it. Received: {counts}"
        )
    return parts
