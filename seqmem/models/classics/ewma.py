"""The two forecasts of a variance that any other has to beat: its mean, and its moving average."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seqmem.models.classics.fit_summary import FitSummary, as_table, sandwich
from seqmem.models.classics.variance import MONTH, VarianceClassic, squares

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster


class ConstantVariance(VarianceClassic):
    """The mean squared return of the rows before the test part.

    >>> from seqmem.data.splits import Split
    >>> closes = 100 * np.exp(0.01 * np.arange(80))
    >>> ConstantVariance().fit(closes, Split(None, test_start=70)).forecast(closes).mean.round(6)
    array([[0.0001, 0.0005]])
    """

    name = "constant"

    def _estimate(self, known: pd.DataFrame) -> None:
        self._squares = squares(known)[1:]
        self._variance = float(np.mean(self._squares))

    def _daily(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        return self._constant(np.full(len(origins), self._variance))

    def _graph(self) -> "Forecaster":
        from seqmem.models.classics.graphs import build, inputs

        target = inputs.ReturnInputs(**self._for_target)
        daily = np.full(len(self.horizons), self._variance / inputs.UNIT)
        return build.forecaster(target, None, self._bounds, bias=daily, who=self.name)

    def _summarise(self) -> FitSummary:
        squared, mean = self._squares, self._variance
        error = sandwich(squared[:, None] - mean, np.eye(1), lags=int(np.cbrt(len(squared))))
        table = as_table(["variance"], [mean], error)
        note = "squared log returns; standard error by Newey and West, the log-likelihood is Gaussian"
        fit = gaussian(squared, np.full(len(squared), mean))
        return FitSummary(self.name, table, 0.0, len(squared) + 1, log_likelihood=fit, note=note)


class EWMA(VarianceClassic):
    """RiskMetrics (1996): v_{t+1} = decay v_t + (1 - decay) r_t^2, begun with the mean of the first 22 rows.

    Args:
        decay: in (0, 1).
        horizons: as in `VarianceClassic`; the variance stays as it is.

    Raises:
        ValueError: a decay outside (0, 1).

    >>> EWMA().forecast(100 * np.exp(0.01 * np.arange(80))).mean.round(6)
    array([[0.0001, 0.0005]])
    """

    name = "EWMA"
    learns = False

    def __init__(self, decay: float = 0.94, *, horizons: Sequence[int] = (1, 5)) -> None:
        super().__init__(horizons=horizons)
        if not 0 < decay < 1:
            raise ValueError(f"EWMA: decay must lie in (0, 1). Received: decay={decay}")
        self.decay = decay

    def _estimate(self, known: pd.DataFrame) -> None:
        self._squares = squares(known)[1:]  # for the summary alone

    def _daily(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        return self._constant(ewma(squares(frame)[1:], self.decay)[origins - 1])

    def _graph(self) -> "Forecaster":
        from seqmem.cells import GARCHCell
        from seqmem.models.classics.graphs import build, inputs

        cell = GARCHCell(
            1, omega=0.0, alpha=1 - self.decay, beta=self.decay, use_bias=False, kernel_initializer="ones"
        )
        same = np.ones(len(self.horizons))
        target = inputs.ReturnInputs(**self._for_target)
        return build.forecaster(
            target, cell, self._bounds, bias=0 * same, readout=same, memory=self.decay, who=self.name
        )

    def _summarise(self) -> FitSummary:
        before = ewma(self._squares, self.decay)[MONTH:-1]
        fit = gaussian(self._squares[MONTH + 1 :], before)
        table = as_table(["decay"], [self.decay], [np.nan])
        note = "the decay is given, not estimated; the log-likelihood is Gaussian, after the first 22 rows"
        return FitSummary(self.name, table, 1.0, len(self._squares) + 1, log_likelihood=fit, note=note)


def ewma(values: np.ndarray, decay: float) -> np.ndarray:
    """Exponentially weighted means of values [N] up to each, begun with the mean of the first 22."""
    from scipy.signal import lfilter

    first = np.mean(values[:MONTH])
    return np.asarray(lfilter([1 - decay], [1, -decay], values, zi=[decay * first])[0])


def gaussian(squared: np.ndarray, variances: np.ndarray) -> float:
    """The Gaussian log-likelihood of returns, from their squares [N] and variances [N]."""
    with np.errstate(divide="ignore"):
        return float(-0.5 * np.sum(np.log(2 * np.pi * variances) + squared / variances))
