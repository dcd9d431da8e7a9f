"""A model that is made and trained from one seed."""

from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar

import keras

from seqmem.data.dataset import PriceData
from seqmem.data.splits import Split
from seqmem.models.fitting import check_maker
from seqmem.recipe import Recipe


class _Fits(Protocol):
    def fit(self, data: PriceData, split: Split, recipe: Recipe | None = None, **options: Any) -> Self: ...


Trainable = TypeVar("Trainable", bound=_Fits)


def train(
    make: Callable[[], Trainable], data: PriceData, split: Split, recipe: Recipe | None = None, **options: Any
) -> Trainable:
    """Seed weights, dropout and the order of the examples from the recipe's seed; make a model, and fit it.

    Layers draw the seeds of their weights and dropout when they are made, so a model that is made before its
    seed is set is another one each time.

    Args:
        make: makes the model.
        data: prices; see `seqmem.read`.
        split: which origins are trained and validated on.
        recipe: how; by default the network's own, with a seed of 0.
        **options: of `Forecaster.fit`.
    """
    check_maker(make)
    keras.utils.set_random_seed(0 if recipe is None else recipe.seed)
    return make().fit(data, split, recipe, **options)
