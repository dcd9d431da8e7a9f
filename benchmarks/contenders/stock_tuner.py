"""A search as the Keras tutorials write it: KerasTuner, `keras.layers`, `timeseries_dataset_from_array`."""

import json
import sys
import tempfile
import time
from typing import Any

import keras
import keras_tuner
import numpy as np

from benchmarks.data import HORIZON, closes, parts

LAYERS = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


class Stock(keras_tuner.HyperModel):
    """One choice, of a configuration by its number."""

    def __init__(self, configurations: list[dict[str, Any]], epochs: int) -> None:
        self.configurations, self.epochs = configurations, epochs
        self.returns = np.diff(np.log(closes()), prepend=np.nan).astype("float32")
        last = parts(252).train(closes())["series"][-1]
        train = self.returns[1 : int(last) + HORIZON + 1]
        self.returns = (self.returns - train.mean()) / train.std()
        super().__init__()

    def build(self, hp: Any) -> keras.Model:
        """Layer and dense head."""
        choice = self._choice(hp)
        layer = LAYERS[choice["cell"]](choice["units"], dropout=choice["dropout"])
        model = keras.Sequential([keras.Input((choice["lookback"], 1)), layer, keras.layers.Dense(HORIZON)])
        model.compile(keras.optimizers.Adam(choice["learning_rate"], global_clipnorm=1.0), "mse")
        return model

    def fit(self, hp: Any, model: keras.Model, **options: Any) -> Any:
        """On the origins of the longest lookback."""
        lookback, split = self._choice(hp)["lookback"], parts(252)
        origins = split.train(closes()), split.validation(closes())
        train, validation = (self._windows(part["series"], lookback) for part in origins)
        return model.fit(
            train, validation_data=validation, **{**options, "epochs": self.epochs, "verbose": 0}
        )

    def _windows(self, at: np.ndarray, lookback: int) -> Any:
        futures = self.returns[at[:, None] + np.arange(1, HORIZON + 1)]
        rows = self.returns[at[0] - lookback + 1 : at[-1] + 1, None]
        return keras.utils.timeseries_dataset_from_array(rows, futures, lookback, batch_size=64, shuffle=True)

    def _choice(self, hp: Any) -> dict[str, Any]:
        return self.configurations[hp.Choice("number", list(range(len(self.configurations))))]


def main(configurations: str, epochs: str) -> None:
    """Search a list of configurations; print the seconds."""
    listed = json.loads(configurations)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        tuner = keras_tuner.GridSearch(Stock(listed, int(epochs)), "val_loss", len(listed), directory=folder)
        tuner.search(verbose=0)
        print(json.dumps({"seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main(*sys.argv[1:])
