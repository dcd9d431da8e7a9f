"""Variances: targets that do not see the scale, members that do not see each other, pools that do not mix."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import VARIANCE_TARGETS, random_bars

from research import simulated
from seqmem.cells import GRUCell, LSTMCell, RNNCell
from seqmem.data.measures import parkinson, squared_returns
from seqmem.data.reading import read
from seqmem.data.splits import Split
from seqmem.losses import VarianceStudentT
from seqmem.models.classics import GARCH
from seqmem.models.train import train
from seqmem.models.volatility import calibrate, forecast_members, member, variance_forecaster
from seqmem.networks import ResidualRecurrent, widen_for_ensemble
from seqmem.recipe import Recipe
from seqmem.targets import RawVariance, ScaleFreeVariance

BARS = random_bars(500)
ROWS = BARS.to_numpy()
SPLIT = Split.by_share(BARS)
SMALL = {"memory": 20, "decays": (0.8,), "downside_decays": (0.9,), "range_decays": (0.0, 0.9)}


def _windows(target, bars, count=7, steps=6):
    rows = target.training_rows(read(bars).frame, len(bars)).astype("float32")
    levels = rows[:, : len(target.columns)]
    target.adapt([levels])
    length, ahead = steps + target.warmup, max(target.horizons)
    at = np.linspace(length - 1, len(levels) - 1 - ahead, count).astype(int)
    history = np.stack([levels[o + 1 - length : o + 1] for o in at])
    return at, history, np.stack([rows[o + 1 : o + 1 + ahead] for o in at])


@pytest.mark.parametrize("make", VARIANCE_TARGETS)
def test_a_network_that_gave_the_label_would_forecast_what_came(make):
    target = make()
    at, history, future = _windows(target, BARS)
    label = target.label(future, history)
    forecast = target.inverse(label[..., 0], history)
    weight = target.parkinson_weight
    scale = squared_returns(ROWS)[1:].mean() / parkinson(ROWS)[1:].mean()
    daily = (1 - weight) * squared_returns(ROWS) + weight * scale * parkinson(ROWS)
    expected = [[daily[o + 1 : o + 1 + days].sum() for days in target.horizons] for o in at]
    np.testing.assert_allclose(forecast, expected, rtol=1e-3)


def test_the_scale_of_the_range_is_that_of_the_known_rows():
    known = slice(1, 400)
    scale = squared_returns(ROWS)[known].mean() / parkinson(ROWS)[known].mean()
    daily = ScaleFreeVariance(**SMALL, parkinson_weight=1.0).training_rows(read(BARS).frame, 400)[:, -1]
    np.testing.assert_allclose(daily[1:], scale * parkinson(ROWS)[1:], rtol=1e-9)


@pytest.mark.parametrize("use_range", [True, False])
@settings(max_examples=10)
@given(level=st.floats(1e-2, 1e4), spread=st.floats(0.2, 3.0))
def test_neither_the_level_of_prices_nor_volatility_shows_in_scale_free_inputs(use_range, level, spread):
    target = ScaleFreeVariance(**SMALL, use_range=use_range)
    other = level * (BARS / 100) ** spread
    (_, history, future), (_, else_history, else_future) = (_windows(target, bars) for bars in (BARS, other))
    np.testing.assert_allclose(target.inputs(history), target.inputs(else_history), atol=0.02)
    np.testing.assert_allclose(
        target.label(future, history), target.label(else_future, else_history), rtol=0.05, atol=1e-3
    )


def test_scale_free_inputs_are_the_ewmas_they_are_said_to_be():
    target = ScaleFreeVariance(**SMALL)
    at, history, _ = _windows(target, BARS)
    returns = np.diff(np.log(BARS["Close"].to_numpy()), prepend=np.nan)
    squares, falling = returns**2, 2 * returns**2 * (returns < 0)

    def mean(values, decay, row):
        weights = decay ** np.arange(20.0)
        return values[row - 19 : row + 1][::-1] @ weights / weights.sum()

    for window, origin in enumerate(at):
        for step in (0, 5):
            row = origin - 5 + step
            own = mean(squares, 0.94, row)
            z = returns[row] / np.sqrt(own)
            parts = [
                mean(squares, 0.8, row),
                mean(falling, 0.9, row),
                parkinson(ROWS)[row],
                mean(parkinson(ROWS), 0.9, row),
            ]
            expected = [z, abs(z), *(np.log(part / own + 0.01) for part in parts)]
            np.testing.assert_allclose(target.inputs(history)[window, step], expected, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(target.scale(history)[window, 0], mean(squares, 0.94, origin), rtol=1e-3)


def test_prices_that_stand_still_for_a_while_give_finite_inputs_and_labels():
    still = BARS.copy()
    still.iloc[200:221] = still.iloc[200].to_numpy()
    still.iloc[200:221] = still.iloc[200]["Close"]
    target = ScaleFreeVariance(**SMALL)
    levels = target.to_array(still.rename(columns=str.lower)).astype("float32")
    history = np.stack([levels[end - 26 : end] for end in range(195, 240)])
    assert np.isfinite(target.inputs(history)).all()
    assert (np.asarray(target.scale(history)) > 0).all()


@pytest.mark.parametrize(
    "cells", [pytest.param(lambda: LSTMCell(3), marks=pytest.mark.slow), lambda: [GRUCell(3), RNNCell(2)]]
)
def test_members_are_networks_of_their_own(cells):
    """Three side by side give what three apart give, and learn what three apart learn."""
    keras.utils.set_random_seed(1)
    together, alone = ResidualRecurrent(cells(), (1, 5), members=3), ResidualRecurrent(cells(), (1, 5))
    inputs = keras.random.normal((32, 9, 4), seed=1)
    labels = keras.random.uniform((32, 2, 1), seed=2)
    for network in (together, alone):
        network.build((None, 9, 4))
    together.readout.assign(keras.random.normal(together.readout.shape, seed=3))
    given = [np.array(weight) for weight in together.weights]

    def parts(values, number):
        together.set_weights(values)
        return together.member_weights(number, alone)

    def learn(network):  # the mean over members takes a third of each one's gradient
        optimizer = keras.optimizers.SGD(0.1 * network.members)
        for _ in range(3):
            with tf.GradientTape() as tape:
                value = tf.reduce_mean(network.head.loss(labels, network(inputs, training=True)))
            gradients = tape.gradient(value, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)
        return network(inputs), [np.array(weight) for weight in network.weights]

    outputs, learnt = learn(together)
    for number in range(3):
        alone.set_weights(parts(given, number))
        apart, weights = learn(alone)
        np.testing.assert_allclose(outputs[:, :, number], apart[:, :, 0], atol=2e-5)
        for here, there in zip(parts(learnt, number), weights, strict=True):
            np.testing.assert_allclose(here, there, atol=2e-5)
    kernels = zip(*(parts(given, number) for number in range(3)), strict=True)
    assert max(len({float(kernel.sum()) for kernel in same}) for same in kernels) == 3  # none begins alike


def test_members_need_a_cell_that_can_be_widened():
    for words, build in (
        ("expected a seqmem.cells.Cell", lambda: widen_for_ensemble(keras.layers.LSTMCell(2), 2)),
        ("members must be at least 1", lambda: widen_for_ensemble(LSTMCell(2), 0)),
        ("horizons must be whole numbers of at least 1", lambda: ResidualRecurrent(None, ())),
        ("expected a cell, or a skip", lambda: ResidualRecurrent(None, skip=False)),
        ("horizons must be at least 1", lambda: RawVariance((0, 5))),
        ("horizons must be whole numbers, ascending. Received: 5", lambda: RawVariance(5)),
        ("whole numbers, ascending", lambda: RawVariance((5, 1))),
        ("whole numbers, ascending", lambda: RawVariance((1.5,))),
        (
            "members are 0 to 1. Received: 2",
            lambda: member(variance_forecaster(GRUCell(2), ensemble_size=2), 2),
        ),
        ("parkinson_weight must lie", lambda: RawVariance(parkinson_weight=2)),
        ("degrees must be above 2", lambda: VarianceStudentT(2)),
        ("expected a VarianceTarget", lambda: variance_forecaster(None, "r2")),
        (
            "expected columns high, low, close. Received: close",
            lambda: variance_forecaster(None).fit(BARS["Close"], SPLIT),
        ),
    ):
        with pytest.raises(ValueError, match=words):
            build()


@pytest.mark.parametrize(
    "cell", [None, GRUCell, *(pytest.param(one, marks=pytest.mark.slow) for one in (RNNCell, LSTMCell))]
)
def test_it_learns_is_calibrated_and_pools(cell):
    pool = {"one": BARS, "other": random_bars(400, seed=5)}
    recipe = Recipe(epochs=4, chunk_length=30, batch_size=4, learning_rate=1e-2, cosine=True)
    make = partial(variance_forecaster, cell and cell(3), ScaleFreeVariance(**SMALL), 10, ensemble_size=2)
    forecaster = train(make, pool, SPLIT, recipe)
    losses = forecaster.history.history
    assert losses["loss"][-1] < losses["loss"][0]
    assert len(losses["val_loss"]) == 4
    origins = SPLIT.train(BARS, context_length=30, horizon=5)["series"]
    forecast = calibrate(forecaster, BARS, origins).forecast(BARS, origins).point
    assert forecast.shape == (len(origins), 2)
    single = [member(forecaster, number).forecast(BARS, origins).point for number in range(2)]
    np.testing.assert_allclose(np.sqrt(single[0] * single[1]), forecast, rtol=1e-4)
    np.testing.assert_allclose(forecast_members(forecaster, BARS, origins), single, rtol=1e-4)
    assert cell is None or np.abs(single[0] / single[1] - 1).max() > 1e-4
    realised = [[squared_returns(ROWS)[o + 1 : o + 1 + days].sum() for days in (1, 5)] for o in origins]
    np.testing.assert_allclose(np.mean(realised / forecast, axis=0), 1, rtol=1e-3)


def test_a_second_fit_learns_too_whether_or_not_the_model_was_saved_in_between(tmp_path):
    forecaster = variance_forecaster(GRUCell(2), ScaleFreeVariance(**SMALL), lookback=5)
    recipe = replace(forecaster.network.recipe, epochs=2)
    forecaster.fit(BARS, SPLIT.refit(), recipe)
    forecaster.save(tmp_path / "model.keras")
    for again in (forecaster, keras.saving.load_model(tmp_path / "model.keras")):
        before = [np.array(weight) for weight in again.trainable_variables]
        again.fit(BARS, SPLIT.refit(), recipe)
        change = max(np.abs(a - b).max() for a, b in zip(before, again.trainable_variables, strict=True))
        assert change > 1e-3
    with pytest.raises(ValueError, match="expected whole numbers from"):
        calibrate(forecaster, BARS, [498])


def test_a_pool_is_cut_series_by_series():
    """A series that ends before the others' test part has no origins there: it is an error that names it."""
    forecaster = variance_forecaster(None, ScaleFreeVariance(**SMALL), lookback=5)
    with pytest.raises(ValueError, match="Split: short: no window of 25 rows and 5 ahead"):
        forecaster.fit({"long": BARS, "short": BARS[:20]}, SPLIT)


def test_pooled_windows_are_those_of_each_series():
    """Two series pooled train on nothing that is not in one of them: a jump at the seam would show."""
    low, high = BARS, BARS * 1e4
    losses = []
    for series in (low, {"low": low, "high": high}):
        keras.utils.set_random_seed(0)
        fresh = variance_forecaster(None, ScaleFreeVariance(**SMALL), lookback=5)
        fresh.compile(optimizer=keras.optimizers.SGD(0.0))
        fresh.fit(series, SPLIT.refit(), Recipe(epochs=1, batch_size=321))
        losses.append(fresh.history.history["loss"][0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert fresh.context_length == 25


def test_student_t_is_the_likelihood_it_is_said_to_be():
    from scipy.stats import t

    variance, draws = 2.5, np.linspace(-4, 4, 9)
    scale = np.sqrt(variance * 4 / 6)  # of 6 degrees
    expected = -2 * t.logpdf(draws, 6, scale=scale)
    found = VarianceStudentT(6.0).call(draws[:, None] ** 2, np.full((9, 1), np.log(variance)))
    np.testing.assert_allclose(np.diff(found[:, 0]), np.diff(expected), rtol=1e-4)


def test_closes_alone_will_do_where_no_range_is_read():
    target = ScaleFreeVariance(**SMALL, use_range=False)
    forecaster = variance_forecaster(GRUCell(2), target, lookback=5)
    series = BARS["Close"]
    sources = (BARS, series, series.to_numpy(), pd.DataFrame(series))
    forecasts = [forecaster.forecast(one, [100, 200]).point for one in sources]
    for other in forecasts[1:]:
        np.testing.assert_array_equal(forecasts[0], other)


@pytest.mark.slow
def test_on_raw_squared_returns_it_learns_the_decay_of_a_garch_given_enough_days():
    """As `research.simulated` has it, in one series: closer than EWMA, not as close as GARCH."""
    closes, variance = simulated.garch(simulated.DAYS + simulated.LATER, 0)
    at = np.arange(simulated.DAYS - 1, len(closes) - 1)
    network = simulated.NETWORKS["LSTM on squared returns"]
    forecaster = simulated.fitted(network, closes, simulated.DAYS, seed=0)
    learnt = simulated.regret(forecaster.forecast(closes, at).point[:, 0], variance[at])
    fitted = GARCH().fit(closes, Split(None, simulated.DAYS)).forecast(closes, at).point[:, 0]
    assert simulated.regret(fitted, variance[at]) < 0.001
    assert learnt < 0.004
