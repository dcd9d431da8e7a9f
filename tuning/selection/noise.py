"""Noise: how much of what sets trials apart is chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuning.trials import COMPLETED

DRAWS = 2000  # permutations


@dataclass(frozen=True)
class Noise:
    """Chance in the losses of a search; NaN where there is nothing to measure it by.

    Attributes:
        trials: N, that completed.
        fits: n, folds times seeds, of each.
        error: the standard error of a trial's mean loss, over folds and seeds. The effect of a fold, common
            to all trials, is not noise: it is taken out first.
        seed_std: the standard deviation of a loss from seed to seed, on one fold.
        std: the standard deviation of the trials' means.
        margin: how far the best mean stands below the next one.
        gain_over_median: how far the best mean stands below the middle one.
        null_gain: the same under the null hypothesis that no trial is better, by permutation.
        p: the permutation p-value of the spread of the trials' means, under the same hypothesis.
    """

    trials: int
    fits: int
    error: float
    seed_std: float
    std: float
    margin: float
    gain_over_median: float
    null_gain: float
    p: float


def measure(outcomes: Sequence[Mapping[str, Any]], draws: int = DRAWS) -> Noise:
    """Measure the noise in the losses of the completed trials.

    By permutation: under "no trial is better" the losses on a fold with a seed belong to the trials in any
    order.
    """
    done = [outcome["fits"] for outcome in outcomes if outcome["status"] == COMPLETED]
    losses = np.array([[fit["loss"] for fit in fits] for fits in done]).reshape(len(done), -1)  # [N, n]
    n, fits = losses.shape
    means = np.sort(losses.mean(axis=1)) if n else np.empty(0)
    few = n < 2 or fits < 2
    null_gain, p = (np.nan, np.nan) if few else _permutation_test(losses, draws)
    return Noise(
        trials=n,
        fits=fits,
        error=np.nan if few else _error(losses),
        seed_std=_seed_noise(done),
        std=float(np.std(means, ddof=1)) if n > 1 else np.nan,
        margin=float(means[1] - means[0]) if n > 1 else np.nan,
        gain_over_median=_gain(losses) if n else np.nan,
        null_gain=null_gain,
        p=p,
    )


def _error(losses: np.ndarray) -> float:
    """Of a mean over folds and seeds, robust against a few wild trials."""
    n, fits = losses.shape
    apart = losses - np.median(losses, axis=0)
    variances = np.var(apart, axis=1, ddof=1) * n / (n - 1)
    return _typical(variances, fits - 1) / float(np.sqrt(fits))


def _typical(variances: Any, degrees: int) -> float:
    """The standard deviation behind variances of so many degrees of freedom, by their median."""
    median = (1 - 2 / (9 * degrees)) ** 3  # of chi squared over its degrees (Wilson and Hilferty 1931)
    return float(np.sqrt(np.median(variances) / median))


def _seed_noise(done: Sequence[Sequence[Mapping[str, Any]]]) -> float:
    by_fold: dict[tuple[int, int], list[float]] = {}
    for trial, fits in enumerate(done):
        for fit in fits:
            by_fold.setdefault((trial, fit["fold"]), []).append(fit["loss"])
    seeds = max(map(len, by_fold.values()), default=0)
    if seeds < 2:
        return np.nan
    return _typical([np.var(losses, ddof=1) for losses in by_fold.values()], seeds - 1)


def _gain(losses: np.ndarray) -> float:
    means = losses.mean(axis=1)
    return float(np.median(means) - np.min(means))


def _permutation_test(losses: np.ndarray, draws: int) -> tuple[float, float]:
    draw = np.random.default_rng(0)
    shuffled = [draw.permuted(losses, axis=0) for _ in range(draws)]
    apart = np.array([np.var(one.mean(axis=1)) for one in shuffled])
    p = (1 + (apart >= np.var(losses.mean(axis=1)) * (1 - 1e-9)).sum()) / (1 + draws)
    return float(np.mean([_gain(one) for one in shuffled])), float(p)
