"""Whether one model's losses are lower than another's by more than chance."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

SIGNIFICANCE = 0.05
MIN_ORIGINS = 100  # fewer overlapping forecasts than this say nothing
CONFIDENCE = 0.10  # the size of a model confidence set
MIN_LOSSES = 10  # to test at all
LARGEST = 1e100  # a loss beyond it has no square, and counts as infinite
EQUAL = 1e-12  # of the largest loss: what is closer differs by rounding alone


class DieboldMariano(NamedTuple):
    """The mean loss difference over its standard error (negative: the first is better), and its p-value."""

    statistic: float
    p_value: float


def diebold_mariano(first: Any, second: Any, *, horizon: int = 1) -> DieboldMariano:
    """Diebold and Mariano (1995) on two series of losses at the same origins, in time order.

    The standard error is Newey and West's (Bartlett weights) with max(horizon - 1, n^(1/3)) lags, the
    p-value two-sided from Student's t. Losses that are equal, or that are not all finite, give NaN: there is
    nothing to test.

    Raises:
        ValueError: losses of different lengths, or fewer than 10.

    >>> losses = np.random.default_rng(0).normal(size=(2, 400)) ** 2
    >>> diebold_mariano(losses[0] + 1, losses[1]).statistic > 5
    True
    """
    with np.errstate(invalid="ignore"):  # two that are infinite have no difference
        difference = np.asarray(first, dtype="float64") - np.asarray(second, dtype="float64")
    if difference.ndim != 1 or len(difference) < MIN_LOSSES:
        raise ValueError(
            f"diebold_mariano: expected at least {MIN_LOSSES} losses. Received: {difference.shape}"
        )
    scale = max(np.abs(first).max(), np.abs(second).max())
    if not np.isfinite(scale) or scale > LARGEST or (np.abs(difference) <= EQUAL * scale).all():
        return DieboldMariano(float("nan"), float("nan"))
    fitted = _mean_fit(difference, horizon)
    return DieboldMariano(float(fitted.tvalues[0]), float(fitted.pvalues[0]))


def newey_west_error(values: Any, *, horizon: int = 1) -> float:
    """The standard error of the mean of a series of which neighbours depend on each other, as above.

    >>> values = np.random.default_rng(0).normal(size=10_000)
    >>> 0.009 < newey_west_error(values) < 0.011 < newey_west_error(np.repeat(values, 5), horizon=5) * 1.2
    True
    """
    return float(_mean_fit(np.asarray(values, dtype="float64"), horizon).bse[0])


def _mean_fit(values: np.ndarray, horizon: int) -> Any:
    from statsmodels.api import OLS

    lags = max(horizon - 1, int(np.cbrt(len(values))))
    return OLS(values, np.ones(len(values))).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )


class MincerZarnowitz(NamedTuple):
    """The regression of what came on what was forecast, and whether it is the line of 45 degrees."""

    intercept: float
    slope: float
    r2: float
    p_value: float


def mincer_zarnowitz(realised: Any, forecast: Any, *, horizon: int = 1) -> MincerZarnowitz:
    """Mincer and Zarnowitz (1969): realised = a + b forecast + e; a = 0 and b = 1 where it is unbiased.

    The p-value is that of the Wald test of both, by Newey and West's errors with as many lags as
    `diebold_mariano`; a constant forecast has no slope: NaN.

    >>> draw = np.random.default_rng(0)
    >>> forecast = draw.uniform(1, 2, size=500)
    >>> found = mincer_zarnowitz(forecast * draw.normal(size=500) ** 2, forecast)
    >>> 0.4 < found.slope < 1.6, found.p_value > 0.05
    (True, True)
    """
    from statsmodels.api import OLS

    realised, forecast = np.asarray(realised, "float64"), np.asarray(forecast, "float64")
    if np.ptp(forecast) <= 1e-9 * np.abs(forecast).max():
        return MincerZarnowitz(*[float("nan")] * 4)
    inputs = np.stack([np.ones(len(forecast)), forecast], axis=1)
    lags = max(horizon - 1, int(np.cbrt(len(forecast))))
    fitted = OLS(realised, inputs).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    p_value = float(fitted.wald_test((np.eye(2), np.array([0.0, 1.0])), scalar=True).pvalue)
    intercept, slope = fitted.params
    return MincerZarnowitz(float(intercept), float(slope), float(fitted.rsquared), p_value)


def p_in_words(p_value: float) -> str:
    """A p-value as text; of equal losses it is NaN, which is neither small nor large.

    >>> p_in_words(0.412), p_in_words(0.0004), p_in_words(float("nan"))
    ('p = 0.41', 'p < 0.01', 'no difference')
    """
    if np.isnan(p_value):
        return "no difference"
    return f"p = {p_value:.2f}" if p_value >= 0.01 else "p < 0.01"


def model_confidence_set(losses: pd.DataFrame, *, size: float = CONFIDENCE, seed: int = 0) -> pd.Series:
    """The model confidence set of Hansen, Lunde and Nason (2011): a p-value for each model.

    Models with a p-value below `size` are left out: the rest hold the best with probability 1 - size. By
    the range statistic and 1,000 stationary bootstraps with blocks of n^(1/3), through `arch`. Models of
    the same losses share a p-value; one whose losses are not all finite has 0.

    Args:
        losses: a column for each model, a row for each origin, in time order.
        size: of the test.
        seed: of the bootstrap.

    >>> losses = pd.DataFrame(np.random.default_rng(0).normal(size=(400, 2)) ** 2, columns=["a", "b"])
    >>> (model_confidence_set(losses.assign(c=losses["a"] + 0.5)) >= 0.1).to_dict()
    {'a': True, 'b': True, 'c': False}
    """
    from arch.bootstrap import MCS

    found = pd.Series(0.0, losses.columns, name="mcs")
    finite = losses.loc[:, (losses.abs() <= LARGEST).all()]  # NaN is not
    # two of the same have no difference to test: the first of them stands for both
    first = {name: next(other for other in finite if _same(finite[other], finite[name])) for name in finite}
    varied = finite[list(dict.fromkeys(first.values()))]
    if varied.shape[1] < 2:
        found[finite.columns] = 1.0
        return found
    test = MCS(varied, size=size, reps=1000, block_size=int(np.cbrt(len(losses))) + 1, seed=seed)
    with np.errstate(divide="ignore", invalid="ignore"):  # a difference that never varies: it is certain
        test.compute()
    found[finite.columns] = test.pvalues["Pvalue"].loc[list(first.values())].to_numpy()
    return found


def _same(first: pd.Series, second: pd.Series) -> bool:
    scale = max(first.abs().max(), second.abs().max())
    return bool(((first - second).abs() <= EQUAL * scale).all())
