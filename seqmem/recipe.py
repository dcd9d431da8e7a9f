"""How a network is trained: one recipe for `fit`, the league and the search."""

from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Args:
        learning_rate: of Adam.
        cosine: whether the learning rate falls to 0 along a cosine, over the steps of one fit.
        epochs: passes over the training origins, at most.
        patience: epochs without a better validation loss after which to stop; None: never. Without a
            validation part it does not count.
        batch_size: examples in a batch.
        chunk_length: L, labels to an example. 1: a window, which ends at its one origin. More: a chunk, which
            ends at the last of L consecutive origins and has a loss at each of them, for about the cost of a
            window that much longer. It assumes that what a network makes of T steps it also makes of T steps
            with a past before them. Forecasts are made from windows either way.
        clipnorm: the norm that the gradient of all weights together is cut to; None: none.
        seed: of the order of the examples; through `seqmem.models.train`, of weights and dropout too.

    Raises:
        ValueError: a number out of its range.

    >>> round(float(Recipe(epochs=3).optimizer(steps=30).learning_rate), 4)
    0.001
    """

    learning_rate: float = 1e-3
    cosine: bool = False
    epochs: int = 20
    patience: int | None = None
    batch_size: int = 64
    chunk_length: int = 1
    clipnorm: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "chunk_length"):
            if getattr(self, name) < 1:
                raise ValueError(f"Recipe: {name} must be at least 1. Received: {name}={getattr(self, name)}")
        for name in ("learning_rate", "clipnorm"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"Recipe: {name} must be above 0. Received: {name}={value}")
        if self.patience is not None and self.patience < 0:
            raise ValueError(f"Recipe: patience must be at least 0. Received: patience={self.patience}")

    def optimizer(self, steps: int) -> keras.optimizers.Optimizer:
        """Adam for a fit of so many steps."""
        rate: Any = CosineEachFit(self.learning_rate, steps) if self.cosine else self.learning_rate
        return keras.optimizers.Adam(rate, global_clipnorm=self.clipnorm)


@keras.saving.register_keras_serializable("seqmem")
class CosineEachFit(keras.optimizers.schedules.CosineDecay):
    """A cosine for the length of one fit: the next one, of a loaded model too, must not begin at its end."""
