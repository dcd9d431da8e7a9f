"""Heterogeneous autoregressions: tomorrow's variance from those of a day, a week and a month."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import pandas as pd

from seqmem.models.classics.ewma import VarianceClassic, ewma, ranges, returns, squares

DAYS = (1, 5, 22)
TYPICAL = float(np.log(1e-4))  # of a daily variance: 1% a day


class _LinearHAR(VarianceClassic):
    """v = b0 + b1 x_1 + b5 x_5 + b22 x_22, with x_k the mean proxy of the last k days; by least squares.

    One regression for each horizon, of the mean squared return over its days. A forecast below the lowest
    or above the highest mean that was fitted gives way to that (the "insanity filter" of Swanson and White).
    """

    @staticmethod
    @abstractmethod
    def _proxy(frame: pd.DataFrame) -> np.ndarray:
        """A noisy measure of each day's variance, [N]."""

    def _learn(self, known: pd.DataFrame) -> None:
        inputs = _means(self._proxy(known))
        self._weights, self._bounds = [], []
        for days in self.horizons:
            rows, labels = _labels(known, days)
            self._weights.append(np.linalg.lstsq(inputs[rows], labels, rcond=None)[0])
            self._bounds.append((_least(known, days), labels.max()))

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        inputs = _means(self._proxy(frame))[origins]
        daily = np.stack([inputs @ weights for weights in self._weights], axis=1)
        low, high = np.array(self._bounds).T
        return np.clip(daily, low, high) * np.array(self.horizons)


class HAR(_LinearHAR):
    """HAR (Corsi 2009) on squared returns.

    >>> from seqmem.data.splits import Split
    >>> closes = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 300).cumsum())
    >>> HAR(horizons=(1,)).fit(closes, Split(None, test_start=250)).forecast(closes, [260]).mean.round(4)
    array([[0.0001]])
    """

    name = "HAR"

    @staticmethod
    def _proxy(frame: pd.DataFrame) -> np.ndarray:
        return squares(frame)


class RangeHAR(_LinearHAR):
    """HAR on Parkinson's variance, fitted to squared returns."""

    name = "range HAR"
    columns: ClassVar[tuple[str, ...]] = ("high", "low", "close")

    @staticmethod
    def _proxy(frame: pd.DataFrame) -> np.ndarray:
        return ranges(frame)


class LogHAR(VarianceClassic):
    """The strong linear rival: log-linear in range and signed returns, six weights, fitted by QLIKE.

        log v = b0 + b1 log P_1 + b5 log P_5 + b22 log P_22 + c1 min(z_t, 0) + c5 mean(z_t, ..., z_{t-4})

    P_k is the mean Parkinson variance of the last k days, never below a hundredth of P_22's own EWMA, so that
    a day without a range has a logarithm; z is the return over the square root of RiskMetrics' variance of
    the day before. For each horizon the mean of log v + y / v is lowest, with y the mean squared return over
    its days, which is convex in the weights.
    """

    name = "log HAR"
    columns: ClassVar[tuple[str, ...]] = ("high", "low", "close")

    def _learn(self, known: pd.DataFrame) -> None:
        from scipy.optimize import minimize

        inputs = _log_inputs(known)
        self._weights = []
        for days in self.horizons:
            rows, labels = _labels(known, days)
            x, y = inputs[rows], labels / labels.mean()

            def loss(weights: np.ndarray, x: np.ndarray = x, y: np.ndarray = y) -> tuple[float, np.ndarray]:
                said = x @ weights
                over = y * np.exp(-said)
                return float(np.mean(said + over)), x.T @ (1 - over) / len(y)

            found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="BFGS")
            weights = found.x.copy()
            weights[0] += np.log(labels.mean())
            self._weights.append(weights)

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        inputs = _log_inputs(frame)[origins]
        daily = np.exp(np.stack([inputs @ weights for weights in self._weights], axis=1))
        return daily * np.array(self.horizons)


def _log_inputs(frame: pd.DataFrame) -> np.ndarray:
    variances, changes = ranges(frame), returns(frame)
    floor = 0.01 * ewma(variances, 0.99)
    logs = [np.log(np.maximum(_mean(variances, days), floor)) for days in DAYS]
    before = np.concatenate([[np.nan] * 2, ewma(changes[1:] ** 2, 0.94)[:-1]])
    z = changes / np.sqrt(before + 1e-12)
    logs = [one - TYPICAL for one in logs]  # so that the weights are of one size
    return np.stack([np.ones(len(z)), *logs, np.minimum(z, 0), _mean(z, 5)], axis=1)


def _means(proxy: np.ndarray) -> np.ndarray:
    return np.stack([np.ones(len(proxy)), *(_mean(proxy, days) for days in DAYS)], axis=1)


def _mean(values: np.ndarray, days: int) -> np.ndarray:
    """Means of the last days up to each row; shorter where there are no more, NaN where there are none."""
    return pd.Series(values).rolling(days, min_periods=1).mean().to_numpy()


def _labels(known: pd.DataFrame, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose next days are all known, after a month, and the mean squared return of those days."""
    rows = np.arange(DAYS[-1] + 1, len(known) - days)
    cumulated = np.concatenate([[0.0], np.cumsum(np.nan_to_num(squares(known)))])
    return rows, (cumulated[rows + days + 1] - cumulated[rows + 1]) / days


def _least(known: pd.DataFrame, days: int) -> float:
    """A tenth of the lowest month: the lowest single squared return is 0."""
    return float(_mean(squares(known), DAYS[-1])[DAYS[-1] :].min()) / 10
