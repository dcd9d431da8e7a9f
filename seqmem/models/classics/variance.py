"""The contract of a classic of variances: estimates, forecasts, and the range that they may not leave."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import pandas as pd

from seqmem.data.measures import log_returns, parkinson, true_range_variance
from seqmem.models.base import Classic
from seqmem.models.classics.fit_summary import FitSummary
from seqmem.quantities import Quantity, Variance

if TYPE_CHECKING:
    from seqmem.models.forecaster import Forecaster

MONTH = 22  # rows
BEYOND = 10.0  # times what a classic was fitted on, above and below: its forecasts go no further


class VarianceClassic(Classic):
    """The variance of the log return over the next h rows, in squared log returns, for each horizon h.

    What learns forecasts no mean daily variance above ten times the largest mean squared return over h rows
    that it was fitted on, and none below a tenth of the lowest over 22 rows (the "insanity filter" of Swanson
    and White 1997): whatever comes in, what goes out is a variance that the series could have.

    A subclass writes `_estimate`, `_daily` and `_summarise`.

    Args:
        horizons: rows ahead that a variance covers, each at least 1.

    Raises:
        ValueError: no horizons, or one below 1.
    """

    fewest = 60
    context_length = MONTH + 1  # what a recursion begins with lies before the first origin
    beyond: ClassVar[float] = BEYOND  # above the largest
    _bounds: tuple[np.ndarray, np.ndarray] = (np.zeros(1), np.full(1, np.inf))  # of what does not learn

    def __init__(self, *, horizons: Sequence[int] = (1, 5)) -> None:
        super().__init__()
        if not horizons or min(horizons) < 1:
            who = type(self).__name__
            raise ValueError(f"{who}: horizons must be at least 1. Received: horizons={horizons}")
        self.horizons: tuple[int, ...] = tuple(horizons)
        self.quantity: Quantity = Variance()

    @abstractmethod
    def _estimate(self, known: pd.DataFrame) -> None:
        """Estimate the parameters from the whole of one series."""

    @abstractmethod
    def _daily(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        """Mean daily variances over each horizon [N, H], from a series that ends at the last origin."""

    @abstractmethod
    def _summarise(self) -> FitSummary:
        """What was estimated."""

    def summary(self, unique_id: str = "") -> FitSummary:
        """Parameters, standard errors, log-likelihood or loss, and persistence of the fit.

        Args:
            unique_id: the series, where it was fitted on several.

        Raises:
            ValueError: never fitted, or not on this series.
        """
        fitted = self._copy_for(unique_id)
        assert isinstance(fitted, VarianceClassic)
        return fitted._summarise()

    def to_forecaster(self) -> "Forecaster":
        """The fitted classic as a network and its target, to be exported, served, or trained further.

        A recursion begins at the window's start, which is so far back that a 1e-7th of it is left.

        Raises:
            ValueError: never fitted, or on several series; orders without a graph; a memory above 2,000 rows.
        """
        if self.learns and len(self._fitted) > 1:
            series = ", ".join(self._fitted)
            raise ValueError(f"{self.name}: expected to be fitted on one series. Received: {series}")
        fitted = self._copy_for("") if self.learns else self
        assert isinstance(fitted, VarianceClassic)
        return fitted._graph()

    def _graph(self) -> "Forecaster":
        raise ValueError(f"{self.name}: has no graph, and cannot be exported")

    @property
    def _for_target(self) -> dict[str, Any]:
        """What every target of its graph is made with."""
        quantity = cast(Variance, self.quantity)  # `fit` takes it from a calendar, and leaves its kind
        return {"horizons": self.horizons, "periods_per_year": quantity.periods_per_year}

    def standard_quantiles(self, levels: np.ndarray) -> np.ndarray:
        """Quantiles of the model's own errors, of variance 1, once it has learnt: by default the normal's."""
        from scipy.stats import norm

        return np.asarray(norm.ppf(levels))

    def _learn(self, known: pd.DataFrame) -> None:
        self._bounds = bounds(known, self.horizons, self.beyond)
        self._estimate(known)

    def _say(self, frame: pd.DataFrame, origins: np.ndarray) -> np.ndarray:
        daily = self._daily(frame, origins)
        held = np.where(np.isfinite(daily), np.clip(daily, *self._bounds), np.nan)  # an explosion is told
        return np.asarray(held * np.array(self.horizons))

    def _constant(self, daily: np.ndarray) -> np.ndarray:
        """A variance that stays as it is, [N], as the mean over each horizon: [N, H]."""
        return np.repeat(daily[:, None], len(self.horizons), axis=1)


def bounds(known: pd.DataFrame, horizons: Sequence[int], beyond: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest mean daily variance that is forecast over each horizon, [H] each."""
    squared = squares(known)[1:]
    low = max(rolling_mean(squared, MONTH)[MONTH - 1 :].min(), squared.mean() / 1000) / BEYOND
    high = [beyond * rolling_mean(squared, days)[days - 1 :].max() for days in horizons]
    return np.full(len(high), low), np.maximum(high, low)


def rolling_mean(values: np.ndarray, days: int) -> np.ndarray:
    """Means of the last days up to each row; shorter where there are no more, NaN where there are none."""
    return pd.Series(values).rolling(days, min_periods=1).mean().to_numpy()


def returns(frame: pd.DataFrame) -> np.ndarray:
    """Log returns of the closes, [rows]; the first row has none: NaN."""
    return log_returns(frame["close"].to_numpy())


def squares(frame: pd.DataFrame) -> np.ndarray:
    """Squared log returns, [rows]; the first row has none: NaN."""
    return returns(frame) ** 2


def ranges(frame: pd.DataFrame) -> np.ndarray:
    """Parkinson's variance of each row, [rows]."""
    return parkinson(frame[["high", "low", "close"]].to_numpy())


def gapped_ranges(frame: pd.DataFrame) -> np.ndarray:
    """Parkinson's variance of each row, [rows], or that of a third of its true range, where that is more.

    The true range alone, which the close before always belongs to, costs accuracy where nights are restless
    (1.3 of 148 in QLIKE x 100 on NASDAQ to 2012); counted from three times the day's own range on it costs
    nothing, and a gap over night still counts.
    """
    return np.maximum(ranges(frame), true_range_variance(frame[["high", "low", "close"]].to_numpy()) / 9)
