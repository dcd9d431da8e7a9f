"""GARCH and its family, by the package `arch`: fitted on the training part, filtered from there on."""

import warnings
from abc import abstractmethod
from typing import Any

import numpy as np

from seqmem.data.bars import log_returns
from seqmem.data.series import day
from seqmem.models.classics.ewma import VarianceBaseline

PERCENT = 100.0  # arch's optimiser wants returns of about 1
BACKCAST = 75  # returns from which arch begins its recursion: an earlier origin would know of later rows


class FitWarning(UserWarning):
    """A classic's fit that did not come off: says which, and on data up to when."""


class _Garch(VarianceBaseline):
    """Constant mean, zero lags in it, and a variance by maximum likelihood."""

    _earliest = BACKCAST

    @abstractmethod
    def _model(self, returns: np.ndarray) -> Any:
        """The model of `arch` for percent returns."""

    def _learn(self, known: Any) -> None:
        with warnings.catch_warnings():  # every fit of arch puts a filter before the caller's, for good
            found = self._model(_percent(known)).fit(disp="off", show_warning=True)
        self._parameters = np.asarray(found.params)
        self._residuals = np.asarray(found.std_resid)
        if found.convergence_flag != 0:
            self._tell(known, f"the fit did not converge: {found.optimization_result.message}")
        persistence = self._persistence()
        if not persistence <= 1 + 1e-6:  # 1 is where arch's constraint ends: WTI's variance is integrated
            self._tell(known, f"the fit explodes: its variance has a persistence of {persistence:.3g}")

    def _tell(self, known: Any, what: str) -> None:
        last = f" to {day(known.index[-1])}" if hasattr(known, "iloc") else ""
        who = f"{type(self).__name__}, on {len(known)} rows{last}"
        warnings.warn(f"{who}: {what}", FitWarning, stacklevel=5)

    @abstractmethod
    def _persistence(self) -> float:
        """How much of a variance is left the day after; above 1, it grows without end."""

    def _say(self, known: Any, at: np.ndarray) -> np.ndarray:
        fixed = self._model(_percent(known)).fix(self._parameters)
        first = int(at.min()) - 1  # returns begin a row later than prices
        daily = self._ahead(fixed, first)[at - 1 - first]
        cumulated = np.cumsum(daily, axis=1) / PERCENT**2
        return cumulated[:, np.array(self.horizons) - 1]

    def _ahead(self, fixed: Any, first: int) -> np.ndarray:
        """Daily variances [N, days ahead] from each row since `first`."""
        forecast = fixed.forecast(horizon=max(self.horizons), start=first, reindex=False)
        return np.asarray(forecast.variance)


class GARCH(_Garch):
    """GARCH(1,1) with normal errors (Bollerslev 1986): v_{t+1} = omega + alpha e_t^2 + beta v_t."""

    def _model(self, returns: np.ndarray) -> Any:
        from arch import univariate

        return univariate.ConstantMean(returns, volatility=univariate.GARCH(1, 0, 1))

    def _persistence(self) -> float:
        return float(sum(self._parameters[2:4]))


class GARCHt(_Garch):
    """GARCH(1,1) with Student's t errors (Bollerslev 1987)."""

    def _model(self, returns: np.ndarray) -> Any:
        from arch import univariate

        return univariate.ConstantMean(
            returns, volatility=univariate.GARCH(1, 0, 1), distribution=univariate.StudentsT()
        )

    def _persistence(self) -> float:
        return float(sum(self._parameters[2:4]))


class GJRt(_Garch):
    """GJR-GARCH(1,1,1), t errors (Glosten, Jagannathan and Runkle 1993): + gamma e_t^2 where e_t < 0."""

    def _model(self, returns: np.ndarray) -> Any:
        from arch import univariate

        return univariate.ConstantMean(
            returns, volatility=univariate.GARCH(1, 1, 1), distribution=univariate.StudentsT()
        )

    def _persistence(self) -> float:
        _, _, alpha, gamma, beta, _ = self._parameters
        return float(alpha + gamma / 2 + beta)


class EGARCHt(_Garch):
    """EGARCH(1,1,1), Student's t errors (Nelson 1991).

        log v_{t+1} = omega + alpha (|z_t| - sqrt(2 / pi)) + gamma z_t + beta log v_t

    `arch` has no formula for more than a day ahead. With g(z) all that a day adds,

        E v_{t+h} = exp(beta^(h-1) log v_{t+1}) prod_{j=0}^{h-2} E exp(beta^j g(z))

    and the mean over z is taken over the standardized residuals of the fit: under Student's t itself it would
    not exist.
    """

    def _model(self, returns: np.ndarray) -> Any:
        from arch import univariate

        return univariate.ConstantMean(
            returns, volatility=univariate.EGARCH(1, 1, 1), distribution=univariate.StudentsT()
        )

    def _ahead(self, fixed: Any, first: int) -> np.ndarray:
        tomorrow = np.asarray(fixed.forecast(horizon=1, start=first, reindex=False).variance)[:, 0]
        beta, adds = self._parameters[4], self._adds()
        days, factor = [tomorrow], 1.0
        for ahead in range(1, max(self.horizons)):
            factor *= np.mean(np.exp(beta ** (ahead - 1) * adds))
            days.append(tomorrow ** (beta**ahead) * factor)
        return np.stack(days, axis=1)

    def _persistence(self) -> float:
        with np.errstate(over="ignore"):
            finite = np.isfinite(np.mean(np.exp(self._adds())))
        return float(abs(self._parameters[4])) if finite else np.inf

    def _adds(self) -> np.ndarray:
        """g(z) for the residuals of the fit."""
        _, omega, alpha, gamma, _, _ = self._parameters
        z = self._residuals
        return np.asarray(omega + alpha * (np.abs(z) - np.sqrt(2 / np.pi)) + gamma * z)


def _percent(series: Any) -> np.ndarray:
    """Rounded: prices in other units have other last digits, which decide where arch's optimiser stops."""
    return np.round(PERCENT * log_returns(series)[1:], 6)
