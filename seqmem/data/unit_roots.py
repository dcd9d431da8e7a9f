"""Unit root tests: augmented Dickey-Fuller and KPSS, with a constant.

The package `arch` has both, and takes 1.3 seconds to import: too long for `seqmem check`. These give its
numbers, which a test holds them to; the tables are MacKinnon's and those that `arch` simulated.
"""

import math
from typing import Any

import numpy as np

# MacKinnon (1994), "Approximate Asymptotic Distribution Functions for Unit-Root and Cointegration Tests",
# Journal of Business & Economic Statistics 12(2), 167-176: with a constant, one unit root.
ADF_LEAST, ADF_MOST, ADF_KNEE = -18.83, 2.74, -1.61
ADF_SMALL, ADF_LARGE = (2.1659, 1.4412, 0.038269), (1.7339, 0.93202, -0.12745, -0.010368)
# Percentage points of the KPSS statistic about a mean, each with its upper tail in percent.
KPSS_TAILS = """
    100 99.5 99 98 97 96 95 93.5 91.5 89.5 86 74 70.5 67 64 61.5 58.5 56 53 50 47 44.5 42 39.5 37 34.5
    32 30 28 26 24 22.5 21 19.5 18 16.5 15 14 12 10 9.5 9 8.5 8 7.5 7 6.5 6 5.5 5 4.5 4 3.5 3 2.5 2 1.5
    1 .9 .8 .7 .6 .5 .4 .3 .2 .1 .09 .08 .07 .06 .05 .04 .03 .02 .01"""
KPSS_POINTS = """
    0 .0219 .0249 .0289 .0318 .0344 .0366 .0397 .0435 .047 .0527 .072 .0778 .0839 .0894 .0941 .1001
    .1053 .1119 .119 .1266 .1333 .1406 .1484 .1568 .1659 .1758 .1845 .1939 .2041 .2153 .2244 .2343 .2451
    .2568 .2698 .2842 .2947 .3186 .3475 .3557 .3644 .3736 .3834 .394 .4053 .4176 .4309 .4454 .4614 .4793
    .4993 .5222 .5488 .5804 .6195 .6704 .7428 .7618 .783 .8073 .8353 .8683 .909 .9618 1.0369 1.165
    1.1845 1.2068 1.2318 1.2608 1.2948 1.3372 1.3912 1.4671 1.6"""


def adf(values: np.ndarray, max_lags: int = 20) -> float:
    """p-value of augmented Dickey-Fuller (1979); small: a unit root is rejected. Lags by Akaike's criterion.

    Args:
        values: [N].
        max_lags: of the differences, at most.

    Returns:
        NaN where the test cannot be made: too few values, or too smooth.
    """
    if len(values) <= 2 * max_lags + 3:  # as many slopes as rows
        return math.nan
    changes, design = _regression(values, max_lags)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return math.nan
    explained = np.cumsum((np.linalg.qr(design)[0].T @ changes) ** 2)[
        1:
    ]  # by a constant, the level and k lags
    errors = (changes @ changes - explained) / len(changes)
    if not (errors > 0).all():
        return math.nan
    lags = int(np.argmin(len(changes) * np.log(errors) + 2 * np.arange(max_lags + 1)))
    changes, design = _regression(values, lags)
    inverse = np.linalg.inv(design.T @ design)
    slopes, (squares, *_), *_ = np.linalg.lstsq(design, changes, rcond=None)
    statistic = slopes[1] / math.sqrt(squares / (len(changes) - len(slopes)) * inverse[1, 1])
    if not ADF_LEAST <= statistic <= ADF_MOST:
        return float(statistic > ADF_MOST)
    powers = ADF_SMALL if statistic <= ADF_KNEE else ADF_LARGE
    deviate = sum(factor * statistic**power for power, factor in enumerate(powers))
    return 0.5 * math.erfc(-deviate / math.sqrt(2))


def _regression(values: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """The changes, and what they are regressed on: a constant, the level before, and the changes before."""
    changes = np.diff(values)
    rows = len(changes) - lags
    before = [changes[lags - lag : len(changes) - lag] for lag in range(1, lags + 1)]
    return changes[lags:], np.stack([np.ones(rows), values[-rows - 1 : -1], *before], axis=1)


def kpss(values: np.ndarray) -> float:
    """p-value of Kwiatkowski, Phillips, Schmidt and Shin (1992); small: stationarity is rejected.

    Lags as Hobijn, Franses and Ooms (1998) choose them; Schwert's rule where they cannot be chosen.

    Args:
        values: [N].
    """
    count, rest = len(values), values - values.mean()
    products = [_product(rest, lag) for lag in range(1, int(count ** (2 / 9)) + 1)]
    scale = _product(rest, 0) + 2 * sum(products)
    if scale > 0:
        slope = 2 * sum(lag * product for lag, product in enumerate(products, 1)) / scale
        lags = min(count, int(1.1447 * np.power(slope * slope, 1 / 3) * np.power(count, 1 / 3)))
    else:  # returns that alternate
        lags = int(12 * (count / 100) ** 0.25)
    weights = [1 - lag / (lags + 1) for lag in range(1, lags + 1)]
    terms = [weight * _product(rest, lag) for lag, weight in enumerate(weights, 1)]
    variance = _product(rest, 0) + 2 * sum(terms)  # of the long run: Newey and West's
    statistic = (np.cumsum(rest) ** 2).sum() / count**2 / variance
    points, tails = (np.array(text.split(), dtype="float64") for text in (KPSS_POINTS, KPSS_TAILS))
    return float(np.interp(statistic, points, tails)) / 100


def _product(rest: np.ndarray, lag: int) -> Any:
    return rest[lag:] @ rest[: len(rest) - lag] / len(rest)
