"""The forecaster: learns what can be learnt, keeps the best epoch, refuses what must not be trained on."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from samples import CELLS, adapted, random_walk, small_forecaster

from seqmem.cells import GRUCell, MinGRUCell
from seqmem.data import windows
from seqmem.data.reading import read
from seqmem.data.splits import Split
from seqmem.data.stationarity import NonStationary
from seqmem.models.callbacks import TrainingDiverged
from seqmem.models.forecaster import Forecaster
from seqmem.models.train import train
from seqmem.networks import EncoderDecoder, KerasNetwork, Linear
from seqmem.recipe import Recipe
from seqmem.targets import PricePath, ScaleFreeVariance
from seqmem.transforms import Chain, Difference, Standardize


def _alternating(length=600):
    """Returns that alternate in sign with a little noise: all but perfectly predictable."""
    draw = np.random.default_rng(0)
    returns = 0.01 * np.where(np.arange(length) % 2, 1, -1) + draw.normal(0, 0.001, length)
    return pd.Series(100 * np.exp(np.cumsum(returns)), name="Close")


LEARNING = {("RNNCell", 8), ("LSTMCell", 1)}


@pytest.mark.parametrize(
    ("sample", "chunk_length"),
    [
        pytest.param(
            sample,
            length,
            id=f"{sample}-{length}",
            # tests/laws hold the others to their papers
            marks=() if (str(sample), length) in LEARNING else pytest.mark.slow,
        )
        for sample in CELLS
        for length in (1, 8)
    ],
)
def test_it_learns_what_can_be_learnt(sample, chunk_length):
    prices = _alternating()
    network = EncoderDecoder(sample.cell(8), sample.cell(8), horizon=2, teacher_forcing=Linear(100))
    forecaster, split = Forecaster(network, lookback=10), Split.by_share(prices)
    recipe = Recipe(learning_rate=0.02, epochs=15, batch_size=64 // chunk_length, chunk_length=chunk_length)
    forecast = forecaster.fit(prices, split, recipe).forecast(prices, split.test(prices, horizon=2))
    actual = prices.to_numpy()[forecast.origins[:, None] + [1, 2]]
    error, naive = (np.log(path / actual) for path in (forecast.point, forecast.last[:, None]))
    assert np.sqrt(np.mean(error[:, 0] ** 2)) < 0.3 * np.sqrt(np.mean(naive[:, 0] ** 2))


def _loss(forecaster, prices, origins):
    """Keras's own evaluation."""
    rows = forecaster.target.to_array(read(prices).frame)
    batches = windows.pair_with_series(rows, windows.batches(origins, batch_size=512))
    return forecaster.evaluate(batches, verbose=0)


def _validation(forecaster, prices, split):
    (origins,) = split.validation(prices, context_length=forecaster.context_length, horizon=3).values()
    return _loss(forecaster, prices, origins)


def test_it_keeps_the_best_epoch_not_the_last(prices):
    """From the fourth epoch on the learning rate ruins what was learnt."""
    forecaster, split = small_forecaster(), Split.by_share(prices)
    ruin = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 1e-3 if epoch < 3 else 3.0)
    losses = forecaster.fit(prices, split, Recipe(epochs=6), callbacks=[ruin]).history.history["val_loss"]
    assert losses[-1] > min(losses)
    assert _validation(forecaster, prices, split) == pytest.approx(min(losses), rel=1e-6)


def test_the_average_that_an_optimizer_keeps_is_what_is_validated_and_kept(prices):
    """Its momentum is all but 1, so that the average is what came of the first step; the weights fly away."""
    forecaster, split = small_forecaster(), Split.by_share(prices)
    forecaster.compile(keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=1 - 1e-7), loss="mse")
    losses = forecaster.fit(prices, split, Recipe(epochs=4)).history.history["val_loss"]
    assert max(losses) == pytest.approx(min(losses), rel=1e-3)
    assert _validation(forecaster, prices, split) == pytest.approx(min(losses), rel=1e-6)


@pytest.mark.parametrize("stop", [1, 3], ids=["stopped", "to the end"])
def test_without_validation_the_average_is_what_is_left(prices, stop):
    forecaster = small_forecaster()
    forecaster.compile(keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=1 - 1e-7))
    after, iterates = [], []

    def note(epoch, logs):
        after.append(forecaster.get_weights())
        forecaster.stop_training = epoch == stop

    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: iterates.append(forecaster.get_weights()), on_epoch_end=note
    )
    forecaster.fit(prices, Split.by_share(prices).refit(), Recipe(epochs=4), callbacks=[watch])
    assert len(after) == stop + 1
    far = [np.abs(a - b).max() for a, b in zip(after[-1], iterates[-1], strict=True)]
    assert max(far) > 0.1
    for kept, average in zip(forecaster.get_weights(), after[-1], strict=True):
        np.testing.assert_allclose(kept, average, atol=1e-6)


def test_chunks_then_windows_train_one_forecaster(prices):
    """As many batches to a call in both, so that nothing but the chunk length is new."""
    forecaster, split = small_forecaster(), Split.by_share(prices).refit()
    chunks = forecaster.fit(prices, split, Recipe(epochs=2, chunk_length=16, batch_size=1)).history
    (train,) = split.train(prices, context_length=9, horizon=3).values()
    many = len(train) // chunks.params["steps"]
    single = forecaster.fit(prices, split, Recipe(epochs=2, batch_size=many)).history
    assert single.params["steps"] == chunks.params["steps"]
    assert np.isfinite(chunks.history["loss"] + single.history["loss"]).all()
    assert single.history["loss"][-1] < chunks.history["loss"][0]


def test_the_loss_is_that_of_the_targets_labels(fitted, prices):
    at = np.arange(100, 160)
    history = prices.to_numpy()[at[:, None] + np.arange(-8, 1)]
    future = prices.to_numpy()[at[:, None] + np.arange(1, 4)]
    returns = np.diff(np.log(np.concatenate([history, future], axis=1)))
    mean, scale = (float(weight) for weight in fitted.target.weights)
    raw = fitted.network(((returns[:, :8] - mean) / scale)[..., None].astype("float32"))
    expected = np.mean(((returns[:, 8:] - mean) / scale - np.asarray(raw)[..., 0, 0]) ** 2)
    assert _loss(fitted, prices, at) == pytest.approx(expected, rel=1e-4)


def test_nothing_is_dropped_in_validation(prices):
    network = EncoderDecoder(GRUCell(4, dropout=0.5), GRUCell(4, dropout=0.5), horizon=3)
    forecaster = adapted(Forecaster(network, lookback=8), prices)
    forecaster.compile("adam")
    at = np.arange(100, 160)
    assert _loss(forecaster, prices, at) == _loss(forecaster, prices, at)


def test_a_loss_of_keras_by_name_is_taken(prices):
    forecaster = small_forecaster()
    forecaster.compile(optimizer="sgd", loss="mae", metrics=["mae"])
    losses = forecaster.fit(prices, Split.by_share(prices), Recipe(epochs=2)).history.history
    at = np.arange(100, 160)
    labels = forecaster.target.label(
        prices.to_numpy()[at[:, None] + np.arange(1, 4)][..., None].astype("float32"),
        prices.to_numpy()[at[:, None] + np.arange(-8, 1)][..., None].astype("float32"),
    )
    inputs = forecaster.target.inputs(prices.to_numpy()[at[:, None] + np.arange(-8, 1)][..., None])
    expected = np.mean(np.abs(np.asarray(labels) - np.asarray(forecaster.network(inputs))[..., 0]))
    np.testing.assert_allclose(_loss(forecaster, prices, at), [expected, expected], rtol=1e-4)
    np.testing.assert_allclose(losses["val_loss"], losses["val_mae"], rtol=1e-5)


def test_a_longer_history_is_cut(fitted, prices):
    closes = prices.to_numpy("float32")[None]
    np.testing.assert_allclose(fitted(closes), fitted(closes[:, -9:]), rtol=1e-6)
    np.testing.assert_array_equal(fitted(closes), fitted(closes[..., None]))


@pytest.mark.parametrize("transform", [Standardize(), Chain([Standardize()])])
@pytest.mark.parametrize("seed", range(3))
def test_raw_price_levels_are_refused(transform, seed):
    prices = random_walk(1000, seed=seed)
    forecaster = Forecaster(EncoderDecoder(CELLS[1].cell(4), CELLS[1].cell(4)), PricePath(transform))
    with pytest.raises(NonStationary, match=r"Use LogReturn\(\) for prices"):
        forecaster.fit(prices, Split.by_share(prices))
    if seed == 0 and isinstance(transform, Standardize):
        forecaster.fit(prices[:200], Split.by_share(prices[:200]), Recipe(epochs=1), check_inputs=None)


def test_a_loss_that_is_no_number_is_an_error_not_an_early_stop(prices):
    forecaster = small_forecaster()
    forecaster.compile(keras.optimizers.SGD(1e30))
    words = r"loss became .* in epoch [12], first in a batch of windows that end at (20\d\d-\d\d-\d\d, ){4}"
    with pytest.raises(TrainingDiverged, match=words + ".* and 59 more: try a lower learning rate"):
        forecaster.fit(prices, Split.by_share(prices), Recipe(epochs=3))


def test_a_loss_that_is_no_number_names_the_window_that_it_comes_from(prices):
    """A price so large that its square is none, in the second of two series."""
    forecaster = Forecaster(small_forecaster().network, PricePath(Difference()), lookback=8)
    odd = read(prices, allow=["split"])
    odd = replace(odd, frames={"odd": odd.frame.copy(), "even": odd.frame})
    odd.frames["odd"].iloc[200] = 1e30
    split = Split(None, prices.index[202])
    with pytest.raises(TrainingDiverged, match=r"end at .*20\d\d-\d\d-\d\d of odd"):
        forecaster.fit(odd, split, Recipe(epochs=1, batch_size=1), check_inputs=None)
    with pytest.raises(ValueError, match="PricePath: learns from one series. Received: 2"):
        small_forecaster().fit({"a": prices, "b": prices}, split)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f, p: f.forecast(p, [7]), "from 8 .* to 399 .* Received: 7 to 7"),
        (lambda f, p: f.forecast(p, [400]), "Received: 400 to 400"),
        (lambda f, p: f.forecast(p, []), "Received: none"),
        (lambda f, p: f.forecast(p, [50.5]), "Received: 50.5 to 50.5, float64"),
        (
            lambda f, p: f.fit(p[:20], Split.by_share(p[:20])),
            "Split: Close: no window of 9 rows and 3 ",
        ),
        (
            lambda f, p: f(p.to_numpy()[None, :5]),
            r"at least 9, 1\] \(lookback 8 \+ warm-up 1; close\). Received: \(1, 5, 1\)",
        ),
        (lambda f, p: small_forecaster().forecast(p, [50]), "never fitted"),
        (lambda f, p: Forecaster(f.network, lookback=0), "lookback=0"),
        (lambda f, p: PricePath("returns"), "expected a Transform"),
        (lambda f, p: Recipe(patience=-1), "patience must be at least 0. Received: patience=-1"),
        (lambda f, p: Recipe(chunk_length=0), "chunk_length must be at least 1. Received: chunk_length=0"),
        (lambda f, p: Recipe(learning_rate=0), "learning_rate must be above 0"),
        (
            lambda f, p: f.fit(p, Split.by_share(p), validation_data=p),
            "the split says what is validated on, .* Received: validation_data",
        ),
        (
            lambda f, p: _any_keras_model().fit(p, Split.by_share(p), Recipe(chunk_length=2)),
            "KerasNetwork does not train on chunks",
        ),
        (
            lambda f, p: f.fit(p.where(p.index != p.index[7]), Split.by_share(p)),
            "row 8, 2010-01-13, column 'Close': expected a price. Received: nothing",
        ),
        (lambda f, p: Forecaster(keras.layers.Dense(1)), r"KerasNetwork\(model, horizons\)"),
        (lambda f, p: KerasNetwork(keras.layers.Dense(1), ()), "horizons must be whole numbers"),
        (
            lambda f, p: Forecaster(f.network, ScaleFreeVariance()),
            r"horizons of its target, \(1, 5\). Received: \(1, 2, 3\)",
        ),
        (lambda f, p: Standardize().adapt([3.0, 3.0]), "expected values that vary"),
        (lambda f, p: Chain([]), "at least one transform"),
    ],
)
def test_bad_arguments_are_named(call, words, fitted, prices):
    with pytest.raises(ValueError, match=words):
        call(fitted, prices)


def test_origins_are_rows_dates_slices_or_a_mask(fitted, prices):
    expected = fitted.forecast(prices, [50, 51, 52]).point
    mask = np.isin(np.arange(len(prices)), [50, 51, 52])
    for origins in (prices.index[50:53], slice(50, 53), slice(*prices.index[[50, 52]]), mask):
        np.testing.assert_array_equal(fitted.forecast(prices, origins).point, expected)
    last = fitted.forecast(prices)
    np.testing.assert_array_equal(last.point, fitted.forecast(prices, [len(prices) - 1]).point)
    assert list(last.to_frame().columns) == ["unique_id", "ds", "cutoff", "h", "mean", "change"]


def _any_keras_model():
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3), keras.layers.Reshape((3, 1))])
    return Forecaster(KerasNetwork(model, horizons=3), lookback=8)


def test_any_keras_model_will_do(prices):
    forecaster = _any_keras_model().fit(prices, Split.by_share(prices), Recipe(epochs=1))
    assert forecaster.forecast(prices, [50]).shape == (1, 3)
    assert forecaster.network.state_sizes is None
    with pytest.raises(NotImplementedError, match="KerasNetwork: cannot read on from a state"):
        forecaster.network.advance(np.ones((1, 8, 1)), [])


def test_it_says_what_it_is(prices):
    forecaster = small_forecaster()
    assert "lookback=8, horizons=(1, 2, 3), no parameters, not fitted here" in repr(forecaster)
    forecaster.fit(prices, Split.by_share(prices), Recipe(epochs=1))
    assert "198 parameters, fitted until 2010-11-11" in repr(forecaster)


def test_one_seed_decides_weights_dropout_and_order(prices):
    def make():
        network = EncoderDecoder(MinGRUCell(3, dropout=0.3), MinGRUCell(3), horizon=3)
        return Forecaster(network, lookback=8)

    split = Split.by_share(prices).refit()  # nothing is drawn where it is validated
    one, same, other = (train(make, prices, split, Recipe(epochs=2, seed=seed)) for seed in (1, 1, 2))
    for here, there in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(here, there)
    assert not np.allclose(one.forecast(prices).point, other.forecast(prices).point)
