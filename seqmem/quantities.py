"""Quantities: what a forecast is a forecast of."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from seqmem.evaluation.forecast import Forecast
    from seqmem.evaluation.outcome import Outcome

Tensor = Any


@dataclass(frozen=True)
class Quantity(ABC):
    """What a model forecasts over each horizon, and what else can be read off such a forecast.

    A client without Keras reads it from a model's card, so it is plain Python. Two quantities are equal where
    they are of one class and have the same fields.

    Attributes:
        name: in tables and errors.
        expected: what a forecast of it must be, in words.
        formats: column of `Forecast.to_frame` -> format specification.
        label: what a table calls the forecast itself.
        is_level: whether it is in the units of the closes, so that a plot may show both.
        signature: a second name of the signature that forecasts it, or none.
        axis: what a plot shows of it, with its unit.
        plainly: what `plainest` is, in words.
    """

    name: ClassVar[str]
    expected: ClassVar[str] = "a finite number"
    formats: ClassVar[dict[str, str]] = {}
    label: ClassVar[str] = "forecast"
    is_level: ClassVar[bool] = False
    signature: ClassVar[str] = ""
    axis: ClassVar[str] = "forecast"
    plainly: ClassVar[str] = ""

    @property
    def note(self) -> str:
        """What a reader of a table should know of its columns; empty where they say it."""
        return ""

    @abstractmethod
    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """What a server answers, by name, from forecasts [B, H]; the forecast itself first. In a graph."""

    def columns(self, forecast: "Forecast") -> dict[str, np.ndarray]:
        """What else a table shows beside the forecast, by name, each [N, H]."""
        return {}

    def on_axis(self, values: np.ndarray, horizons: Sequence[int]) -> np.ndarray:
        """Values [..., H] in the unit of the axis of a plot."""
        return values

    def plainest(self, outcome: "Outcome") -> np.ndarray | None:
        """The forecast of no model at all [N, H]; None: there is no such thing."""
        return None

    def for_periods(self, periods_per_year: float) -> "Quantity":
        """The same of a series with so many rows in a year, as its calendar says."""
        return self

    def is_valid(self, values: np.ndarray) -> np.ndarray:
        """Where forecasts are possible values of the quantity: a mask of their shape."""
        return np.isfinite(values)

    def to_config(self) -> dict[str, Any]:
        """The name and the fields, as JSON can hold them."""
        return {"name": self.name, **asdict(self)}

    @staticmethod
    def from_config(config: Mapping[str, Any]) -> "Quantity":
        """The quantity that `to_config` wrote; one of a class that is not imported here is an `Unknown`.

        >>> Quantity.from_config({"name": "variance", "periods_per_year": 365})
        Variance(periods_per_year=365)
        """
        fields = {name: value for name, value in config.items() if name != "name"}
        kinds = [*Quantity.__subclasses__(), *PriceMove.__subclasses__()]
        for kind in kinds:
            if kind not in (Unknown, PriceMove) and kind.name == config["name"]:
                return kind(**fields)
        return Unknown()


@dataclass(frozen=True)
class Unknown(Quantity):
    """A quantity whose class is not imported where a forecast is read."""

    name = "forecast"

    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """The number as it is: forecast."""
        return {"forecast": mean}


@dataclass(frozen=True)
class PriceMove(Quantity, ABC):
    """A quantity of the price itself: a forecast of it can be read as a log return, and scored as one."""

    name = "price or return"

    @abstractmethod
    def log_return(self, values: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Values [N, H, ...] as log returns from the closes at the origins [N]; increasing in the values."""

    @abstractmethod
    def of_log_return(self, returns: np.ndarray, last: np.ndarray) -> np.ndarray:
        """The other way."""


@dataclass(frozen=True)
class Price(PriceMove):
    """The close h rows ahead, in the units of the series.

    >>> Price() == Price(), Price().is_valid(np.array([1.0, 0.0, np.nan])).tolist()
    (True, [True, False, False])
    """

    name = "price"
    expected = "a price above 0"
    formats: ClassVar[dict[str, str]] = {"mean": ".2f", "change": "+.2%"}
    is_level = True
    plainly = "the last close"
    axis = "close, in the units of the series"

    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """The price: forecast."""
        return {"forecast": mean}

    def plainest(self, outcome: "Outcome") -> np.ndarray:
        """The last close."""
        return np.repeat(outcome.last[:, None], len(outcome.horizons), axis=1)

    def columns(self, forecast: "Forecast") -> dict[str, np.ndarray]:
        """The change from the close at the origin, as a share of it."""
        return {"change": forecast.point / forecast.last[:, None] - 1}

    def log_return(self, values: np.ndarray, last: np.ndarray) -> np.ndarray:
        """log(price / last)."""
        return np.log(values / last.reshape(-1, *[1] * (values.ndim - 1)))

    def of_log_return(self, returns: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Last exp(return)."""
        return last.reshape(-1, *[1] * (returns.ndim - 1)) * np.exp(returns)

    def is_valid(self, values: np.ndarray) -> np.ndarray:
        """Above 0."""
        return np.isfinite(values) & (values > 0)


@dataclass(frozen=True)
class Return(PriceMove):
    """The log return over the next h rows."""

    name = "return"
    formats: ClassVar[dict[str, str]] = {"mean": "+.2%", "price": ".2f"}
    axis = "log return since the origin, %"

    def on_axis(self, values: np.ndarray, horizons: Sequence[int]) -> np.ndarray:
        """In percent."""
        return 100 * values

    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """The log return: forecast."""
        return {"forecast": mean}

    def columns(self, forecast: "Forecast") -> dict[str, np.ndarray]:
        """The price that such a return leads to."""
        return {"price": forecast.last[:, None] * np.exp(forecast.point)}

    def log_return(self, values: np.ndarray, last: np.ndarray) -> np.ndarray:
        """It is one."""
        return values

    def of_log_return(self, returns: np.ndarray, last: np.ndarray) -> np.ndarray:
        """It is one."""
        return returns


@dataclass(frozen=True)
class Variance(Quantity):
    """The variance of the log return over the next h rows, in squared log returns.

    Args:
        periods_per_year: rows in a year, of the series' calendar: what a volatility is annualised with.

    Raises:
        ValueError: no periods.

    >>> Variance(365)
    Variance(periods_per_year=365)
    """

    periods_per_year: float = 252

    name = "variance"
    expected = "a variance above 0"
    formats: ClassVar[dict[str, str]] = {"mean": ".3e", "volatility": ".2%"}
    label = "variance"
    signature = "volatility"
    plainly = "the mean of the past"
    axis = "annualised volatility, %"

    def __post_init__(self) -> None:
        if not self.periods_per_year > 0:
            raise ValueError(f"Variance: periods_per_year must be above 0. Received: {self.periods_per_year}")

    def plainest(self, outcome: "Outcome") -> np.ndarray:
        """The mean squared return of the rows before the test part."""
        means = outcome.by_series(lambda known: float(np.mean(np.diff(np.log(known["close"])) ** 2)))
        return np.asarray(means * np.array(outcome.horizons))

    def for_periods(self, periods_per_year: float) -> "Variance":
        """Annualised with them."""
        return Variance(periods_per_year)

    @property
    def note(self) -> str:
        """Of what a variance is, and how it is annualised."""
        return (
            "variance: of the log return over those days; "
            f"volatility: annualised ({self.periods_per_year:g} days)"
        )

    def outputs(self, mean: Tensor, horizons: Sequence[int]) -> dict[str, Tensor]:
        """The variance over each horizon, and the annualised volatility at that rate."""
        from keras import ops

        rows = ops.cast(ops.array(horizons), mean.dtype)
        return {"variance": mean, "volatility": ops.sqrt(mean * (self.periods_per_year / rows))}

    def columns(self, forecast: "Forecast") -> dict[str, np.ndarray]:
        """The annualised volatility, as a share: 0.2 is 20%."""
        return {"volatility": np.sqrt(forecast.point * (self.periods_per_year / np.array(forecast.horizons)))}

    def on_axis(self, values: np.ndarray, horizons: Sequence[int]) -> np.ndarray:
        """Annualised volatility in percent."""
        return 100 * np.sqrt(values * (self.periods_per_year / np.array(horizons)))

    def is_valid(self, values: np.ndarray) -> np.ndarray:
        """Above 0."""
        return np.isfinite(values) & (values > 0)
