"""Can one network beat log HAR and realised GARCH? What was tried, on folds before every test part.

100 x the mean of log v + y / v, y in percent squared, as in `research.pools`: squared returns and the range,
1 and 5 days, the last two fifths of four series before 2012-12-31, each forecast from what lay before.
Nothing here reads a later row.

The rule, written before anything was run: a design is worth a look at the test part if its mean over three
seeds is below that of the pooled GRU by more than .3, and below log HAR and realised GARCH; of these the
simplest within .15 of the best.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import keras
import numpy as np
import pandas as pd

from benchmarks.tables import of_frame
from research import pretrain, simulated_bars
from research.beyond_parts import GeometricLevel, OverClassic, StudentTVariance
from seqmem import (
    Dataset,
    Forecast,
    Forecaster,
    GRUCell,
    ParkinsonRange,
    Pool,
    ResidualRecurrent,
    ScaleFreeVariance,
    Split,
    SquaredReturns,
    train,
)
from seqmem.cells import EMACell
from seqmem.evaluation import QLIKE, compare
from seqmem.models.classics import LogHAR, RealisedGARCH, WalkForward
from seqmem.models.classics.graphs.inputs import MONTH
from seqmem.models.combine import geometric_mean
from seqmem.models.volatility import calibrate
from seqmem.targets import VarianceTarget

FOLDS = ((0.6, 0.8), (0.8, 1.0))
INDICES, ALL = ("sp500", "nasdaq"), ("sp500", "nasdaq", "MSFT", "GOOG")
CLASSICS = (LogHAR, RealisedGARCH)
SCORES = (QLIKE(SquaredReturns()), QLIKE(ParkinsonRange()))
Fit = Callable[[str, Split, int], Forecast]  # of a series, a fold of it, and a seed


@cache
def _known(name: str) -> Dataset:
    frame = pretrain.bars()[name]
    return replace(pretrain.dataset({name: frame[frame.index < pretrain.UNTIL]}), name=name)


def folds(name: str) -> list[Split]:
    """The last two fifths of what is known of a series, each after a validation part."""
    dates, found = _known(name).frame.index, []
    for begin, end in FOLDS:
        start, stop = int(len(dates) * begin), int(len(dates) * end)
        borders = (dates[int(start * 0.8)], dates[start])
        last = None if stop == len(dates) else dates[stop]
        found.append(Split(*borders, end=last, horizon=5, context_length=pretrain.WINDOW))
    return found


def classic(make: Callable[[], Any]) -> Fit:
    """A classic, fitted again each quarter."""

    def fit(name: str, split: Split, _: int) -> Forecast:
        data = _known(name)
        return WalkForward(make()).fit(data, split).forecast(data, split.test(data))

    return fit


def network(
    target: Callable[..., VarianceTarget] = GeometricLevel,
    *,
    cell: Callable[[], Any] | None = lambda: GRUCell(16, dropout=0.4),
    pool: Callable[[str, Split, int], Sequence[Dataset]] | None = None,
    horizons: tuple[int, ...] = (1, 5),
    student: float = 0.0,
    simulated_first: bool = False,
    **recipe: Any,
) -> Fit:
    """A network, pooled with the two indices, or with what is given; no validation row is pooled."""

    def made(seed: int) -> Forecaster:
        head = StudentTVariance(student) if student else None
        members = 1 if cell is None else 3
        inner = ResidualRecurrent(cell and cell(), horizons, members, head=head)
        found = Forecaster(inner, target(horizons=horizons), 60)
        if simulated_first:
            found.build()
            found.set_weights(_pretrained(seed))
        return found

    def fit(name: str, split: Split, seed: int) -> Forecast:
        data, changed = _known(name), replace(ResidualRecurrent.recipe, seed=seed, **recipe)
        others = (pool or _indices)(name, split, seed)
        found = train(lambda: made(seed), data, split, changed, pool=Pool(others) if others else None)
        if student:
            before = data.frame.index.get_loc(split.test_start) - max(horizons)
            calibrate(found, data, {name: np.arange(found.context_length - 1, before)})
        said = found.forecast(data, split.test(data))
        kept = [horizons.index(days) for days in (1, 5)]
        keras.backend.clear_session()
        return replace(said, horizons=(1, 5), ds=said.ds[:, kept], mean=said.point[:, kept])

    return fit


def _indices(name: str, *_: Any) -> list[Dataset]:
    return [_known(one) for one in INDICES if one != name]


def _all(name: str, *_: Any) -> list[Dataset]:
    return [_known(one) for one in ALL if one != name]


def _nothing(*_: Any) -> list[Dataset]:
    return []


def _and_simulated(name: str, _: Split, seed: int) -> list[Dataset]:
    return [*_indices(name), pretrain.dataset(simulated_bars.universe(10, 1500, seed))]


def _and_own(name: str, split: Split, seed: int) -> list[Dataset]:
    """Simulations of the realised GARCH that was fitted to the series before its validation part."""
    fitted = RealisedGARCH().fit(_known(name), Split(None, split.validation_start))
    values = fitted.summary().parameters.to_numpy()
    frames = {f"own {n}": simulated_bars.realised_garch(values, 1500, 10 * seed + n) for n in range(3)}
    return [*_indices(name), pretrain.dataset(frames)]


def _inner() -> ResidualRecurrent:
    return ResidualRecurrent(GRUCell(16, dropout=0.4), members=3)


@cache
def _pretrained(seed: int) -> list[np.ndarray]:
    """Weights of a network of simulated series alone."""
    data = pretrain.dataset(simulated_bars.universe(25, 2500, seed + 1))
    dates = data.dates(data.ids[0])
    split = Split(dates[int(len(dates) * 0.85)], dates[-10], horizon=5, context_length=pretrain.WINDOW)
    recipe = replace(ResidualRecurrent.recipe, epochs=15, batch_size=16, seed=seed)
    return train(lambda: Forecaster(_inner(), GeometricLevel(), 60), data, split, recipe).get_weights()


def over_classics(name: str, split: Split, seed: int) -> Forecast:
    """A network whose first forecast is that of log HAR x RealGARCH, fitted before the validation part."""
    data, *others = (_with_classics(one, split) for one in (_known(name), *_indices(name)))
    recipe = replace(ResidualRecurrent.recipe, seed=seed)
    pool = Pool(others) if others else None
    found = train(lambda: Forecaster(_inner(), OverClassic(), 60), data, split, recipe, pool=pool)
    return found.forecast(data, split.test(data))


def _with_classics(data: Dataset, split: Split) -> Dataset:
    frame, until = data.frame, Split(None, split.validation_start)
    rows = np.arange(MONTH, len(frame))
    models = [make().fit(data, until) for make in CLASSICS]
    means = geometric_mean([one.forecast(data, {data.ids[0]: rows}) for one in models]).point / [1, 5]
    early = np.repeat(means[:1], MONTH, axis=0)  # no window ends there
    columns = dict(zip(("classic_1", "classic_5"), np.concatenate([early, means]).T, strict=True))
    return replace(data, frames={data.ids[0]: frame.assign(**columns)})


def simulated_alone(name: str, split: Split, seed: int) -> Forecast:
    """A network that never saw a real series."""
    data, found = _known(name), Forecaster(_inner(), GeometricLevel(), 60)
    found.build()
    found.set_weights(_pretrained(seed))
    return found.forecast(data, split.test(data))


TODAY = partial(ScaleFreeVariance, parkinson_weight=0.5)
FEWER = partial(TODAY, decays=(0.97,), downside_decays=(0.94,), range_decays=(0.0, 0.6, 0.94, 0.98))
RANGED = partial(GeometricLevel, parkinson_weight=0.75)
SLOW = partial(GeometricLevel, decays=(0.0, 0.6, 0.97, 0.99, 0.997), memory=252)
DESIGNS: dict[str, tuple[Fit, int]] = {  # and how many seeds
    "log HAR": (classic(LogHAR), 1),
    "RealGARCH": (classic(RealisedGARCH), 1),
    "GRU of today": (network(TODAY), 3),
    "GRU of today, not pooled": (network(TODAY, pool=_nothing), 1),
    "today, simulated series in the pool": (network(TODAY, pool=_and_simulated), 1),
    "today, 8 of its 15 inputs": (network(FEWER), 1),
    "level": (network(), 3),
    "level, not pooled": (network(pool=_nothing), 1),
    "level, four series pooled": (network(pool=_all), 1),
    "level, linear map alone": (network(cell=None), 1),
    "level, EMAs of learned time scales": (network(cell=lambda: EMACell(16, dropout=0.4)), 1),
    "over the pair, log HAR x RealGARCH": (over_classics, 3),
    "level, EWMAs of up to .997": (network(SLOW), 1),
    "level, Student's t": (network(student=1.0), 1),
    "level, half Student's t": (network(student=0.5), 1),
    "level, three quarters of a label from the range": (network(RANGED), 1),
    "level, 1, 2, 5, 10 and 22 days": (network(horizons=(1, 2, 5, 10, 22)), 1),
    "level, simulated series in the pool": (network(pool=_and_simulated), 1),
    "level, its realised GARCH's simulations in the pool": (network(pool=_and_own), 1),
    "level, simulated series alone": (simulated_alone, 1),
    "level, first simulated series": (network(simulated_first=True, learning_rate=3e-3), 1),
}
PAIR = ("log HAR", "RealGARCH")
WITH_PAIR = ("GRU of today", "level")
COLUMNS = [f"{proxy} {days}d" for proxy in ("squared returns", "range") for days in (1, 5)]


def run() -> str:
    """The designs, the lowest mean first: by proxy and days, by series, and each seed's mean."""
    rows = {}
    seeds = {title: count for title, (_, count) in DESIGNS.items()}
    seeds |= {" x ".join(PAIR): 1} | {" x ".join([one, *PAIR]): seeds[one] for one in WITH_PAIR}
    for title, count in seeds.items():
        found = [scores(title, seed) for seed in range(count)]
        mean, each = np.mean(found, axis=0), " ".join(f"{one.mean():.2f}" for one in found)
        values = [*mean.mean(axis=(0, 1)), *mean.mean(axis=(1, 2)), mean.mean()]
        rows[title] = [*(f"{value:.2f}" for value in values), each if count > 1 else ""]
    columns = [*COLUMNS, *ALL, "mean", "seeds"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return of_frame(frame.loc[frame["mean"].astype(float).sort_values().index], "")


def scores(title: str, seed: int) -> np.ndarray:
    """Of a design: [series, folds, proxies x days]."""
    numbers = range(len(FOLDS))
    return np.array([[_scored(title, name, number, seed) for number in numbers] for name in ALL])


def _scored(title: str, name: str, number: int, seed: int) -> list[float]:
    data, split = _known(name), folds(name)[number]
    found = compare({title: forecast(title, name, number, seed)}, data, split, SCORES)
    return [
        100 * (np.nanmean(found.origin_losses(score, title, days)) + np.log(1e4 / days))
        for score in SCORES
        for days in (1, 5)
    ]


@cache
def forecast(title: str, name: str, number: int, seed: int) -> Forecast:
    """Of a design, or of several in a geometric mean, over a fold of a series."""
    parts = title.split(" x ")
    if title in DESIGNS:
        return DESIGNS[title][0](name, folds(name)[number], seed)
    return geometric_mean([forecast(one, name, number, 0 if one in PAIR else seed) for one in parts])
