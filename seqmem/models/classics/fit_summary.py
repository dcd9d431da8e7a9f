"""What a classic estimated: parameters with standard errors, how well they fit, how long a shock lasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class FitSummary:
    """The estimates of one fit.

    Attributes:
        model: its name.
        table: a row for each parameter: estimate, std_error and t; NaN where a number was not estimated.
        persistence: the share of a shock to the variance that is left a day later; 1: all of it, for good.
        rows: that it was fitted on.
        log_likelihood: of the fit, where it has one.
        loss: what was minimised, where that is no likelihood: the mean over rows and horizons.
        note: units, and how the standard errors were made.
    """

    model: str
    table: pd.DataFrame
    persistence: float
    rows: int
    log_likelihood: float | None = None
    loss: float | None = None
    note: str = ""

    @property
    def parameters(self) -> pd.Series:
        """The estimates, by name."""
        return self.table["estimate"]

    @property
    def standard_errors(self) -> pd.Series:
        """The standard errors, by name."""
        return self.table["std_error"]

    @property
    def _figures(self) -> str:
        fit = f"log-likelihood {self.log_likelihood:.3f}" if self.log_likelihood is not None else ""
        fit = fit or (f"loss {self.loss:.6g}" if self.loss is not None else "")
        return ", ".join(filter(None, [f"{self.rows} rows", fit, f"persistence {self.persistence:.4f}"]))

    def __str__(self) -> str:
        shown = self.table.to_string(float_format=lambda value: f"{value:.5g}")
        return "\n".join(filter(None, [f"{self.model}: {self._figures}", shown, self.note]))

    def _repr_html_(self) -> str:
        table = self.table.to_html(float_format=lambda value: f"{value:.5g}", border=0)
        lines = (f"<p>{escape(text)}</p>" if text else "" for text in (self._figures, self.note))
        return f"<p><b>{escape(self.model)}</b></p>{table}{''.join(lines)}"


def as_table(
    names: Sequence[str], estimates: Sequence[float] | np.ndarray, errors: Sequence[float] | np.ndarray
) -> pd.DataFrame:
    """The table of a `FitSummary`."""
    values, spread = np.asarray(estimates, "float64"), np.asarray(errors, "float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {"estimate": values, "std_error": spread, "t": values / spread}
    return pd.DataFrame(columns, index=pd.Index(names, name="parameter"))


def sandwich(scores: np.ndarray, hessian: np.ndarray, lags: int = 0) -> np.ndarray:
    """Standard errors [K] of an M-estimator: the roots of the diagonal of A^-1 B A^-1 / n (Huber 1967).

    Args:
        scores: derivatives of each row's loss, [n, K].
        hessian: A, second derivatives of the mean loss, [K, K].
        lags: of the rows' dependence, in B, by Bartlett weights (Newey and West 1987).
    """
    count = len(scores)
    middle = scores.T @ scores / count
    for lag in range(1, lags + 1):
        between = scores[lag:].T @ scores[:-lag] / count
        middle += (1 - lag / (lags + 1)) * (between + between.T)
    try:
        bread = np.linalg.inv(hessian)
    except np.linalg.LinAlgError:
        return np.full(len(hessian), np.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(np.diag(bread @ middle @ bread.T) / count))
