"""Around a fit: what is refused before it, its progress where somebody looks on, and what Ctrl-C leaves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from seqmem._shown import is_watched
from seqmem.models.progress import FitProgress
from seqmem.networks import Network
from seqmem.recipe import Recipe

OWN = ("x", "y", "validation", "validation_data", "validation_split", "epochs", "batch_size")
"""Options of Keras that a split or a recipe has."""


class TrainingStopped(KeyboardInterrupt):
    """Ctrl-C during a fit: what the model is now, in words."""


def check_fit(network: Network, recipe: Recipe, options: Mapping[str, Any]) -> None:
    """Refuse what a fit does not take.

    Raises:
        ValueError: options that a split or a recipe has, chunks that the network does not take, no recipe.
    """
    if not isinstance(recipe, Recipe):
        raise ValueError(
            "Forecaster: fit(data, split, recipe): expected a Recipe, such as Recipe(epochs=3). "
            f"Received: {recipe!r}"
        )
    for name in OWN:
        if name in options:
            raise ValueError(
                "Forecaster: fit(data, split, recipe): the split says what is validated on, the recipe "
                f"how it is trained. Received: {name}"
            )
    if recipe.chunk_length > 1 and not network.trains_on_chunks:
        raise ValueError(
            f"Forecaster: {type(network).__name__} does not train on chunks: expected "
            f"chunk_length=1. Received: chunk_length={recipe.chunk_length}"
        )


def check_maker(make: object) -> None:
    """Refuse to train what was made before its seed was set.

    Raises:
        ValueError: a model in place of what makes it.
    """
    if isinstance(make, keras.Model) or not callable(make):
        raise ValueError(
            "train: expected a function that makes a model, so that its seed is set first: "
            f"train(lambda: Forecaster(...), data, split). Received: {make!r}"
        )


@contextmanager
def watched(
    model: keras.Model,
    watch: Sequence[keras.callbacks.Callback],
    epochs: int,
    options: Mapping[str, Any],
    kept: Callable[[], None],
) -> Iterator[list[keras.callbacks.Callback]]:
    """Yield more callbacks for a fit; after Ctrl-C the weights of the best epoch are kept.

    Args:
        model: that is fitted.
        watch: its callbacks, Keras's early stopping among them.
        epochs: at most.
        options: of the fit; with a `verbose` Keras shows what it says.
        kept: called once the weights are those that stay, after Ctrl-C too; not after a failure.

    Raises:
        TrainingStopped: Ctrl-C.
    """
    shown = [FitProgress(epochs)] if "verbose" not in options and is_watched() else []
    try:
        yield list(shown)
        kept()
    except KeyboardInterrupt as stop:
        words = _keep_best(model, watch)
        kept()
        raise TrainingStopped(words) from stop
    finally:
        for one in shown:
            one.close()


def _keep_best(model: keras.Model, watch: Sequence[keras.callbacks.Callback]) -> str:
    """Take the weights of the best epoch, if one has ended; say what they are."""
    for one in watch:
        if isinstance(one, keras.callbacks.EarlyStopping) and one.best_weights is not None:
            model.set_weights(one.best_weights)
            return (
                f"Training was stopped. The weights are those of its best epoch, {one.best_epoch + 1} "
                f"(validation loss {one.best:.5g}): the model can be used as it is."
            )
    return "Training was stopped before an epoch was validated. The weights are the last ones."
