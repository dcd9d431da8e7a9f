"""Heterogeneous autoregressions: tomorrow's variance from those of a day, a week and a month."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from seqmem.models.classics.fit_summary import FitSummary, as_table, sandwich
from seqmem.models.classics.variance import MONTH, VarianceClassic, ranges, rolling_mean, squares

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster

DAYS = (1, 5, MONTH)
MOST = 25.0  # times the mean of the month before: a day's range is read as no more


class _LinearHAR(VarianceClassic):
    """v = b0 + b1 x_1 + b5 x_5 + b22 x_22, with x_k the mean proxy of the last k days; by least squares.

    One regression for each horizon, of the mean squared return over its days, with weights that are not
    negative, as those of GARCH. A forecast below a tenth of the lowest month or above the highest mean that
    was fitted gives way to that.
    """

    beyond = 1.0

    @staticmethod
    @abstractmethod
    def _proxy(frame: pd.DataFrame) -> np.ndarray:
        """A noisy measure of each day's variance, [N]."""

    def _estimate(self, known: pd.DataFrame) -> None:
        from scipy.optimize import nnls

        inputs = _means(self._proxy(known))
        proxy = self._proxy(known)[1:].mean()
        self._known, self._unit, self._fits = len(known), proxy / squares(known)[1:].mean(), []
        self._weights: list[np.ndarray] = []
        for days in self.horizons:
            rows, labels = labels_of(known, days)
            level = labels.mean()  # so that both are of size 1
            weights = nnls(inputs[rows] / [1, level, level, level], labels / level)[0]
            self._weights.append(weights * [level, 1, 1, 1])
            self._fits.append((inputs[rows], labels))

    def _daily(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        inputs = _means(self._proxy(frame))[origins]
        return np.stack([inputs @ weights for weights in self._weights], axis=1)

    def _graph(self) -> "Forecaster":
        from seqmem.models.classics.graphs import build, inputs

        target = self._view(inputs)(**self._for_target)
        weights = np.stack(self._weights, axis=1) / np.array([[inputs.UNIT], [1], [1], [1]])
        return build.forecaster(
            target, None, self._bounds, bias=weights[0], linear=weights[1:], who=self.name
        )

    @staticmethod
    @abstractmethod
    def _view(inputs: Any) -> Any:
        """The target in a graph, of the module that has them."""

    def _summarise(self) -> FitSummary:
        names, estimates, errors, losses = [], [], [], []
        for days, weights, (x, y) in zip(self.horizons, self._weights, self._fits, strict=True):
            wrong = x @ weights - y
            names += [f"{name}, h={days}" for name in ("b0", *(f"b{k}" for k in DAYS))]
            estimates += list(weights)
            errors += list(sandwich(wrong[:, None] * x, x.T @ x / len(x), lags=days))
            losses.append(np.mean(wrong**2))
        return FitSummary(
            self.name,
            as_table(names, estimates, errors),
            float(self._unit * self._weights[0][1:].sum()),
            self._known,
            loss=float(np.mean(losses)),
            note="squared log returns; the loss is the mean squared error; standard errors by Newey and West",
        )


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

    @staticmethod
    def _view(inputs: Any) -> Any:
        return inputs.SquareMeans


class RangeHAR(_LinearHAR):
    """HAR on Parkinson's variance, fitted to squared returns.

    A day's variance counts as 25 times the mean of the 22 days before it at most: in a flash crash the range
    may be a million times what it is, and would stand in the means of a month.
    """

    name = "range HAR"
    columns: ClassVar[tuple[str, ...]] = ("high", "low", "close")

    @staticmethod
    def _proxy(frame: pd.DataFrame) -> np.ndarray:
        found = ranges(frame)
        before = np.concatenate([[np.inf], rolling_mean(found, MONTH)[:-1]])
        return np.where(before > 0, np.minimum(found, MOST * before), found)

    @staticmethod
    def _view(inputs: Any) -> Any:
        return inputs.RangeMeans


def _means(proxy: np.ndarray) -> np.ndarray:
    return np.stack([np.ones(len(proxy)), *(rolling_mean(proxy, days) for days in DAYS)], axis=1)


def labels_of(known: pd.DataFrame, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose next days are all known, after a month, and the mean squared return of those days."""
    rows = np.arange(DAYS[-1] + 1, len(known) - days)
    cumulated = np.concatenate([[0.0], np.cumsum(np.nan_to_num(squares(known)))])
    return rows, (cumulated[rows + days + 1] - cumulated[rows + 1]) / days
