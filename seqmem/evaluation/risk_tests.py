"""Backtests of value at risk and expected shortfall: whether the risk that was forecast came."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

FEWEST = 50  # days
GREEN, YELLOW = 0.95, 0.9999  # of the probability of fewer breaches (Basel Committee 1996)


class Backtest(NamedTuple):
    """A test whose hypothesis is that the forecast risk is right.

    Attributes:
        statistic: of the test; NaN where there is nothing to test.
        p_value: small where the forecast is wrong.
    """

    statistic: float
    p_value: float


def kupiec(breaches: np.ndarray, level: float) -> Backtest:
    """Unconditional coverage (Kupiec 1995): as many breaches as the level says; chi2(1).

    >>> kupiec(np.arange(1000) % 100 == 0, 0.01).p_value
    1.0
    """
    from scipy.stats import chi2

    count, hits = _checked(breaches)
    ratio = -2 * (_log_likelihood(count, hits, level) - _log_likelihood(count, hits, hits / count))
    return Backtest(float(ratio), float(chi2.sf(max(ratio, 0.0), 1)))


def independence(breaches: np.ndarray) -> Backtest:
    """Independence (Christoffersen 1998): a breach makes no other the day after more likely; chi2(1).

    Of overlapping horizons it is no test: take every h-th origin.
    """
    from scipy.stats import chi2

    breaches = np.asarray(breaches, dtype=bool)
    _checked(breaches)
    before, after = breaches[:-1], breaches[1:]
    n01, n00 = int((~before & after).sum()), int((~before & ~after).sum())
    n11, n10 = int((before & after).sum()), int((before & ~after).sum())
    if not n01 + n11:
        return Backtest(float("nan"), float("nan"))
    pooled = (n01 + n11) / (n00 + n01 + n10 + n11)
    alone = _log_likelihood(n00 + n01, n01, n01 / (n00 + n01))
    alone += _log_likelihood(n10 + n11, n11, n11 / (n10 + n11)) if n10 + n11 else 0.0
    together = _log_likelihood(n00 + n01, n01, pooled) + _log_likelihood(n10 + n11, n11, pooled)
    ratio = max(2 * (alone - together), 0.0)
    return Backtest(float(ratio), float(chi2.sf(ratio, 1)))


def conditional_coverage(breaches: np.ndarray, level: float) -> Backtest:
    """Conditional coverage (Christoffersen 1998): coverage and independence together, chi2(2)."""
    from scipy.stats import chi2

    apart = independence(breaches)
    if np.isnan(apart.statistic):
        return apart
    ratio = kupiec(breaches, level).statistic + apart.statistic
    return Backtest(ratio, float(chi2.sf(max(ratio, 0.0), 2)))


def dynamic_quantile(
    breaches: np.ndarray, value_at_risk: np.ndarray, level: float, lags: int = 4
) -> Backtest:
    """The dynamic quantile test (Engle and Manganelli 2004): whether breaches can be foretold.

    Breaches less the level are regressed on a constant, their own `lags` and the value at risk: all must be
    0. Chi squared with lags + 2 degrees of freedom.
    """
    from scipy.stats import chi2

    _checked(breaches)
    hits = np.asarray(breaches, dtype="float64") - level
    columns = [hits[lags - lag : len(hits) - lag] for lag in range(1, lags + 1)]
    risk = np.asarray(value_at_risk, dtype="float64")[lags:]
    risk = risk / risk.std() if risk.std() > 0 else risk * 0
    x = np.stack([np.ones(len(hits) - lags), *columns, risk], axis=1)
    y = hits[lags:]
    fitted = np.linalg.lstsq(x, y, rcond=None)[0]
    statistic = float(fitted @ (x.T @ x) @ fitted / (level * (1 - level)))
    return Backtest(statistic, float(chi2.sf(statistic, np.linalg.matrix_rank(x))))


def shortfall_test(
    returns: np.ndarray, value_at_risk: np.ndarray, expected_shortfall: np.ndarray, draws: int = 5000
) -> Backtest:
    """Exceedance residuals (McNeil and Frey 2000): the mean loss beyond the value at risk is the shortfall.

    (loss - ES) / ES on the days of a breach; their mean is 0 if the shortfall is right. One-sided against
    losses that are worse, by a bootstrap of `draws` with a fixed seed. It needs five breaches.
    """
    losses = -np.asarray(returns, dtype="float64")
    beyond = losses > value_at_risk
    residuals = (losses - expected_shortfall)[beyond] / np.asarray(expected_shortfall)[beyond]
    if len(residuals) < 5 or residuals.std() == 0:
        return Backtest(float("nan"), float("nan"))
    statistic = residuals.mean() / (residuals.std(ddof=1) / np.sqrt(len(residuals)))
    draw = np.random.default_rng(0)
    centred = residuals - residuals.mean()
    again = centred[draw.integers(len(residuals), size=(draws, len(residuals)))]
    spread = again.std(axis=1, ddof=1)
    errors = spread / np.sqrt(len(residuals))
    found = np.divide(again.mean(axis=1), errors, out=np.zeros(draws), where=errors > 0)
    return Backtest(float(statistic), float((1 + (found >= statistic).sum()) / (1 + draws)))


def acerbi_szekely(
    returns: np.ndarray, value_at_risk: np.ndarray, tail: np.ndarray, level: float, draws: int = 2000
) -> Backtest:
    """Test 2 of Acerbi and Szekely (2014): expected shortfall, by the number and the size of its losses.

        Z2 = 1 + sum_t x_t 1{x_t < -VaR_t} / (T a ES_t),    x the log return

    0 on average where value at risk and shortfall are right, below 0 where losses beyond it are more or
    worse. The p-value is the share of `draws` from the forecast tails (with a fixed seed) whose Z2 is as low.

    Args:
        returns: log returns, [T]; their opposite for a short position.
        value_at_risk: [T].
        tail: G equally likely returns beyond the value at risk as they were forecast, [T, G]; minus their
            mean is the expected shortfall (see `seqmem.evaluation.tails.tail_returns`).
        level: a.
        draws: of the simulation.

    >>> draw = np.random.default_rng(0)
    >>> tail = np.tile(-2.06 + 0.3 * np.linspace(-1, 1, 20), (1000, 1))
    >>> acerbi_szekely(2 * draw.normal(size=1000), np.full(1000, 1.645), tail, 0.05).p_value < 0.01
    True
    """
    breaches, ratios, beyond = _beyond(returns, value_at_risk, tail)
    found = 1 + np.sum(ratios[breaches]) / (level * len(ratios))
    trial, day = _drawn_breaches(len(ratios), level, draws)
    size = beyond[day, _drawn_places(len(day), beyond.shape[1])]
    simulated = 1 + np.bincount(trial, size, draws) / (level * len(ratios))
    return Backtest(float(found), float((1 + (simulated <= found).sum()) / (1 + draws)))


def acerbi_szekely_size(
    returns: np.ndarray, value_at_risk: np.ndarray, tail: np.ndarray, draws: int = 2000
) -> Backtest:
    """Test 1 of Acerbi and Szekely (2014): the size of the losses beyond the value at risk alone.

    Z1 = 1 + the mean of x_t / ES_t over the days of a breach; it needs five. Arguments and p-value as in
    `acerbi_szekely`; each draw has as many breaches on the same days.
    """
    breaches, ratios, beyond = _beyond(returns, value_at_risk, tail)
    days = np.flatnonzero(breaches)
    if len(days) < 5:
        return Backtest(float("nan"), float("nan"))
    found = 1 + ratios[days].mean()
    place = _drawn_places(draws * len(days), beyond.shape[1]).reshape(draws, len(days))
    simulated = 1 + beyond[days, place].mean(axis=1)
    return Backtest(float(found), float((1 + (simulated <= found).sum()) / (1 + draws)))


def _beyond(
    returns: np.ndarray, value_at_risk: np.ndarray, tail: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which days had a breach [T], what came over the shortfall [T], and the forecast tail over it [T, G]."""
    returns, shortfall = np.asarray(returns, "float64"), -np.mean(tail, axis=1)
    breaches = returns < -np.asarray(value_at_risk)
    _checked(breaches)
    return breaches, returns / shortfall, tail / shortfall[:, None]


@lru_cache(maxsize=8)
def _drawn_breaches(days: int, level: float, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """The trial and the day of each breach that is drawn; the same for every model of as many days."""
    found = np.random.default_rng(0).random((draws, days), dtype="float32") < level
    trial, day = np.nonzero(found)
    return trial, day


def _drawn_places(count: int, among: int) -> np.ndarray:
    return np.random.default_rng(1).integers(among, size=count)


def traffic_light(breaches: np.ndarray, level: float) -> str:
    """The Basel traffic light: how unlikely so many breaches are if the level is right.

    Green below 95% of the probability of fewer, yellow below 99.99%, red from there on.

    >>> [traffic_light(np.arange(250) < hits, 0.01) for hits in (4, 5, 9, 10)]
    ['green', 'yellow', 'yellow', 'red']
    """
    from scipy.stats import binom

    count, hits = _checked(breaches)
    below = binom.cdf(hits, count, level)
    return "green" if below < GREEN else "yellow" if below < YELLOW else "red"


def _checked(breaches: np.ndarray) -> tuple[int, int]:
    breaches = np.asarray(breaches, dtype=bool)
    if breaches.ndim != 1 or len(breaches) < FEWEST:
        raise ValueError(f"backtest: expected breaches of at least {FEWEST} days. Received: {breaches.shape}")
    return len(breaches), int(breaches.sum())


def _log_likelihood(count: int, hits: int, share: float) -> float:
    """Of so many hits among independent days; 0 log 0 is 0."""
    first = hits * np.log(share) if hits else 0.0
    return float(first + ((count - hits) * np.log(1 - share) if count > hits else 0.0))
