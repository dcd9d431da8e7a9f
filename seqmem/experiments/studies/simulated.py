"""Series whose truth is known."""

import numpy as np

YEAR = 252  # trading days
EVENT = 5  # days


def wave(days: int) -> np.ndarray:
    """A season that is smooth: a sine of a year and a variance of 1/2."""
    return np.sin(2 * np.pi * np.arange(days) / YEAR)


def event(days: int) -> np.ndarray:
    """A season that is one event: the same five days of each year are 4 above the others; mean 0."""
    there = np.arange(days) % YEAR >= YEAR - EVENT
    return 4 * (there - EVENT / YEAR)


def bounded_prices(days: int, low: float, high: float, volatility: float, seed: int) -> np.ndarray:
    """A random walk of log prices, reflected at `low` and `high`; `volatility` is a day's."""
    bottom, width = np.log(low), np.log(high / low)
    walk = np.cumsum(np.random.default_rng(seed).normal(0, volatility, days)) + width / 2
    folded = np.abs((walk + width) % (2 * width) - width)  # as a mirror at either end would have it
    return np.exp(bottom + folded)


def level_arch(days: int, memory: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """ARCH (Engle 1982) whose last `memory` days weigh the same, and none before: a memory that is known.

    v_{t+1} = (1 - share) m + share / memory * (r_t^2 + ... + r_{t-memory+1}^2), m = 1 in percent squared.

    Returns:
        Closes [days], and the variance of the return after each of them, [days], in squared log returns.
    """
    draw = np.random.default_rng(seed).normal(size=days)
    squares, variances = np.ones(days + memory), np.empty(days)
    returns = np.empty(days)
    before = 1.0
    for t in range(days):
        returns[t] = np.sqrt(before) * draw[t]
        squares[t + memory] = returns[t] ** 2
        before = 1 - share + share * squares[t + 1 : t + 1 + memory].mean()
        variances[t] = before
    return 100 * np.exp(np.cumsum(returns) / 100), variances / 1e4
