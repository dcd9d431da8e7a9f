"""A network that was trained before: as it is, and as the start of a training on the series."""

from dataclasses import replace
from functools import partial

import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.faults import day
from seqmem.data.pool import Pool
from seqmem.data.splits import Split
from seqmem.experiments.league.entrants import Entrant, TrainedNetwork
from seqmem.models.base import Model
from seqmem.models.copying import copy_of
from seqmem.models.forecaster import Forecaster
from seqmem.quantities import Variance
from seqmem.recipe import Recipe

RATE, EPOCHS = 0.1, 20  # of a fine-tuning: share of the learning rate, and epochs at most


class PreTrained(Entrant):
    """A network that was trained before, on other data, and is not trained here.

    Args:
        forecaster: of a variance, fitted; of the league's horizons.

    Raises:
        ValueError: no forecaster of variances, or one that was never fitted.
    """

    may_fail = False
    about = "as it is"

    def __init__(self, forecaster: Forecaster) -> None:
        if not isinstance(forecaster.quantity, Variance) or not forecaster.fitted_until:
            raise ValueError(
                f"start_from: expected a fitted forecaster of variances. Received: {forecaster!r}"
            )
        self.forecaster: Forecaster = forecaster

    @property
    def model(self) -> Model:
        """The network."""
        return self.forecaster

    def check(self, split: Split) -> None:
        """Refuse a split whose test part it was trained on: a score there would be no forecast.

        Raises:
            ValueError: it was.
        """
        if pd.Timestamp(self.forecaster.fitted_until) >= pd.Timestamp(split.test_start):
            raise ValueError(
                f"start_from: expected a network that was trained before the test part, which begins on "
                f"{day(split.test_start)}. Received: one trained until {self.forecaster.fitted_until}"
            )

    def fitted(self, data: Dataset, split: Split) -> Model:
        """The network as it is."""
        return self.forecaster


def fine_tuned(
    forecaster: Forecaster, recipe: Recipe, pool: Pool | None = None, every: int | None = None
) -> TrainedNetwork:
    """A network that is trained on from the weights of another, at a tenth of its learning rate.

    Args:
        forecaster: where it starts.
        recipe: how such a network is trained from the beginning.
        pool: other series to learn from.
        every: as in `TrainedNetwork`.
    """
    gentle = replace(
        recipe, learning_rate=recipe.learning_rate * RATE, epochs=min(recipe.epochs, EPOCHS), patience=5
    )
    return TrainedNetwork(partial(copy_of, forecaster), gentle, pool, every)
