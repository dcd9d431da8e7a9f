"""Copies of a forecaster."""

from seqmem.models.forecaster import Forecaster


def copy_of(forecaster: Forecaster) -> Forecaster:
    """A forecaster of the same configuration and weights, without the optimizer that trained the first.

    >>> from seqmem import GRUCell
    >>> from seqmem.models.volatility import variance_forecaster
    >>> one = variance_forecaster(GRUCell(2), lookback=5)
    >>> two = copy_of(one)
    >>> all((a == b).all() for a, b in zip(one.get_weights(), two.get_weights(), strict=True))
    True
    """
    forecaster.build()
    found = Forecaster.from_config(forecaster.get_config())
    found.build()
    found.set_weights(forecaster.get_weights())
    found.fitted_until = forecaster.fitted_until
    return found
