"""A season of a year under noise: what a network sees of it through windows of a year and of a quarter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pandas as pd

from seqmem.cells import cell_class
from seqmem.data.calendars import Rows
from seqmem.data.dataset import Dataset
from seqmem.data.splits import Split
from seqmem.experiments.studies.base import Case, Panel, Study
from seqmem.experiments.studies.simulated import YEAR, event, wave
from seqmem.models.forecaster import Forecaster
from seqmem.networks import EncoderDecoder
from seqmem.recipe import Recipe
from seqmem.targets import PricePath
from seqmem.transforms import Standardize

SEASONS: Mapping[str, Callable[[int], np.ndarray]] = {"wave": wave, "event": event}
NAIVE, CALENDAR = "seasonal naive", "mean of past years"
HORIZON = 5
MUCH = 0.1  # of the variance of a season: less than that is no difference to speak of


@dataclass(frozen=True, kw_only=True)
class SeasonStudy(Study):
    """Twenty simulated years of a known season with noise of standard deviation 1 upon it.

    `recovered` is the share of the season's variance that a forecast has: 1 - mean (f - s)^2 / mean s^2 over
    the test part, s the season without its noise; what forecasts the mean has 0, and what is worse less.

    Args:
        lookbacks: T.
        years: of the series.
        units: U.
        epochs: at most.
    """

    claim: ClassVar[str] = "a lookback of 252 days lets an LSTM learn a yearly season that one of 60 cannot"
    formats: ClassVar[Mapping[str, str]] = {
        "recovered": ".3f",
        "recovered_se": ".3f",
        "epochs": ".0f",
        "epochs_se": ".0f",
    }
    panels: ClassVar[tuple[Panel, ...]] = (Panel("model", "recovered", ("season",)),)

    cells: tuple[str, ...] = ("lstm",)
    lookbacks: tuple[int, ...] = (60, YEAR)
    years: int = 20
    units: int = 16
    epochs: int = 30
    seeds: int = 2

    def cases(self) -> list[dict[str, Any]]:
        """Every cell and lookback on every season, and the two that need no training."""
        models = [f"{name}, T={lookback}" for name in self.cells for lookback in self.lookbacks]
        return [
            {"season": season, "model": model, "seed": seed}
            for season in SEASONS
            for model in (*models, NAIVE, CALENDAR)
            for seed in self.repeats()
        ]

    def measure(self, case: Case, earlier: Sequence[Case]) -> list[dict[str, Any]]:
        """What a model recovers of the season over the test part."""
        days = self.years * YEAR
        season = SEASONS[case["season"]](days)
        values = season + np.random.default_rng(case["seed"]).normal(size=days)
        data = Dataset({"series": pd.DataFrame({"close": values})}, Rows())  # no prices: below 0, too
        split = Split.by_share(data, context_length=max(self.lookbacks), horizon=HORIZON)
        ahead = split.test(data)["series"][:, None] + np.arange(1, HORIZON + 1)
        epochs = np.nan
        if case["model"] == NAIVE:
            forecast = values[ahead - YEAR]
        elif case["model"] == CALENDAR:
            forecast = _calendar(values, ahead)
        else:
            name, lookback = case["model"].split(", T=")
            forecast, epochs = self._trained(name, int(lookback), data, split, case["seed"])
        truth = season[ahead]
        recovered = 1 - np.mean((forecast - truth) ** 2) / np.mean(truth**2)
        return [{"recovered": float(recovered), "epochs": epochs}]

    def verdict(self, rows: pd.DataFrame) -> str:
        """Each cell's two lookbacks, beside the two that need no training."""
        means = rows.groupby(["season", "model"])["recovered"].mean()
        said = self._judged(means)
        for season in SEASONS:
            own = means[season]
            networks = [name for name in own.index if name not in (NAIVE, CALENDAR)]
            beside = ", ".join(f"{name} {own[name]:.0%}" for name in networks)
            best = own[networks].idxmax()
            against = "more" if own[best] > own[CALENDAR] else "less"
            said.append(
                f"{season}: recovered by {beside}; by the day a year before {own[NAIVE]:.0%}, by the mean of "
                f"all years before {own[CALENDAR]:.0%}, {against} than which the best network has."
            )
        return "\n".join(said)

    def _judged(self, means: pd.Series) -> list[str]:
        """It holds of the seasons of which an LSTM recovers much more through the longest lookback."""
        if "lstm" not in self.cells:
            return []
        short, long = (f"lstm, T={lookback}" for lookback in (min(self.lookbacks), max(self.lookbacks)))
        won = [season for season in SEASONS if means[season, long] - means[season, short] > MUCH]
        if len(won) == len(SEASONS):
            return ["It holds."]
        return [f"It holds in part: of the {', '.join(won)}." if won else "It does not hold."]

    def _trained(
        self, name: str, lookback: int, data: Dataset, split: Split, seed: int
    ) -> tuple[np.ndarray, float]:
        keras.utils.set_random_seed(seed)
        make = cell_class(name)
        network = EncoderDecoder(make(self.units), make(self.units), horizon=HORIZON)
        forecaster = Forecaster(network, PricePath(Standardize()), lookback)
        forecaster.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
        recipe = Recipe(epochs=self.epochs, patience=6, seed=seed)
        forecaster.fit(data, split, recipe, check_inputs=None)  # stationary, by the way that they are made
        forecast = forecaster.forecast(data, split.test(data, horizon=HORIZON))
        return forecast.point, float(len(forecaster.history.epoch))


def _calendar(values: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The mean of the same day of all years before."""
    years = np.arange(1, len(values) // YEAR + 1)
    rows = ahead[..., None] - years * YEAR
    return np.nanmean(np.where(rows >= 0, values[np.maximum(rows, 0)], np.nan), -1)
