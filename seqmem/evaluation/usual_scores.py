"""The scores that models of a quantity are compared by, where none are named."""

from collections.abc import Sequence

from seqmem.evaluation.distribution_scores import CRPS
from seqmem.evaluation.scores import (
    QLIKE,
    AbsoluteLogError,
    ParkinsonRange,
    Score,
    SquaredLogError,
    SquaredReturns,
)
from seqmem.quantities import Price, PriceMove, Quantity, Variance


def usual_scores(quantity: Quantity, *, levels: Sequence[float] = (), use_range: bool = False) -> list[Score]:
    """The scores that models of a quantity are compared by where none are named; the first decides.

    Args:
        quantity: what is forecast.
        levels: of the quantiles that every model forecasts.
        use_range: whether the data have highs and lows.

    Raises:
        ValueError: a quantity without scores: return forecasts without quantiles, and your own.
    """
    if isinstance(quantity, Variance):
        return [QLIKE(SquaredReturns()), *([QLIKE(ParkinsonRange())] if use_range else [])]
    if isinstance(quantity, Price):
        return [SquaredLogError(), AbsoluteLogError()]
    if isinstance(quantity, PriceMove) and len(levels) > 1:
        return [CRPS(levels)]
    raise ValueError(f"scores: none is the usual one of a {quantity.name}: give scores=[...]")
