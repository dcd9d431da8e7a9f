"""The two leagues of volatility: on one series, and of one network for many."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import keras
import pandas as pd

from seqmem.cells import cell_class
from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.pool import Pool, as_pool
from seqmem.data.reading import as_dataset
from seqmem.experiments.league.entrants import (
    Design,
    Entrant,
    TrainedNetwork,
    WalkedClassic,
    combined_name,
    display_name,
)
from seqmem.experiments.league.league import Judged, League
from seqmem.experiments.league.play import Progress, play
from seqmem.experiments.league.starting import PreTrained, fine_tuned
from seqmem.models.classics import REFERENCES, RealisedGARCH, benchmark_models
from seqmem.models.forecaster import Forecaster
from seqmem.models.volatility import variance_forecaster
from seqmem.networks import ResidualRecurrent
from seqmem.targets import RawVariance

GJR = REFERENCES[1]
REALISED = "realized_variance"  # what ``--resample 1D`` calls the column
BUNDLED_POOL = ("bundled:sp500", "bundled:nasdaq")
"""What is pooled where nobody says otherwise; the forecast series itself is left out."""


def volatility_league(
    data: PriceData,
    *,
    pool: Pool | Sequence[PriceData] | None = BUNDLED_POOL,
    cells: Sequence[str] = ("gru", "lstm"),
    horizons: Sequence[int] = (1, 5),
    units: int = 16,
    lookback: int = 60,
    ensemble_size: int = 5,
    every: int = 63,
    refit: int | None = 252,
    start_from: Forecaster | None = None,
    epochs: int = 60,
    seed: int = 0,
    raw: bool = True,
    choose: bool = True,
    progress: Progress = lambda what: None,
) -> League:
    """Compare networks with GARCH and its family on one series: fitted on 70% of its rows, scored on 30%.

    Networks learn from the series and from a pool of others, and stop early on the last fifth of its rows
    before the test part; classics are fitted again every `every` rows on all that has come by then. ``A x B``
    is the geometric mean of their forecasts. What reads highs and lows takes part where there are any. Which
    combination to use is chosen on rows before the test part, on which none of it was trained; a single model
    that is ahead there may be so by chance, which a combination hedges.

    Args:
        data: one series.
        pool: other series that the networks learn from, each before the validation part alone; see `Pool`.
            By default the bundled ones; none for a series without dates.
        cells: a network for each, by name.
        horizons: days ahead that a variance covers, the shortest of them the headline.
        units: of each seed's cell.
        lookback: T.
        ensemble_size: seeds of each network.
        every: rows from refit to refit of the classics; 63 are a quarter.
        refit: rows after which the networks are trained on too, from the weights that they have; 252 are a
            year. None: they are trained once.
        start_from: a network of variances that was trained before the test part begins, such as the one in
            ``saved_models/variance_pooled``: it takes part as it is, and trained on, on the series.
        epochs: of the networks, at most.
        seed: of their weights and of the order of their chunks.
        raw: whether an LSTM on squared returns takes part too: the claim as it is usually made.
        choose: whether a combination is recommended; what it is made of is fitted once more for it.
        progress: told what is about to be done.

    Raises:
        ValueError: a series too short to train on and to score, or more than one.
    """
    dataset = as_dataset(data)
    pooled = as_pool(pool) if _is_dated(dataset) else None
    use_range = "high" in dataset.frame
    realised = REALISED if REALISED in dataset.frame else None
    design = Design(
        use_range,
        tuple(horizons),
        units,
        lookback=lookback,
        ensemble_size=ensemble_size,
        realised=realised,
    )
    recipe = replace(ResidualRecurrent.recipe, epochs=epochs, seed=seed)
    entrants: dict[str, Entrant] = {
        name: WalkedClassic(classic, every)
        for name, classic in benchmark_models(horizons, use_range=use_range).items()
    }
    if realised is not None:
        measured = RealisedGARCH(measure=realised, horizons=horizons)
        entrants[measured.name] = WalkedClassic(measured, every)
    names = [display_name(cell) for cell in cells]
    for name, cell in zip(names, cells, strict=True):
        entrants[name] = TrainedNetwork(partial(design.forecaster, cell), recipe, pooled, refit)
    entrants["linear"] = TrainedNetwork(partial(design.forecaster, None), recipe, pooled, refit)
    if start_from is not None:
        entrants["pre-trained"] = PreTrained(start_from)
        entrants["fine-tuned"] = fine_tuned(start_from, recipe, pooled, refit)
    if raw:
        entrants["raw LSTM"] = TrainedNetwork(
            lambda: variance_forecaster(
                cell_class("lstm")(units), RawVariance(horizons), lookback, ensemble_size
            ),
            recipe,
        )
    first = names[0]
    rivals = ("log HAR", "RealGARCH") if use_range else ("EGARCH-t", GJR)
    pairs = [(name, rival) for name in names for rival in rivals]
    combinations = [*pairs, *((name, *rivals) for name in names), rivals]
    alone, both = [name for name in rivals if name not in REFERENCES], combined_name(rivals)
    judged = [
        Judged(first, REFERENCES, alone),
        Judged(combined_name((first, rivals[-1])), REFERENCES, [*alone, both]),
    ]
    candidates = [*map(combined_name, (rivals, *combinations[:-1]))]
    found = play(dataset, entrants, combinations, judged, REFERENCES, progress, candidates if choose else ())
    return found if pooled is None else replace(found, pool=pooled)


def _is_dated(data: Dataset) -> bool:
    return all(isinstance(data.dates(name), pd.DatetimeIndex) for name in data.ids)


def panel_league(
    data: PriceData,
    *,
    cell: str = "lstm",
    horizons: Sequence[int] = (1, 5),
    units: int = 16,
    lookback: int = 60,
    ensemble_size: int = 5,
    every: int = 63,
    refit: int | None = 252,
    epochs: int = 60,
    seed: int = 0,
    progress: Progress = lambda what: None,
) -> League:
    """Train one network on many series, up to one date, and score it on each from there on.

    The dates of all series together are cut: the last 30% are scored, the fifth before them stops the
    training early. GARCH-t and GJR-t are fitted to each series, again every `every` rows. A pooled linear
    model on the network's inputs, its skip alone, tells what the recurrence adds.

    Args:
        data: a panel; highs and lows are read if all series have them.
        cell: of the network, by name.
        horizons: days ahead that a variance covers, the shortest of them the headline.
        units: of each seed's cell.
        lookback: T.
        ensemble_size: seeds of the network.
        every: rows from refit to refit of the classics.
        refit: as in `volatility_league`.
        epochs: of the networks, at most.
        seed: of their weights and of the order of their chunks.
        progress: told what is about to be done.

    Raises:
        ValueError: a series without enough rows before the cuts.
    """
    dataset = as_dataset(data)
    # half the dropout of a single series and a third of its learning rate: there is more to learn from
    design = Design(dataset.has("high", "low"), tuple(horizons), units, 0.2, lookback, ensemble_size)
    recipe = replace(ResidualRecurrent.recipe, learning_rate=3e-3, batch_size=32, epochs=epochs, seed=seed)
    name = display_name(cell)
    classics = benchmark_models(horizons, use_range=False)
    entrants: dict[str, Entrant] = {
        name: TrainedNetwork(partial(_seeded_twice, design, cell, seed), recipe, every=refit),
        "linear": TrainedNetwork(partial(_seeded_twice, design, None, seed), recipe, every=refit),
        **{other: WalkedClassic(classics[other], every) for other in REFERENCES},
    }
    both = combined_name((name, GJR))
    judged = [Judged(model, [*REFERENCES, "linear"]) for model in (name, both)]
    return play(dataset, entrants, [(name, GJR)], judged, REFERENCES, progress)


def _seeded_twice(design: Design, cell: str | None, seed: int) -> Forecaster:
    """Dropout from the seed, and the weights from it once more: so were the panel's figures made."""
    forecaster = design.forecaster(cell)
    keras.utils.set_random_seed(seed)
    return forecaster
