"""Small results of every kind for pages of reports, without a training."""

from functools import cache

import pandas as pd
from samples import random_bars, random_walk

from seqmem import Split, read
from seqmem.diagnostics import diagnose
from seqmem.evaluation import (
    QLIKE,
    FisslerZiegel,
    HighVolatility,
    SquaredLogError,
    SquaredReturns,
    compare,
    evaluate,
)
from seqmem.experiments.league import League
from seqmem.experiments.risk import RiskReport
from seqmem.experiments.risk.breaches import backtests, sized
from seqmem.experiments.studies.gradients import GradientStudy
from seqmem.experiments.studies.page import study_sections
from seqmem.models.classics import EWMA, ConstantVariance, HistoricalSimulation, OwnDistribution, naive_models

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}"
LEVELS = (0.05,)


@cache
def bars():
    return read(random_bars(900, seed=3))


@cache
def split():
    return Split.by_share(bars(), context_length=210, horizon=5)


@cache
def evaluated():
    """Two naive models of prices."""
    closes = read(random_walk(400))
    own = Split.by_share(closes, horizon=2)
    models = {name: model.fit(closes, own) for name, model in naive_models(2).items()}
    return evaluate(models, closes, own, [SquaredLogError()])


@cache
def volatility():
    """A league of two classics."""
    models = {"EWMA": EWMA(), "constant": ConstantVariance()}
    fitted = {name: model.fit(bars(), split()) for name, model in models.items()}
    found = evaluate(fitted, bars(), split(), [QLIKE(SquaredReturns())], regimes=[HighVolatility()])
    words = found.summary("EWMA", ["constant"])
    told = {"summary": words, "warnings": ["constant: it never moves"], "spread": pd.DataFrame()}
    return League(
        found, fitted, [], recommendation=None, references=("constant",), data=bars(), split=split(), **told
    )


@cache
def risk():
    """A risk report of two distributions, one of which takes the name of the reference."""
    models = {"GARCH-t": OwnDistribution(EWMA()), "historical": HistoricalSimulation(200)}
    fitted = {name: model.fit(bars(), split()) for name, model in models.items()}
    forecasts = {name: model.forecast(bars(), split().test(bars())) for name, model in fitted.items()}
    score = FisslerZiegel(LEVELS[0])
    found = compare(forecasts, bars(), split(), [score, FisslerZiegel(LEVELS[0], short=True)])
    rows = [
        {"score": one.name, "h": h, "model": name, "value": found.value(one, name, h), "mcs": 1.0, "p": 0.5}
        for one in found.scores
        for h in found.outcome.horizons
        for name in models
    ]
    scores = pd.DataFrame(rows).set_index(["score", "h", "model"])
    today = [
        {"series": "series", "model": name, "h": 1, "level": LEVELS[0], "VaR": 0.02, "ES": 0.03}
        for name in models
    ]
    table = backtests(found, LEVELS)
    sizes = sized(found, 252, 0.1)
    return RiskReport(found, table, scores, sizes, pd.DataFrame(today), "Nobody knows.", ())


def study():
    """Two cells whose gradients fall."""
    measured = GradientStudy(cells=("rnn", "lstm"), seeds=2)
    rows = [
        {
            "cell": cell,
            "start": "Keras's",
            "seed": seed,
            "lag": lag,
            "memory": keep**lag,
            "input": keep**lag + seed,
        }
        for cell, keep in (("rnn", 0.5), ("lstm", 0.9))
        for seed in (0, 1)
        for lag in (0, 1, 2, 5, 10)
    ]
    return study_sections(measured, pd.DataFrame(rows))


def every_part(forecaster=None, prices=None):
    """What a page can be made of."""
    fan = HistoricalSimulation(200, horizons=(1, 2, 3)).fit(bars(), split()).forecast(bars())
    found = [volatility(), risk(), *study(), fan]
    if forecaster is not None:
        found += diagnose(forecaster, prices, windows=3)
    return found
