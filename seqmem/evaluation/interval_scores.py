"""Scores of intervals: of each horizon by itself, and of the band that holds the whole path."""

import numpy as np

from seqmem.evaluation.distribution_scores import PERCENT, DistributionScore
from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.outcome import Outcome


class LevelScore(DistributionScore):
    """A score of the central interval at a level.

    Args:
        level: of the interval, in percent.
    """

    about: str

    def __init__(self, level: float = 90) -> None:
        self.level: float = level
        self.name: str = f"{self.about} {level:g}%"
        self.title: str = f"{self.about} of the {level:g}% interval of the log return"

    def interval(self, forecast: Forecast) -> tuple[np.ndarray, np.ndarray]:
        """Its ends, as log returns in percent, each [N, H]."""
        outside = (1 - self.level / 100) / 2
        both = self.quantiles(forecast, outside, 1 - outside)
        return both[..., 0], both[..., 1]


class IntervalScore(LevelScore):
    """The interval score (Gneiting and Raftery 2007): the width, and 2 / a for each unit outside.

    Args:
        level: of the central interval, in percent.
    """

    about = "interval score"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """(u - l) + 2 / a (l - y)+ + 2 / a (y - u)+, with a the share outside."""
        low, high = self.interval(forecast)
        actual, outside = self.actual(outcome), 1 - self.level / 100
        below, above = np.maximum(low - actual, 0), np.maximum(actual - high, 0)
        return high - low + 2 / outside * np.where(np.isnan(actual), np.nan, below + above)


class Width(LevelScore):
    """How wide the central interval is: of intervals that cover alike, the narrower is better.

    Args:
        level: of the central interval, in percent.
    """

    about = "width"
    proper = False
    format = ".2f"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """U - l."""
        low, high = self.interval(forecast)
        return high - low


class Coverage(LevelScore):
    """How often what came lies within the central interval; no loss: it is right where it is the level.

    `coverage_table` gives it with its binomial interval.

    Args:
        level: of the central interval, in percent.
    """

    about = "coverage"
    proper = False
    format = ".1%"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """1 within, 0 outside."""
        low, high = self.interval(forecast)
        actual = self.actual(outcome)
        return np.where(np.isnan(actual), np.nan, (low <= actual) & (actual <= high))


class JointCoverage(LevelScore):
    """How often the whole path that came lies within the joint band of sampled paths.

    It is one number for each origin, which stands at every horizon.

    Args:
        level: of the band, in percent; see `seqmem.evaluation.paths.joint_band`.
    """

    about = "joint coverage"
    proper = False
    format = ".1%"

    def interval(self, forecast: Forecast) -> tuple[np.ndarray, np.ndarray]:
        """The ends of the band at each horizon."""
        low, high = forecast.band(self.level)
        low, high = (forecast.quantity.log_return(one, forecast.last) for one in (low, high))  # type: ignore[attr-defined]
        return PERCENT * low, PERCENT * high

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """1 where every horizon is within, 0 otherwise."""
        low, high = self.interval(forecast)
        actual = self.actual(outcome)
        inside = ((low <= actual) & (actual <= high)).all(axis=1, keepdims=True)
        known = np.where(np.isnan(actual).any(axis=1, keepdims=True), np.nan, inside)
        return np.repeat(known, actual.shape[1], axis=1)
