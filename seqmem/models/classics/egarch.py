"""EGARCH, by the package `arch`, and its forecasts of more than a day by hand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqmem.models.classics.garch import ArchClassic, suffix

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster


class EGARCH(ArchClassic):
    """EGARCH(1,1,1) (Nelson 1991).

        log v_{t+1} = omega + alpha (|z_t| - sqrt(2 / pi)) + gamma z_t + beta log v_t

    `arch` has no formula for more than a day ahead. With g(z) all that a day adds,

        E v_{t+h} = exp(beta^(h-1) log v_{t+1}) prod_{j=0}^{h-2} E exp(beta^j g(z))

    and the mean over z is taken over the standardized residuals of the fit: under Student's t itself it would
    not exist.

    Args:
        distribution: of the errors, "normal", "t" or "skewt".
        horizons: rows ahead that a variance covers.
    """

    def __init__(self, *, distribution: str = "normal", horizons: Sequence[int] = (1, 5)) -> None:
        super().__init__(distribution, horizons)
        self.name = f"EGARCH{suffix(distribution)}"

    def _volatility(self) -> Any:
        from arch import univariate

        return univariate.EGARCH(1, 1, 1)

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

    def _graph(self) -> "Forecaster":
        from seqmem.models.classics.graphs import build, inputs
        from seqmem.models.classics.graphs.recurrence import EGARCHCell

        mean, omega, alpha, gamma, beta = map(float, self._parameters[:5])
        level = omega / (1 - beta)
        weights = beta ** np.arange(max(self.horizons))
        grown = [np.log(np.mean(np.exp(weight * self._adds()))) for weight in weights[:-1]]
        return build.forecaster(
            inputs.ReturnInputs(mean=mean, **self._for_target),
            EGARCHCell(level, alpha, gamma, beta),
            self._bounds,
            bias=weights * level + np.concatenate([[0], np.cumsum(grown)]),
            readout=weights,
            daily=True,
            exponential=True,
            memory=abs(beta),
            who=self.name,
        )

    def _adds(self) -> np.ndarray:
        """g(z) for the residuals of the fit."""
        omega, alpha, gamma = self._parameters[1:4]
        z = self._residuals
        return np.asarray(omega + alpha * (np.abs(z) - np.sqrt(2 / np.pi)) + gamma * z)
