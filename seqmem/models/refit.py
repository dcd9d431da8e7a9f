"""A network that is trained on, as a classic is fitted again, on all that has come."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

import numpy as np
import pandas as pd

from seqmem.data.dataset import PriceData
from seqmem.data.origins import row_of
from seqmem.data.pool import Pool
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation.prediction import Prediction
from seqmem.models.base import Model
from seqmem.models.forecaster import Forecaster
from seqmem.models.train import train
from seqmem.quantities import Quantity
from seqmem.recipe import Recipe


class RefitNetwork(Model):
    """A network that is trained once, and then trained on every `every` dates, from the weights it has.

    A refit stands at the date of an origin and knows all labels that end at or before it; forecasts from that
    origin on are its, until the next. A refit has no validation part: it is `epochs` epochs at a share of the
    learning rate. Whether it pays is measured in research/VOLATILITY.md.

    Args:
        make: makes the network.
        recipe: how it is trained first; the refits take their batches and seed from it.
        every: dates from refit to refit, at least 1. 252 are a year.
        pool: other series to learn from, cut at each refit's date.
        epochs: of a refit.
        rate: share of the recipe's learning rate.

    Raises:
        ValueError: every below 1.
    """

    horizons: tuple[int, ...]
    context_length: int
    quantity: Quantity

    def __init__(
        self,
        make: Callable[[], Forecaster],
        recipe: Recipe,
        every: int = 252,
        *,
        pool: Pool | None = None,
        epochs: int = 12,
        rate: float = 0.5,
    ) -> None:
        if every < 1:
            raise ValueError(f"RefitNetwork: every must be at least 1. Received: every={every}")
        self.make = make
        self.recipe = recipe
        self.every = every
        self.pool = pool
        self.refit: Recipe = replace(
            recipe, epochs=epochs, learning_rate=recipe.learning_rate * rate, patience=None
        )
        self.forecaster: Forecaster = make()
        self.horizons = self.forecaster.horizons
        self.context_length = self.forecaster.context_length
        self.quantity = self.forecaster.quantity
        self._stages: list[tuple[object, list[np.ndarray]]] = []  # the first date of each, and its weights

    def fit(self, data: PriceData, split: Split) -> Self:
        """Train on the split, and again at each refit until the data end; each knows what lies before it."""
        data = as_dataset(data)
        self.forecaster = train(self.make, data, split, self.recipe, pool=self.pool)
        self.quantity = self.forecaster.quantity
        dates = data.dates(data.ids[0])
        for name in data.ids[1:]:
            dates = dates.union(data.dates(name))
        first, stop = row_of(dates, split.test_start), row_of(dates, split.end)
        self._stages = [(dates[0], self.forecaster.get_weights())]
        for row in range(first - 1 + self.every, stop - 1, self.every):
            border = dates[row + 1]  # the labels of an origin at `row` end before it
            until = Split(None, border, context_length=split.context_length, horizon=split.horizon)
            self.forecaster.fit(data, until, self.refit, pool=self.pool)
            self._stages.append((dates[row], self.forecaster.get_weights()))
        return self

    def predict_series(
        self, frame: pd.DataFrame, origins: np.ndarray, unique_id: str
    ) -> Prediction | np.ndarray:
        """What the last network that was trained at or before each origin forecasts."""
        found = np.empty((len(origins), len(self.horizons)))
        for forecaster, mine in self.stages(frame.index[origins]):
            said = forecaster.predict_series(frame, origins[mine], unique_id)
            if said.mean is None:
                raise ValueError("RefitNetwork: expected a network that forecasts a mean")
            found[mine] = said.mean
        return found

    def stages(self, dates: pd.Index) -> Iterator[tuple[Forecaster, np.ndarray]]:
        """The network as it was at dates [N], and a mask [N] of those that are its, one training at a time.

        It is one object, whose weights change; after the last it has those of the last training.

        Raises:
            ValueError: never fitted.
        """
        if not self._stages:
            raise ValueError("RefitNetwork: call fit(data, split) first")
        begins = pd.Index([date for date, _ in self._stages])
        which = np.maximum(begins.searchsorted(dates, side="right") - 1, 0)
        for stage in np.unique(which):
            self.forecaster.set_weights(self._stages[stage][1])
            yield self.forecaster, which == stage
        self.forecaster.set_weights(self._stages[-1][1])

    def to_forecaster(self) -> Forecaster:
        """The network as it was trained last.

        Raises:
            ValueError: never fitted.
        """
        if not self._stages:
            raise ValueError("RefitNetwork: call fit(data, split) first")
        return self.forecaster

    def __repr__(self) -> str:
        return f"<RefitNetwork, every {self.every} dates: {self.forecaster!r}>"
