"""Scores of value at risk and expected shortfall together."""

import numpy as np

from seqmem.evaluation.distribution_scores import DistributionScore
from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.outcome import Outcome
from seqmem.evaluation.tails import expected_shortfall, value_at_risk

LEAST = 1e-6  # of an expected shortfall


class FisslerZiegel(DistributionScore):
    """The FZ0 loss of value at risk and expected shortfall (Fissler and Ziegel 2016; Patton et al. 2019).

        1{y <= -VaR} (-VaR - y) / (a ES) + VaR / ES + log ES - 1,    y the log return

    Lowest on average where both are right. Differences between models do not depend on units.

    Args:
        level: a, the share of days on which the value at risk is exceeded.
        short: whether the position loses where the price rises.
    """

    path = False
    is_ratio = False

    def __init__(self, level: float = 0.01, *, short: bool = False) -> None:
        self.level: float = level
        self.short: bool = short
        side = "short" if short else "long"
        self.name: str = f"FZ {level:g} {side}"
        self.title: str = f"Fissler-Ziegel loss of VaR and ES at {level:.1%}, {side}"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """The formula above."""
        actual = np.log(outcome.value() / outcome.last[:, None])
        actual = -actual if self.short else actual
        quantile = -value_at_risk(forecast, self.level, short=self.short)
        shortfall = np.maximum(expected_shortfall(forecast, self.level, short=self.short), LEAST)
        hit = np.where(np.isnan(actual), np.nan, actual <= quantile)
        beyond = hit * (quantile - actual) / (self.level * shortfall)
        return np.asarray(beyond - quantile / shortfall + np.log(shortfall) - 1)
