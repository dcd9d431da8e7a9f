"""What somebody sees who works in Python: progress, Ctrl-C, objects in a notebook, errors, no log lines."""

import os
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from pages import HOSTILE, evaluated, risk, volatility
from samples import random_walk, small_forecaster, split_for

from seqmem import LastClose, Recipe, ServedModel, Split, SquaredLogError, evaluate, read, train
from seqmem.models.fitting import TrainingStopped

SCORES = [SquaredLogError()]


class _Stop(keras.callbacks.Callback):
    """Ctrl-C in an epoch; it remembers the weights after each epoch, and its loss."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.seen = epoch, []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((logs["val_loss"], self.model.get_weights()))

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_the_weights_of_the_best_epoch(prices):
    forecaster, stop = small_forecaster(), _Stop(4)
    with pytest.raises(TrainingStopped, match="The weights are those of its best epoch") as found:
        forecaster.fit(
            prices, split_for(forecaster, prices), Recipe(epochs=9, learning_rate=0.1), callbacks=[stop]
        )
    best = int(np.argmin([loss for loss, _ in stop.seen]))
    assert f"best epoch, {best + 1} (" in str(found.value)
    for now, then in zip(forecaster.get_weights(), stop.seen[best][1], strict=True):
        np.testing.assert_array_equal(now, then)
    assert forecaster.fitted_until
    assert np.isfinite(forecaster.forecast(prices).mean).all()


def test_progress_is_shown_at_a_terminal_unless_told_otherwise(prices, monkeypatch, capsys):
    forecaster = small_forecaster()
    split = split_for(forecaster, prices)
    with pytest.raises(TrainingStopped, match="before an epoch was validated"):
        forecaster.fit(prices, split, Recipe(epochs=2), callbacks=[_Stop(0)])
    for terminal, options, shown in ((True, {}, True), (True, {"verbose": 0}, False), (False, {}, False)):
        monkeypatch.setattr("seqmem._shown.sys.stdout.isatty", lambda now=terminal: now, raising=False)
        forecaster.fit(prices, split, Recipe(epochs=1), **options)
        said = capsys.readouterr()
        assert ("epochs" in said.out and "best" in said.out) == shown
        assert not said.err


def test_a_notebook_shows_what_an_object_is_and_no_name_does_anything(fitted, prices, exported):
    closes = pd.Series(np.arange(1.0, 60.0))
    evil = read({HOSTILE: closes, "b": closes})
    for one in (
        evil,
        fitted,
        Split.by_share(prices),
        evaluated(),
        volatility(),
        risk(),
        ServedModel(exported),
    ):
        html = one._repr_html_()
        assert html.startswith("<div>")
        assert "<img" not in html
    assert "No edge found." in html
    assert "last close" in evaluated()._repr_html_()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda f, p, s: evaluate(f, p, s, SCORES), r"expected models by name.*Received: Forecaster\("),
        (lambda f, p, s: evaluate([f], p, s, SCORES), r"expected models by name.*Received: \[Forecaster\("),
        (lambda f, p, s: evaluate(p, {"a": f}, s, SCORES), "expected models by name.*Received: Series"),
        (lambda f, p, s: evaluate({"a": f}, p, 0.3, SCORES), "expected a Split.*Received: 0.3"),
        (lambda f, p, s: evaluate({"a": f}, p, s, SCORES[0]), "expected a list of scores"),
        (lambda f, p, s: f.fit(p, s, 3), "expected a Recipe.*Received: 3"),
        (lambda f, p, s: train(f, p, s), "expected a function that makes a model"),
    ],
)
def test_what_is_given_wrongly_is_named(asked, words, fitted, prices):
    with pytest.raises(ValueError, match=words):
        asked(fitted, prices, split_for(fitted, prices))


def test_what_is_served_is_evaluated_like_any_model(exported, prices):
    served = ServedModel(exported)
    split = Split.by_share(prices, horizon=3, context_length=20)
    naive = LastClose(horizon=len(served.horizons)).fit(prices, split)
    table = evaluate({"served": served, "last close": naive}, prices, split, SCORES).table
    assert table.notna().all().all()
    with pytest.raises(
        ValueError, match=r"^ServedModel: close.*finite prices above 0.*\[row, position\]: \[\[0 3\]"
    ):
        served(np.where(np.arange(20) == 3, np.nan, 100.0)[None])


@pytest.mark.slow
@pytest.mark.parametrize("level", [None, "0"])
def test_tensorflow_says_nothing_unless_it_is_asked_to(level):
    code = (
        "import os, numpy as np\n"
        "from seqmem import Forecaster, EncoderDecoder, LSTMCell, Recipe, Split\n"
        "x = 100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 300).cumsum())\n"
        "f = Forecaster(EncoderDecoder(LSTMCell(5), LSTMCell(5), horizon=2), lookback=10)\n"
        "f.fit(x, Split.by_share(x), Recipe(epochs=1)).forecast(x)\n"
        "print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))"
    )
    own = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment = {**own, "TF_ENABLE_ONEDNN_OPTS": "0"} | (
        {} if level is None else {"TF_CPP_MIN_LOG_LEVEL": level}
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert run.stdout.strip() == str(level)
    told = [word in run.stderr for word in ("cpu_feature_guard", "XLA service", "BlockLSTMOp is inefficient")]
    assert told == [level is not None] * 3


def test_a_panel_as_a_mapping_goes_through_every_door(tmp_path):
    panel = {"a": random_walk(200), "b": random_walk(200, seed=2)}
    split = Split.by_share(panel, horizon=2)
    model = LastClose(horizon=2).fit(panel, split)
    assert evaluate({"last": model}, panel, split, SCORES).table.notna().all().all()
    assert len(model.forecast(panel)) == 2
    assert len(model.forecast(read(panel).frames)) == 2
