"""The classics that a model is measured by, by name."""

from collections.abc import Sequence

from seqmem.models.base import Classic
from seqmem.models.classics.egarch import EGARCH
from seqmem.models.classics.ewma import EWMA, ConstantVariance
from seqmem.models.classics.garch import GARCH
from seqmem.models.classics.har import HAR, RangeHAR
from seqmem.models.classics.log_har import LogHAR
from seqmem.models.classics.naive import Drift, LastClose, MeanReturn
from seqmem.models.classics.realised import RealisedGARCH
from seqmem.models.classics.returns import HistoricalSimulation, OwnDistribution
from seqmem.quantities import Quantity

REFERENCES = ("GARCH-t", "GJR-t")  # that a model of variances should beat


def benchmark_models(horizons: Sequence[int] = (1, 5), *, use_range: bool = True) -> dict[str, Classic]:
    """The classics of variances, not fitted, by name.

    Args:
        horizons: rows ahead that a variance covers.
        use_range: whether those that read highs and lows are among them.
    """
    t = "t"
    models: list[Classic] = [
        ConstantVariance(horizons=horizons),
        EWMA(horizons=horizons),
        GARCH(horizons=horizons),
        GARCH(distribution=t, horizons=horizons),
        GARCH(distribution="skewt", horizons=horizons),
        GARCH(o=1, distribution=t, horizons=horizons),
        EGARCH(distribution=t, horizons=horizons),
        HAR(horizons=horizons),
    ]
    if use_range:
        models += [RangeHAR(horizons=horizons), LogHAR(horizons=horizons), RealisedGARCH(horizons=horizons)]
    return {model.name: model for model in models}


def naive_models(horizon: int) -> dict[str, Classic]:
    """The naive forecasts of the next closes, not fitted, by name.

    >>> list(naive_models(5))
    ['last close', 'drift', 'mean return']
    """
    models = [LastClose(horizon=horizon), Drift(horizon=horizon), MeanReturn(horizon=horizon)]
    return {model.name: model for model in models}


def classics_of(quantity: Quantity, horizons: Sequence[int]) -> dict[str, Classic]:
    """The classics that forecast a quantity, not fitted, by name.

    >>> from seqmem.quantities import Price, Return
    >>> list(classics_of(Price(), (1, 2))), list(classics_of(Return(), (1,)))[:2]
    (['last close', 'drift', 'mean return'], ['historical 500', 'EWMA'])
    """
    variances = benchmark_models(horizons)
    errors = [OwnDistribution(one) for one in variances.values() if isinstance(one, EWMA | GARCH)]
    naive, returns = naive_models(max(horizons)), HistoricalSimulation(horizons=horizons)
    known = [*naive.values(), *variances.values(), returns, *errors]
    return {one.name: one for one in known if type(one.quantity) is type(quantity)}
