"""A hypermodel that trains nothing, for tests of what a search does around its trainings."""

from dataclasses import replace

import keras
import numpy as np
from samples import random_walk

from tuning import ForecastHyperModel, PathTask, SearchSpace

PRICES = random_walk(400)
TINY = SearchSpace(cells=("rnn",), units=(2, 4), lookbacks=(10, 20), learning_rates=(1e-3,), dropouts=(0.0,))


class Quick(ForecastHyperModel):
    """Its losses follow from the first weights, and so from the seed of a training; they fall by epoch."""

    def train(self, model, choice, split, *, seed=0, epochs=None, callbacks=(), initial_epoch=0, **options):
        weights = np.concatenate([np.ravel(weight) for weight in model.trainable_weights])
        loss = 1 + float(np.abs(weights).mean()) * choice["units"] / choice["lookback"]
        history = keras.callbacks.History()
        for one in (*callbacks, history):
            one.set_model(model)
        history.on_train_begin()
        for epoch in range(initial_epoch, epochs or self.recipe.epochs):
            for one in (*callbacks, history):
                one.on_epoch_end(epoch, {"val_loss": loss / (1 + 0.1 * epoch)})
        return history


def quick(space=TINY, data=PRICES, task=None, epochs=1, kind=Quick, **options):
    """Of a path two days ahead."""
    recipe = replace(PathTask.recipe, epochs=epochs)
    return kind(space, data, task=task or PathTask(2), recipe=recipe, **options)
