"""Quantities: what a forecast is a forecast of."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from keras import ops

from seqmem._configured import Configured

if TYPE_CHECKING:
    from seqmem.evaluation.forecast import Forecast

Tensor = Any


class Quantity(Configured, ABC):
    """What a model forecasts over each horizon, and what else can be read off such a forecast.

    Two quantities are equal where they are of one class and have the same arguments.

    Attributes:
        name: in tables and errors.
        expected: what a forecast of it must be, in words.
        formats: column of `Forecast.to_frame` -> format specification.
    """

    name: ClassVar[str]
    expected: ClassVar[str] = "a finite number"
    formats: ClassVar[dict[str, str]] = {}

    @abstractmethod
    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """What a server answers, by name, from forecasts [B, H]; in a graph."""

    def columns(self, forecast: "Forecast") -> dict[str, np.ndarray]:
        """What else a table shows beside the forecast, by name, each [N, H]."""
        return {}

    def is_valid(self, values: np.ndarray) -> np.ndarray:
        """Where forecasts are possible values of the quantity: a mask of their shape."""
        return np.isfinite(values)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash((type(self), str(sorted(self.get_config().items()))))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._arguments.items())})"


class Price(Quantity):
    """The close h rows ahead, in the units of the series.

    >>> Price() == Price(), Price().is_valid(np.array([1.0, 0.0, np.nan])).tolist()
    (True, [True, False, False])
    """

    name = "price"
    expected = "a price above 0"
    formats = {"mean": ".2f", "change": "+.2%"}

    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """The price: forecast."""
        return {"forecast": mean}

    def columns(self, forecast: "Forecast") -> dict[str, np.ndarray]:
        """The change from the close at the origin, as a share of it."""
        return {"change": forecast.point / forecast.last[:, None] - 1}

    def is_valid(self, values: np.ndarray) -> np.ndarray:
        """Above 0."""
        return np.isfinite(values) & (values > 0)


class Return(Quantity):
    """The log return over the next h rows."""

    name = "return"
    formats = {"mean": "+.2%", "price": ".2f"}

    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """The log return: forecast."""
        return {"forecast": mean}

    def columns(self, forecast: "Forecast") -> dict[str, np.ndarray]:
        """The price that such a return leads to."""
        return {"price": forecast.last[:, None] * np.exp(forecast.point)}


class Variance(Quantity):
    """The variance of the log return over the next h rows, in squared log returns.

    Args:
        periods_per_year: rows in a year, of the series' calendar: what a volatility is annualised with.

    Raises:
        ValueError: no periods.

    >>> Variance(365)
    Variance(periods_per_year=365)
    """

    name = "variance"
    expected = "a variance above 0"
    formats = {"mean": ".3e", "volatility": ".2%"}

    def __init__(self, periods_per_year: float = 252) -> None:
        if not periods_per_year > 0:
            raise ValueError(f"Variance: periods_per_year must be above 0. Received: {periods_per_year}")
        self.periods_per_year = periods_per_year

    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """The variance over each horizon, and the annualised volatility at that rate."""
        rows = ops.cast(ops.array(horizons), mean.dtype)
        return {"variance": mean, "volatility": ops.sqrt(mean * (self.periods_per_year / rows))}

    def columns(self, forecast: "Forecast") -> dict[str, np.ndarray]:
        """The annualised volatility, as a share: 0.2 is 20%."""
        return {"volatility": np.sqrt(forecast.point * (self.periods_per_year / np.array(forecast.horizons)))}

    def is_valid(self, values: np.ndarray) -> np.ndarray:
        """Above 0."""
        return np.isfinite(values) & (values > 0)
