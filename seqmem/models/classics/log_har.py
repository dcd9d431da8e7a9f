"""The log-linear HAR: six weights on range and signed returns, by QLIKE."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from seqmem.models.classics.ewma import ewma
from seqmem.models.classics.fit_summary import FitSummary, as_table, sandwich
from seqmem.models.classics.har import DAYS, labels_of
from seqmem.models.classics.variance import MONTH, VarianceClassic, gapped_ranges, returns, rolling_mean

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster

TYPICAL = float(np.log(1e-4))  # of a daily variance: 1% a day
TINY = 1e-12  # of a variance: a month without any range still has a logarithm
LEAST = 0.01  # of the month's mean: a day without a range still has a logarithm
MOST = 4.0  # standard deviations: no standardised return counts for more
DECAY = 0.94
NAMES = ("b0", "b1", "b5", "b22", "c1", "c5")


class LogHAR(VarianceClassic):
    """The strong linear rival: log-linear in range and signed returns, six weights, fitted by QLIKE.

        log v = b0 + b1 log P_1 + b5 log P_5 + b22 log P_22 + c1 min(z_t, 0) + c5 mean(z_t, ..., z_{t-4})

    P_k is the mean variance of the last k days by Parkinson, from the day's range or from a third of its true
    range (a gap over night counts) where that is more; never below a hundredth of P_22. z, within 4 either
    way, is the return over the square root of RiskMetrics' variance of the day before. For each horizon the
    mean of log v + y / v is lowest, with y the mean squared return over its days: convex in the weights, and
    found by Newton's method.
    """

    name = "log HAR"
    columns: ClassVar[tuple[str, ...]] = ("high", "low", "close")

    def _estimate(self, known: pd.DataFrame) -> None:
        inputs = log_inputs(known)
        self._known, self._weights, self._fits = len(known), [], []
        for days in self.horizons:
            rows, labels = labels_of(known, days)
            x, level = inputs[rows], labels.mean()
            weights = _lowest_qlike(x, labels / level)
            weights[0] += np.log(level)
            self._weights.append(weights)
            self._fits.append((x, labels))

    def _daily(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        inputs = log_inputs(frame)[origins]
        logs = np.stack([inputs @ weights for weights in self._weights], axis=1)
        return np.exp(np.minimum(logs, 50))  # held to its bounds afterwards

    def _graph(self) -> "Forecaster":
        from seqmem.models.classics.graphs import build, inputs

        weights = np.stack(self._weights, axis=1)
        return build.forecaster(
            inputs.LogHARInputs(**self._for_target),
            None,
            self._bounds,
            bias=weights[0] - np.log(inputs.UNIT),
            linear=weights[1:],
            exponential=True,
            who=self.name,
        )

    def _summarise(self) -> FitSummary:
        names, errors, losses = [], [], []
        for days, weights, (x, y) in zip(self.horizons, self._weights, self._fits, strict=True):
            over = y * np.exp(-x @ weights)
            names += [f"{name}, h={days}" for name in NAMES]
            errors += list(sandwich((1 - over)[:, None] * x, (x * over[:, None]).T @ x / len(x), lags=days))
            losses.append(np.mean(x @ weights + over))
        return FitSummary(
            self.name,
            as_table(names, np.concatenate(self._weights), errors),
            float(self._weights[0][1:4].sum()),
            self._known,
            loss=float(np.mean(losses)),
            note="of log variances over 1% a day; the loss is the mean of log v + y / v; standard errors by "
            "Newey and West",
        )


def _lowest_qlike(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The weights w [K] for which the mean of x w + y exp(-x w) is lowest, by Newton's method, damped."""

    def loss(weights: np.ndarray) -> float:
        with np.errstate(over="ignore"):
            return float(np.mean(x @ weights + y * np.exp(-x @ weights)))

    weights = np.zeros(x.shape[1])
    lowest = loss(weights)
    for _ in range(100):
        over = y * np.exp(-x @ weights)
        slope = x.T @ (1 - over) / len(y)
        curve = (x * over[:, None]).T @ x / len(y)
        step = np.linalg.solve(curve + 1e-12 * np.eye(len(curve)), slope)
        size = 1.0
        while size > 1e-6 and not loss(weights - size * step) <= lowest:
            size /= 2
        weights = weights - size * step
        found = loss(weights)
        if size <= 1e-6 or slope @ step < 1e-20:
            break
        lowest = found
    return weights


def log_inputs(frame: pd.DataFrame) -> np.ndarray:
    """The inputs of the equation, [rows, 6]."""
    variances, changes = gapped_ranges(frame), returns(frame)
    floor = LEAST * rolling_mean(variances, MONTH) + TINY
    logs = [np.log(np.maximum(rolling_mean(variances, days), floor)) for days in DAYS]
    before = np.concatenate([[np.nan] * 2, ewma(changes[1:] ** 2, DECAY)[:-1]])
    z = np.clip(changes / np.sqrt(before + TINY), -MOST, MOST)
    logs = [one - TYPICAL for one in logs]  # so that the weights are of one size
    return np.stack([np.ones(len(z)), *logs, np.minimum(z, 0), rolling_mean(z, 5)], axis=1)
