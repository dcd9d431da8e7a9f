"""Scores of distributions of log returns, in percent: of each horizon by itself, and of a path jointly."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.outcome import Outcome
from seqmem.evaluation.scores import Score
from seqmem.evaluation.tails import return_quantiles
from seqmem.quantities import PriceMove, Quantity

PERCENT = 100.0
GRID = (0.01, 0.05, *(round(0.1 * n, 1) for n in range(1, 10)), 0.95, 0.99)


class DistributionScore(Score):
    """A score of quantiles or sampled paths of a price or a return."""

    quantity: ClassVar[type[Quantity]] = PriceMove  # type: ignore[type-abstract]
    path = True

    def quantiles(self, forecast: Forecast, *levels: float) -> np.ndarray:
        """Quantiles of the log return in percent, [N, H, Q]."""
        return PERCENT * return_quantiles(forecast, np.array(levels))

    def actual(self, outcome: Outcome) -> np.ndarray:
        """The log return that came, in percent, [N, H]."""
        return PERCENT * np.log(outcome.value() / outcome.last[:, None])


class Pinball(DistributionScore):
    """The pinball loss of one quantile (Koenker and Bassett 1978): lowest where it is that quantile.

    Args:
        level: of the quantile.
    """

    def __init__(self, level: float) -> None:
        self.level = level
        self.name: str = f"pinball {level:g}"
        self.title: str = f"pinball loss of the {level:.1%} quantile of the log return, %"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """max(q (y - x), (q - 1) (y - x))."""
        error = self.actual(outcome) - self.quantiles(forecast, self.level)[..., 0]
        return np.maximum(self.level * error, (self.level - 1) * error)


class CRPS(DistributionScore):
    """The continuous ranked probability score (Gneiting and Raftery 2007): the pinball loss over all levels.

    The integral is taken between the same levels whatever a forecast is made of, so that models of quantiles
    and of sampled paths are compared alike.

    Args:
        levels: between which the integral is taken; those of the forecast must reach as far.
    """

    name = "CRPS"
    title = "continuous ranked probability score of the cumulative log return, %"

    def __init__(self, levels: Sequence[float] = GRID) -> None:
        self.levels: tuple[float, ...] = tuple(levels)

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """Twice the integral of the pinball loss."""
        levels = np.array(self.levels)
        error = self.actual(outcome)[..., None] - self.quantiles(forecast, *self.levels)
        pinball = np.maximum(levels * error, (levels - 1) * error)
        return 2 * np.asarray(np.trapezoid(pinball, levels, axis=-1))


class EnergyScore(DistributionScore):
    """The energy score (Gneiting and Raftery 2007) of the whole path jointly, from sampled paths.

    It is one number for each origin, which stands at every horizon.
    """

    name = "energy score"
    title = "energy score of the path of log returns, %"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """E||X - y|| - E||X - X'|| / 2, the second over draws half the sample apart."""
        draws, actual = PERCENT * _returns(forecast), self.actual(outcome)
        far = np.linalg.norm(draws - actual[:, None], axis=2).mean(axis=1)
        other = np.roll(draws, draws.shape[1] // 2, axis=1)
        score = far - np.linalg.norm(draws - other, axis=2).mean(axis=1) / 2
        return np.repeat(score[:, None], len(forecast.horizons), axis=1)


def probability_integral_transform(forecast: Forecast, outcome: Outcome) -> np.ndarray:
    """Where each outcome lies in its forecast distribution, [N, H] in [0, 1]: uniform if that is right.

    From quantiles it is linear between their levels, and the nearest level beyond them.
    """
    actual = np.log(outcome.value() / outcome.last[:, None])
    if forecast.paths is not None:
        below = (_returns(forecast) <= actual[:, None]).mean(axis=1)
        return np.where(np.isnan(actual), np.nan, below)
    quantiles = return_quantiles(forecast, np.array(forecast.levels))
    rows = zip(actual.ravel(), quantiles.reshape(-1, quantiles.shape[-1]), strict=True)
    flat = [np.interp(y, x, forecast.levels) for y, x in rows]
    return np.where(np.isnan(actual), np.nan, np.reshape(flat, actual.shape))


def _returns(forecast: Forecast) -> np.ndarray:
    """Sampled paths as log returns, [N, S, H]."""
    if forecast.paths is None or not isinstance(forecast.quantity, PriceMove):
        raise ValueError("expected sampled paths of a price or a return. Received: quantiles or a mean alone")
    return forecast.quantity.log_return(forecast.paths, forecast.last)
