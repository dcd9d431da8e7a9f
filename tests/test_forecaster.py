"""The forecaster: learns what can be learnt, keeps the best epoch, refuses what must not be trained on."""

import keras
import numpy as np
import pandas as pd
import pytest
from samples import CELLS, random_walk, small_forecaster

from seqmem.data import windows
from seqmem.data.stationarity import NonStationary
from seqmem.data.windows import split
from seqmem.models.callbacks import TrainingDiverged
from seqmem.models.forecaster import Forecaster
from seqmem.networks import EncoderDecoder, Linear
from seqmem.targets import PricePath
from seqmem.transforms import Chain, Difference, LogReturn, Standardize


def _alternating(length=600):
    """Returns that alternate in sign with a little noise: all but perfectly predictable."""
    draw = np.random.default_rng(0)
    returns = 0.01 * np.where(np.arange(length) % 2, 1, -1) + draw.normal(0, 0.001, length)
    return pd.Series(100 * np.exp(np.cumsum(returns)), name="Close")


@pytest.mark.parametrize("labels", [1, 8], ids=["windows", "chunks"])
@pytest.mark.parametrize("sample", CELLS, ids=lambda sample: sample.cell.__name__)
def test_it_learns_what_can_be_learnt(sample, labels):
    prices = _alternating()
    network = EncoderDecoder(sample.cell(8), sample.cell(8), horizon=2, teacher_forcing=Linear(100))
    forecaster = Forecaster(network, lookback=10)
    forecaster.compile(keras.optimizers.Adam(0.02), loss="mse")
    parts = split(len(prices), history=forecaster.closes, horizon=2)
    options = {"batch_size": 64 // labels, "labels": labels}
    forecaster.fit(prices, parts.train, validation=parts.validation, epochs=15, **options)
    forecast, last = forecaster.forecast(prices, parts.test), prices.to_numpy()[parts.test]
    actual = prices.to_numpy()[parts.test[:, None] + [1, 2]]
    error, naive = (np.log(path / actual) for path in (forecast, last[:, None]))
    assert np.sqrt(np.mean(error[:, 0] ** 2)) < 0.3 * np.sqrt(np.mean(naive[:, 0] ** 2))


def test_it_keeps_the_best_epoch_not_the_last(prices):
    """From the fourth epoch on the learning rate ruins what was learnt."""
    forecaster = small_forecaster()
    ruin = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 1e-3 if epoch < 3 else 3.0)
    parts = split(len(prices), history=forecaster.closes, horizon=3)
    losses = forecaster.fit(
        prices, parts.train, validation=parts.validation, epochs=6, callbacks=[ruin]
    ).history["val_loss"]
    assert losses[-1] > min(losses)
    batches = windows.pair_with_series(prices, windows.batches(parts.validation, batch_size=512))
    assert forecaster.evaluate(batches, verbose=0) == pytest.approx(min(losses), rel=1e-6)


def test_the_average_that_an_optimizer_keeps_is_what_is_validated_and_kept(prices):
    """Its momentum is all but 1, so that the average is what came of the first step; the weights fly away."""
    forecaster = small_forecaster()
    average = keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=1 - 1e-7)
    forecaster.compile(average, loss="mse")
    parts = split(len(prices), history=forecaster.closes, horizon=3)
    losses = forecaster.fit(prices, parts.train, validation=parts.validation, epochs=4).history["val_loss"]
    assert max(losses) == pytest.approx(min(losses), rel=1e-3)
    batches = windows.pair_with_series(prices, windows.batches(parts.validation, batch_size=512))
    assert forecaster.evaluate(batches, verbose=0) == pytest.approx(min(losses), rel=1e-6)


@pytest.mark.parametrize("stop", [1, 3], ids=["stopped", "to the end"])
def test_without_validation_the_average_is_what_is_left(prices, stop):
    forecaster = small_forecaster()
    forecaster.compile(keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=1 - 1e-7), loss="mse")
    parts = split(len(prices), history=forecaster.closes, horizon=3)
    after, iterates = [], []

    def note(epoch, logs):
        after.append(forecaster.get_weights())
        forecaster.stop_training = epoch == stop

    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: iterates.append(forecaster.get_weights()), on_epoch_end=note
    )
    forecaster.fit(prices, parts.train, epochs=4, callbacks=[watch])
    assert len(after) == stop + 1
    far = [np.abs(a - b).max() for a, b in zip(after[-1], iterates[-1], strict=True)]
    assert max(far) > 0.1
    for kept, average in zip(forecaster.get_weights(), after[-1], strict=True):
        np.testing.assert_allclose(kept, average, atol=1e-6)


def test_chunks_then_windows_train_one_forecaster(prices):
    """As many batches to a turn in both, so that nothing but the labels is new."""
    forecaster = small_forecaster()
    parts = split(len(prices), history=forecaster.closes, horizon=3)
    chunks = forecaster.fit(prices, parts.train, epochs=2, labels=16, batch_size=1)
    many = len(parts.train) // chunks.params["steps"]
    single = forecaster.fit(prices, parts.train, epochs=2, labels=1, batch_size=many)
    assert single.params["steps"] == chunks.params["steps"]
    assert np.isfinite(chunks.history["loss"] + single.history["loss"]).all()
    assert single.history["loss"][-1] < chunks.history["loss"][0]


def test_the_loss_is_that_of_the_targets_labels(fitted, prices):
    at = np.arange(100, 160)
    history = prices.to_numpy()[at[:, None] + np.arange(-8, 1)]
    future = prices.to_numpy()[at[:, None] + np.arange(1, 4)]
    returns = np.diff(np.log(np.concatenate([history, future], axis=1)))
    mean, scale = (float(weight) for weight in fitted.target.weights)
    said = fitted.network(((returns[:, :8] - mean) / scale)[..., None].astype("float32"))
    expected = np.mean(((returns[:, 8:] - mean) / scale - np.asarray(said)[..., 0]) ** 2)
    batches = windows.pair_with_series(prices, windows.batches(at, batch_size=7))
    assert fitted.evaluate(batches, verbose=0) == pytest.approx(expected, rel=1e-4)


def test_a_longer_history_is_cut(fitted, prices):
    closes = prices.to_numpy("float32")[None]
    np.testing.assert_allclose(fitted(closes), fitted(closes[:, -9:]), rtol=1e-6)


@pytest.mark.parametrize("transform", [Standardize(), Chain([Standardize()])])
@pytest.mark.parametrize("seed", range(3))
def test_raw_price_levels_are_refused(transform, seed):
    prices = random_walk(1000, seed=seed)
    forecaster = Forecaster(EncoderDecoder(CELLS[1].cell(4), CELLS[1].cell(4)), PricePath(transform))
    with pytest.raises(NonStationary, match=r"Use LogReturn\(\) for prices"):
        forecaster.fit(prices, np.arange(40, 900))
    forecaster.fit(prices, np.arange(40, 200), epochs=1, guard=None)  # unless one insists


def test_a_loss_that_is_no_number_is_an_error_not_an_early_stop(prices):
    forecaster = small_forecaster()
    forecaster.compile(keras.optimizers.SGD(1e30), loss="mse")
    words = r"loss became .* in epoch [12], first in a batch of windows that end at (20\d\d-\d\d-\d\d, ){4}"
    with pytest.raises(TrainingDiverged, match=words + ".* and 59 more: try a lower learning rate"):
        forecaster.fit(prices, np.arange(20, 300), validation=np.arange(310, 350), epochs=3)


def test_a_loss_that_is_no_number_names_the_window_that_it_comes_from(prices):
    """A price so large that its square is none, in the second of two series."""
    forecaster = Forecaster(small_forecaster().network, PricePath(Difference()), lookback=8)
    odd = prices.copy()
    odd.iloc[200] = 1e30
    with pytest.raises(TrainingDiverged, match=rf"end at {odd.index[199]:%Y-%m-%d} of series 2: "):
        forecaster.fit([prices, odd], [[50, 80], [100, 199]], epochs=1, batch_size=1, guard=None, verbose=0)
    calm = Forecaster(small_forecaster().network, PricePath(Difference()), lookback=8)
    calm.fit(prices, [50, 80], epochs=1, guard=None)
    with pytest.raises(ValueError, match="PricePath: learns from one series. Received: 2"):
        small_forecaster().fit([prices, prices], [[50], [50]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f, p: f.forecast(p, [7]), "from 8 .* to 399 .* Received: 7 to 7"),
        (lambda f, p: f.forecast(p, [400]), "Received: 400 to 400"),
        (lambda f, p: f.forecast(p, []), "Received: none"),
        (lambda f, p: f.forecast(p, [50.5]), "Received: 50.5 to 50.5, float64"),
        (lambda f, p: f.fit(p, [398]), "3 of them needed ahead"),
        (lambda f, p: f.fit(p, [50, 60], validation=[62]), "training to 60, validation from 62"),
        (lambda f, p: f.fit(p.to_frame(), [50]), r"the series must be \[N\]. Received: \(400, 1\)"),
        (lambda f, p: f(p.to_numpy()[None, :5]), r"at least 9\] \(lookback 8 \+ lag 1\). Received: \(1, 5\)"),
        (lambda f, p: small_forecaster().forecast(p, [50]), "never fitted"),
        (lambda f, p: Forecaster(f.network, lookback=0), "lookback=0"),
        (lambda f, p: PricePath("returns"), "expected a Transform"),
        (lambda f, p: f.fit(p, [50], patience=2), "patience needs validation origins"),
        (lambda f, p: f.fit(p, [50], labels=0), "takes no labels. Received: labels=0"),
        (
            lambda f, p: f.fit(p, [50], validation_data=p),
            "pass validation=origins. Received: validation_data",
        ),
        (lambda f, p: f.fit(p.where(p.index != p.index[7]), [50]), "row 8, 2010-01-13: expected a number"),
        (lambda f, p: Forecaster(keras.layers.Dense(1)), "must have an attribute horizon"),
        (lambda f, p: Standardize().adapt([3.0, 3.0]), "expected values that vary"),
        (lambda f, p: Chain([]), "at least one transform"),
    ],
)
def test_bad_arguments_are_named(call, words, fitted, prices):
    with pytest.raises(ValueError, match=words):
        call(fitted, prices)


def test_without_origins_it_forecasts_from_the_last_row(fitted, prices):
    np.testing.assert_array_equal(fitted.forecast(prices), fitted.forecast(prices, [len(prices) - 1]))


def test_any_network_with_a_horizon_will_do(prices):
    network = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3), keras.layers.Reshape((3, 1))])
    network.horizon = 3
    forecaster = Forecaster(network, PricePath(Chain([LogReturn(), Standardize()])), lookback=8)
    forecaster.fit(prices, np.arange(20, 300), epochs=1)
    assert forecaster.forecast(prices, [50]).shape == (1, 3)
