"""GARCH, by the package `arch`: fitted on the training part, filtered from there on."""

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from seqmem.data.dataset import day
from seqmem.models.classics.fit_summary import FitSummary, as_table
from seqmem.models.classics.variance import VarianceClassic, returns

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster

PERCENT = 100.0  # arch's optimiser wants returns of about 1
SHAPES = {"normal": 0, "t": 1, "skewt": 2}  # distribution of the errors -> how many parameters it has
BACKCAST = 75  # returns from which arch begins its recursion: an earlier origin would know of later rows


class FitWarning(UserWarning):
    """A classic's fit that did not come off: says which, and on data up to when."""


class ArchClassic(VarianceClassic):
    """Constant mean, no lags in it, and a variance by maximum likelihood.

    Args:
        distribution: of the errors: "normal", "t" (Student's, Bollerslev 1987), or "skewt" (Hansen 1994).
        horizons: rows ahead that a variance covers.

    Raises:
        ValueError: another distribution.
    """

    context_length = BACKCAST + 1

    def __init__(self, distribution: str, horizons: Sequence[int]) -> None:
        super().__init__(horizons=horizons)
        if distribution not in SHAPES:
            raise ValueError(
                f"{type(self).__name__}: distribution must be among {', '.join(SHAPES)}. "
                f"Received: {distribution!r}"
            )
        self.distribution = distribution

    @abstractmethod
    def _volatility(self) -> Any:
        """The volatility process of `arch`."""

    @abstractmethod
    def _persistence(self) -> float:
        """How much of a variance is left the row after; above 1, it grows without end."""

    def _model(self, percent: np.ndarray) -> Any:
        """The model of `arch` for percent returns."""
        from arch import univariate

        return univariate.ConstantMean(percent, volatility=self._volatility(), distribution=self._errors())

    def _errors(self) -> Any:
        """The distribution of `arch`."""
        from arch import univariate

        if self.distribution == "normal":
            return univariate.Normal()
        return univariate.StudentsT() if self.distribution == "t" else univariate.SkewStudent()

    def _estimate(self, known: pd.DataFrame) -> None:
        with warnings.catch_warnings():  # every fit of arch puts a filter before the caller's, for good
            found = self._model(_percent(known)).fit(disp="off", show_warning=True)
        self._found = found
        self._parameters = np.asarray(found.params)
        self._residuals = np.asarray(found.std_resid)
        if found.convergence_flag != 0:
            self._tell(known, f"the fit did not converge: {found.optimization_result.message}")
        persistence = self._persistence()
        if not persistence <= 1 + 1e-6:  # 1 is where arch's constraint ends: WTI's variance is integrated
            self._tell(known, f"the fit explodes: its variance has a persistence of {persistence:.3g}")

    def standard_quantiles(self, levels: np.ndarray) -> np.ndarray:
        """Those of the normal, of Student's t or of the skewed t, as fitted."""
        count = SHAPES[self.distribution]
        return np.asarray(self._errors().ppf(levels, self._parameters[-count:] if count else None))

    def _summarise(self) -> FitSummary:
        found = self._found
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a Hessian that cannot be inverted gives NaN, which says it
            errors = np.asarray(found.std_err)
        return FitSummary(
            self.name,
            as_table(list(found.params.index), self._parameters, errors),
            self._persistence(),
            int(found.nobs) + 1,
            log_likelihood=float(found.loglikelihood),
            note="of returns in percent; robust standard errors (Bollerslev and Wooldridge 1992), by arch",
        )

    def _tell(self, known: pd.DataFrame, what: str) -> None:
        last = f" to {day(known.index[-1])}" if isinstance(known.index, pd.DatetimeIndex) else ""
        warnings.warn(f"{self.name}, on {len(known)} rows{last}: {what}", FitWarning, stacklevel=7)

    def _daily(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        fixed = self._model(_percent(frame)).fix(self._parameters)
        first = int(origins.min()) - 1  # returns begin a row later than prices
        days = self._ahead(fixed, first)[origins - 1 - first]
        means = np.cumsum(days, axis=1) / np.arange(1, days.shape[1] + 1) / PERCENT**2
        return means[:, np.array(self.horizons) - 1]

    def _ahead(self, fixed: Any, first: int) -> np.ndarray:
        """Daily variances [N, rows ahead] from each row since `first`."""
        forecast = fixed.forecast(horizon=max(self.horizons), start=first, reindex=False)
        return np.asarray(forecast.variance)


class GARCH(ArchClassic):
    """GARCH(p, q) (Bollerslev 1986), or with o > 0 GJR-GARCH (Glosten, Jagannathan and Runkle 1993).

        v_t = omega + sum alpha_i e_{t-i}^2 + sum gamma_i e_{t-i}^2 [e_{t-i} < 0] + sum beta_i v_{t-i}

    Args:
        p: lags of the squared errors.
        o: lags of the squared errors below 0: losses count more than gains.
        q: lags of the variance.
        distribution: of the errors, "normal", "t" or "skewt".
        horizons: rows ahead that a variance covers.

    >>> [GARCH().name, GARCH(distribution="t").name, GARCH(o=1, distribution="t").name, GARCH(2, 0, 1).name]
    ['GARCH', 'GARCH-t', 'GJR-t', 'GARCH(2,0,1)']
    >>> GARCH(distribution="skewt").name
    'GARCH-skewt'
    """

    def __init__(
        self,
        p: int = 1,
        o: int = 0,
        q: int = 1,
        *,
        distribution: str = "normal",
        horizons: Sequence[int] = (1, 5),
    ) -> None:
        super().__init__(distribution, horizons)
        self.p: int = p
        self.o: int = o
        self.q: int = q
        orders = "" if (p, q) == (1, 1) and o <= 1 else f"({p},{o},{q})"
        self.name: str = f"{'GJR' if o else 'GARCH'}{orders}{suffix(distribution)}"

    def _volatility(self) -> Any:
        from arch import univariate

        return univariate.GARCH(self.p, self.o, self.q)

    def _persistence(self) -> float:
        _, _, *lags = self._parameters  # mean and omega
        alpha, gamma, beta = np.split(np.array(lags), [self.p, self.p + self.o])
        return float(alpha.sum() + gamma.sum() / 2 + beta[: self.q].sum())

    def _graph(self) -> "Forecaster":
        from seqmem.cells import GARCHCell
        from seqmem.models.classics.graphs import build, inputs

        if (self.p, self.q) != (1, 1) or self.o > 1:
            raise ValueError(f"{self.name}: the graph has orders (1,0,1) and (1,1,1). Fit one of those")
        mean, omega, alpha, *gamma, beta = self._parameters[: 4 + self.o]
        cell = GARCHCell(
            1,
            omega=float(omega),
            alpha=float(alpha),
            beta=float(beta),
            gamma=float(gamma[0]) if gamma else None,
            use_bias=False,
            kernel_initializer="ones",
        )
        kept = self._persistence() ** np.arange(max(self.horizons))
        return build.forecaster(
            inputs.ReturnInputs(mean=float(mean), **self._for_target),
            cell,
            self._bounds,
            bias=omega * np.concatenate([[0], np.cumsum(kept)[:-1]]),
            readout=kept,
            daily=True,
            memory=float(beta),
            who=self.name,
        )


def suffix(distribution: str) -> str:
    """The end of a model's name."""
    return "" if distribution == "normal" else f"-{distribution}"


def _percent(frame: pd.DataFrame) -> np.ndarray:
    """Rounded: prices in other units have other last digits, which decide where arch's optimiser stops."""
    return np.round(PERCENT * returns(frame)[1:], 6)
