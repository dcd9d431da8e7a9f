"""Is a series fit to be fed to an activation function? ADF and KPSS verdicts, and the share out of range."""

from typing import Any, NamedTuple

import numpy as np

from seqmem.data.unit_roots import adf, kpss

LEVEL = 0.01  # of both tests: a random walk passes both once in many thousand series


class NonStationary(ValueError):
    """Values that wander: a network trained on them is asked about levels it has never seen."""


class StationarityResult(NamedTuple):
    """What two tests with opposite null hypotheses say.

    Attributes:
        adf: p-value of augmented Dickey-Fuller; small: a unit root (a random walk) is rejected. NaN where
            the test cannot be made, which is no evidence against one.
        kpss: p-value of Kwiatkowski-Phillips-Schmidt-Shin; small: stationarity is rejected.
    """

    adf: float
    kpss: float

    @property
    def unit_root(self) -> bool:
        """Whether a unit root cannot be ruled out."""
        return not self.adf < LEVEL

    @property
    def stationary(self) -> bool:
        """Whether both tests say so."""
        return not self.unit_root and self.kpss >= LEVEL

    @property
    def words(self) -> str:
        """The verdict in plain words."""
        if np.isnan(self.adf):
            says = "too few values, or too smooth, to test"
        elif self.stationary:
            says = "stationary: ADF and KPSS agree"
        elif not self.unit_root:
            says = "no unit root, but the mean or the variance shifts"
        elif self.kpss < LEVEL:
            says = "non-stationary (unit root): ADF and KPSS agree"
        else:
            says = "a unit root cannot be ruled out"
        return f"{says} (ADF p = {self.adf:.3f}, KPSS p = {self.kpss:.3f})"


def adf_and_kpss(values: Any) -> StationarityResult:
    """ADF (Dickey and Fuller 1979) and KPSS (1992) with a constant, lags chosen from the data.

    Args:
        values: [N], at least 30 of them.

    Raises:
        ValueError: too few values, or values that do not vary or are not finite.

    >>> noise = np.random.default_rng(0).normal(size=500)
    >>> adf_and_kpss(noise).stationary, adf_and_kpss(noise.cumsum()).stationary
    (True, False)
    """
    from threadpoolctl import threadpool_limits

    values = np.asarray(values, dtype="float64").ravel()
    if values.size < 30 or not np.isfinite(values).all() or np.ptp(values) == 0:
        raise ValueError(
            "verdict: expected at least 30 finite values that vary. "
            f"Received: {values.size} values, {int((~np.isfinite(values)).sum())} of them not finite"
        )
    # On one thread: on cores that are busy, the threads of BLAS wait for one another a hundred times as long
    # as the tests take.
    with threadpool_limits(1, "blas"):
        return StationarityResult(adf=adf(values), kpss=kpss(values))


def require_stationary(values: Any, *, differenced: bool) -> None:
    """Refuse what must not be fed to a tanh.

    Args:
        values: what the network would see of the training part, [N].
        differenced: whether they are returns or differences. Those need only be free of a unit root;
            levels must satisfy both tests.

    Raises:
        NonStationary: with the verdict, and the transform to use.
    """
    found = adf_and_kpss(values)
    if np.isnan(found.adf):
        raise NonStationary(
            f"what the network would see cannot be tested: {np.size(values)} values, {found.words}"
        )
    if found.unit_root or not (differenced or found.stationary):
        raise NonStationary(
            f"the network would see values that are not stationary: {found.words}. "
            "Use LogReturn() for prices, Difference() for rates and spreads, "
            "or Chain([LogReturn(), Standardize()]), the default of PricePath()."
        )


def out_of_range(values: Any, seen: Any) -> float:
    """The share of `values` that lies outside the range of those `seen` in training.

    >>> out_of_range([1.0, 5.0, 9.0, 11.0], seen=[0.0, 10.0])
    0.25
    """
    values, seen = np.asarray(values), np.asarray(seen)
    return float(np.mean((values < seen.min()) | (values > seen.max())))
