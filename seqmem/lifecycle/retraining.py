"""A model of an export trained again: on from its weights, or from first weights by the same recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from seqmem.data.dataset import Dataset
from seqmem.data.splits import Split
from seqmem.models.forecaster import Forecaster
from seqmem.networks import EnsembleMean
from seqmem.recipe import Recipe
from seqmem.serving.loading.load import load

WARM_SHARE = 4  # a warm start trains for a quarter of the epochs


@dataclass(frozen=True)
class Retraining:
    """How an exported model is trained again.

    Args:
        recipe: of the fit; its epochs are those that are trained.
        fresh: from first weights, or on from those of the export.
        keep_transform: whether the scale that the transform has learnt stays, or is learnt again.
    """

    recipe: Recipe
    fresh: bool
    keep_transform: bool

    @classmethod
    def of(
        cls,
        card: Mapping[str, Any],
        network_recipe: Recipe,
        *,
        fresh: bool = False,
        keep_transform: bool | None = None,
        epochs: int | None = None,
        seed: int | None = None,
    ) -> "Retraining":
        """By the recipe of a card; a warm start has a quarter of its epochs, and keeps the transform.

        Args:
            card: of the model; an older one has no recipe.
            network_recipe: what is used then.
            fresh: from first weights.
            keep_transform: None: where the weights are kept.
            epochs: another number of them.
            seed: another one than the card's.
        """
        known = card.get("training")
        try:
            recipe = Recipe(**known) if known else network_recipe
        except TypeError as error:
            raise ValueError(f"{card['name']}: its card has no recipe that can be read: {error}") from error
        usual = recipe.epochs if fresh else max(1, round(recipe.epochs / WARM_SHARE))
        recipe = replace(
            recipe, epochs=epochs or usual, patience=None, seed=recipe.seed if seed is None else seed
        )
        return cls(recipe, fresh, not fresh if keep_transform is None else keep_transform)

    def train(self, folder: Path, data: Dataset, split: Split) -> Forecaster:
        """The model of a folder, trained on the training part of a split; the folder stays as it is.

        Raises:
            TrainingDiverged: the loss became NaN or infinite.
            ValueError: data that will not do, or too few rows.
        """
        forecaster = load(folder)
        keras.utils.set_random_seed(self.recipe.seed)
        if self.fresh:
            learnt = [weight.numpy() for weight in forecaster.target.weights]
            forecaster = Forecaster.from_config(forecaster.get_config())
            if self.keep_transform:
                forecaster.target.set_weights(learnt)
        network, adapt = forecaster.network, not self.keep_transform
        if not isinstance(network, EnsembleMean):
            return forecaster.fit(data, split, self.recipe, adapt=adapt)
        for number, one in enumerate(network.networks):  # each by itself, as they were
            alone = Forecaster(one, forecaster.target, forecaster.lookback)
            alone.fit(data, split, replace(self.recipe, seed=self.recipe.seed + number), adapt=adapt)
        return forecaster
