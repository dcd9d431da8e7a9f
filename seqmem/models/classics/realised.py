"""Realised GARCH: a variance that follows a realised measure, and the measure that follows the variance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from seqmem.models.classics.fit_summary import FitSummary, as_table, sandwich
from seqmem.models.classics.variance import MONTH, VarianceClassic, gapped_ranges, returns, rolling_mean

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster

TINY = 1e-12  # of a variance: a month without any range still has a logarithm
LEAST = 0.01  # of the month's mean: a day without a range still has a logarithm
MOST = 4.0  # standard deviations: tau counts no return for more
NAMES = ("omega", "beta", "gamma", "xi", "phi", "tau1", "tau2", "sigma_u^2")
STARTS = (0.6, 0.9)  # of beta, from which the likelihood is climbed
LARGEST_SHARE = 3.0
LARGEST_BETA = 0.999


class RealisedGARCH(VarianceClassic):
    """The log-linear Realised GARCH(1,1) of Hansen, Huang and Shek (2012).

        r_t = sqrt(v_t) z_t,    log v_{t+1} = omega + beta log v_t + gamma log x_t
        log x_t = xi + phi log v_t + tau1 z_t + tau2 (z_t^2 - 1) + u_t

    x_t is Parkinson's variance of the day's range, or of a third of its true range (which the close before
    belongs to: a gap over night counts) where that is more; or a column of realised variances. It is never
    below a hundredth of its mean over 22 days. Fitted by the joint Gaussian
    quasi-likelihood of return and measure. Given log v the second equation is a regression, so that three
    numbers alone are searched for, from two fixed starts. z counts as 4 at most in tau, either way.

    Further ahead, log v is an AR(1) with persistence beta + phi gamma, and w = tau(z) + u,

        E v_{t+h} = exp(E log v_{t+h}) prod_{j=0}^{h-2} E exp(gamma (beta + phi gamma)^j w)

    where the mean over w is taken over those of the fit: no random number is drawn.

    Args:
        measure: a column of realised variances, such as ``realized_variance``; None: the range.
        horizons: rows ahead that a variance covers.

    >>> from seqmem.data.reading import read
    >>> from seqmem.data.splits import Split
    >>> bars = read("bundled:sp500").frame[:1500]
    >>> model = RealisedGARCH().fit(bars, Split(None, test_start=bars.index[1400]))
    >>> model.summary().parameters.round(2).loc[["beta", "gamma", "phi"]].to_dict()
    {'beta': 0.84, 'gamma': 0.15, 'phi': 0.95}
    """

    def __init__(self, measure: str | None = None, *, horizons: Sequence[int] = (1, 5)) -> None:
        super().__init__(horizons=horizons)
        self.measure: str | None = measure
        self.columns = ("high", "low", "close") if measure is None else (measure, "close")  # type: ignore[misc]
        self.name: str = "RealGARCH" + ("" if measure is None else f" ({measure})")

    def _estimate(self, known: pd.DataFrame) -> None:
        logs, changes = log_measure(known, self.measure), returns(known)
        self._known = (logs, changes)
        level = float(np.log(np.mean(changes[1:] ** 2)))
        found = max((_climb(logs, changes, level, start) for start in STARTS), key=lambda one: one.likelihood)
        self._parameters: np.ndarray = found.parameters
        self._likelihood: float = found.likelihood
        self._adds: np.ndarray = found.adds

    def _daily(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        omega, beta, gamma, *_ = self._parameters
        tomorrow = log_variances(log_measure(frame, self.measure), omega, beta, gamma)[origins]
        weights, adds = self.ahead()
        days = np.exp(np.minimum(tomorrow[:, None] * weights + adds, 50))  # held to its bounds afterwards
        return np.stack([days[:, :h].mean(axis=1) for h in self.horizons], axis=1)

    @property
    def persistence(self) -> float:
        """Beta + phi gamma: how much of a log variance is left a day later."""
        _, beta, gamma, _, phi, *_ = self._parameters
        return float(beta + phi * gamma)

    def ahead(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each day ahead the log variance is so many times tomorrow's, plus so much: [days] each."""
        omega, _, gamma, xi, *_ = self._parameters
        kept, constant = self.persistence, omega + gamma * xi
        weights, adds = [1.0], [0.0]
        convexity = 0.0
        for ahead in range(1, max(self.horizons)):
            convexity += float(np.log(np.mean(np.exp(gamma * kept ** (ahead - 1) * self._adds))))
            weights.append(kept**ahead)
            adds.append(constant * sum(kept**j for j in range(ahead)) + convexity)
        return np.array(weights), np.array(adds)

    def _graph(self) -> "Forecaster":
        from keras.initializers import Constant

        from seqmem.cells import EMACell
        from seqmem.models.classics.graphs import build, inputs

        omega, beta, gamma, *_ = self._parameters
        centre = float(self._known[0].mean())
        weights, adds = self.ahead()
        level = (omega + gamma * centre) / (1 - beta)  # of log v where log x stands at the centre
        cell = EMACell(1, kernel_initializer="ones", bias_initializer=Constant(np.log(inputs.UNIT) - centre))
        found = build.forecaster(
            inputs.LogMeasure(realised=self.measure, **self._for_target),
            cell,
            self._bounds,
            bias=weights * level + adds - np.log(inputs.UNIT),
            readout=weights * gamma / (1 - beta),
            daily=True,
            exponential=True,
            memory=beta,
            who=self.name,
        )
        cell.decay.assign(build.logit(beta))
        return found

    def _summarise(self) -> FitSummary:
        logs, changes = self._known
        scores, hessian = _derivatives(self._parameters, logs, changes)
        return FitSummary(
            self.name,
            as_table(NAMES, self._parameters, sandwich(scores, hessian)),
            self.persistence,
            len(logs),
            log_likelihood=self._likelihood,
            note="of log variances of log returns; the log-likelihood is that of return and measure; robust "
            "standard errors",
        )


class _Fit(NamedTuple):
    likelihood: float
    parameters: np.ndarray
    adds: np.ndarray  # tau(z) + u of each row


def log_measure(frame: pd.DataFrame, column: str | None) -> np.ndarray:
    """The logarithm of the measure, [rows].

    Raises:
        ValueError: realised variances below 0.
    """
    values = gapped_ranges(frame) if column is None else frame[column].to_numpy("float64")
    if (values < 0).any():
        row = int(np.argmax(values < 0))
        raise ValueError(f"{column}: expected variances of at least 0. Row {row + 1}: {values[row]}")
    return np.asarray(np.log(np.maximum(values, LEAST * rolling_mean(values, MONTH) + TINY)))


def log_variances(logs: np.ndarray, omega: float, beta: float, gamma: float) -> np.ndarray:
    """The log variance of the day after each; before the first, log x stood at its month's mean."""
    from scipy.signal import lfilter

    start = (omega + gamma * logs[:MONTH].mean()) / (1 - beta)
    return np.asarray(lfilter([1.0], [1, -beta], omega + gamma * logs, zi=[beta * start])[0])


def _climb(logs: np.ndarray, changes: np.ndarray, level: float, beta: float) -> _Fit:
    """The highest likelihood, the measurement equation by regression.

    Searched over beta, the share gamma / (1 - beta) of the smoothed measure, and the level of log v: each
    moves the likelihood by itself.
    """
    from scipy.optimize import minimize

    centre = float(logs.mean())

    def loss(where: np.ndarray) -> tuple[float, np.ndarray]:
        likelihood, slope = _profile(where, logs - centre, changes)
        return -likelihood / len(logs), -slope / len(logs)

    limits = [(0.0, LARGEST_BETA), (0.0, LARGEST_SHARE), (level - 2, level + 2)]
    options = {"maxiter": 200, "ftol": 1e-15, "gtol": 1e-9}
    found = minimize(loss, [beta, 0.9, level], jac=True, method="L-BFGS-B", bounds=limits, options=options)
    beta, share, middle = found.x
    gamma = share * (1 - beta)
    omega = middle * (1 - beta) - gamma * centre
    fitted = log_variances(logs, omega, beta, gamma)[:-1]
    z = changes[1:] * np.exp(-fitted / 2)
    weights, wrong = _regress(logs[1:], fitted, z)
    xi, phi, tau1, tau2 = weights
    parameters = np.array([omega, beta, gamma, xi, phi, tau1, tau2, np.mean(wrong**2)])
    return _Fit(-found.fun * len(logs), parameters, logs[1:] - xi - phi * fitted)


def _profile(where: np.ndarray, logs: np.ndarray, changes: np.ndarray) -> tuple[float, np.ndarray]:
    """The likelihood at the best regression, and its slope in beta, share and level."""
    from scipy.signal import lfilter

    beta, share, middle = where
    first = logs[:MONTH].mean()
    smooth = lfilter([1 - beta], [1, -beta], logs, zi=[beta * first])[0]
    in_beta = lfilter([1.0], [1, -beta], np.concatenate([[first], smooth[:-1]]) - logs)
    fitted = middle + share * smooth[:-1]
    z = changes[1:] * np.exp(-fitted / 2)
    (_, phi, tau1, tau2), wrong = _regress(logs[1:], fitted, z)
    spread = np.mean(wrong**2)
    likelihood = -0.5 * float(np.sum(fitted + z**2) + len(z) * (np.log(spread) + 1 + 2 * np.log(2 * np.pi)))
    in_error = -phi + np.where(np.abs(z) < MOST, tau1 * z / 2 + tau2 * z**2, 0)
    in_fitted = -0.5 * (1 - z**2 + 2 * wrong * in_error / spread)
    slope = [share * (in_fitted @ in_beta[:-1]), in_fitted @ smooth[:-1], in_fitted.sum()]
    return likelihood, np.array(slope)


def _regress(logs: np.ndarray, fitted: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log measures on the log variance and tau: the weights, and what they leave."""
    x = _regressors(fitted, z)
    weights = np.linalg.lstsq(x.T @ x, x.T @ logs, rcond=None)[0]  # z may all be at its limits
    return weights, logs - x @ weights


def _regressors(fitted: np.ndarray, z: np.ndarray) -> np.ndarray:
    z = np.clip(z, -MOST, MOST)
    return np.stack([np.ones(len(z)), fitted, z, z**2 - 1], axis=1)


def _derivatives(
    parameters: np.ndarray, logs: np.ndarray, changes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First derivatives of each row's negative log-likelihood, second ones of its mean, by differences."""

    def rows(values: np.ndarray) -> np.ndarray:
        omega, beta, gamma, *weights, spread = values
        fitted = log_variances(logs, omega, beta, gamma)[:-1]
        z = changes[1:] * np.exp(-fitted / 2)
        wrong = logs[1:] - _regressors(fitted, z) @ np.array(weights)
        return np.asarray(0.5 * (fitted + z**2 + np.log(spread) + wrong**2 / spread))

    sizes = 1e-4 * np.maximum(np.abs(parameters), 1e-2)
    sizes[1] = min(sizes[1], (1 - parameters[1]) / 4)
    steps = np.diag(sizes)

    def slopes(values: np.ndarray) -> np.ndarray:
        return np.stack([(rows(values + e) - rows(values - e)) / (2 * e.sum()) for e in steps], axis=1)

    curve = np.stack(
        [(slopes(parameters + e) - slopes(parameters - e)).mean(axis=0) / (2 * e.sum()) for e in steps]
    )
    return slopes(parameters), (curve + curve.T) / 2
