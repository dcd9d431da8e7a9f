"""Law: rewrite everything after an origin, and no forecast at or before it moves."""

import keras
import numpy as np
import pandas as pd
import pytest
from samples import (
    BASELINES,
    RETURN_CLASSICS,
    TRAINED_ON_EACH_TARGET,
    VARIANCE_BASELINES,
    random_bars,
    random_walk,
    small_forecaster,
    split_after,
    split_for,
)

from seqmem.data import windows
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.models.classics import LastClose, WalkForward
from seqmem.models.forecaster import Forecaster
from seqmem.recipe import Recipe

SERIES = random_walk(300)
NOW = 250


def _rewritten(after: int, seed: int = 9, series=SERIES):
    """The same series up to and with row `after`, another one from there on."""
    other = series.copy()
    later = 1.3 * random_walk(len(series) - after - 1, level=1.0, seed=seed).to_numpy()
    now = series.iloc[after].to_numpy() if isinstance(series, pd.DataFrame) else series.iloc[after]
    other.iloc[after + 1 :] = np.multiply.outer(later, now)
    return other


@pytest.mark.parametrize("make", TRAINED_ON_EACH_TARGET)
def test_forecasters(make):
    """Forecasts, and all that training learns, know nothing of what comes after."""
    bars, origins = random_bars(300), np.arange(NOW - 20, NOW + 1)
    other, found = _rewritten(NOW, series=bars), []
    for series in (bars, other):
        keras.utils.set_random_seed(3)
        forecaster = make()
        chunk_length = 10 if forecaster.network.trains_on_chunks else 1
        split = Split(series.index[NOW - 55], series.index[NOW + 1])
        forecaster.fit(series, split, Recipe(epochs=2, chunk_length=chunk_length), check_inputs=None)
        found.append([*forecaster.get_weights(), forecaster.forecast(series, origins).point])
    for here, there in zip(*found, strict=True):
        np.testing.assert_array_equal(here, there)
    later = [forecaster.forecast(series, [NOW + 1]).point for series in (bars, other)]
    assert not np.allclose(*later, rtol=1e-7)


@pytest.mark.parametrize("make", BASELINES)
def test_baselines(make):
    at = np.arange(NOW - 20, NOW + 1)
    both = (as_dataset(series, allow=("split",)) for series in (_rewritten(NOW), SERIES))
    split = split_after(SERIES, NOW + 1)
    there, here = (make(horizon=5).fit(data, split).forecast(data, at) for data in both)
    np.testing.assert_array_equal(there, here)


@pytest.mark.parametrize("make", [*RETURN_CLASSICS, *VARIANCE_BASELINES])
def test_variance_baselines_and_their_refits(make):
    """Walked forward: no refit sees beyond the origins that it serves."""
    bars, now = random_bars(420), 360
    other = bars.copy()
    other.iloc[now + 1 :] = 5 * random_bars(420, seed=4).to_numpy()[now + 1 :]
    at = np.arange(now - 60, now + 1)
    both = [as_dataset(series, allow=("split",)) for series in (bars, other)]
    split = split_after(bars, now - 69)
    walks = [WalkForward(make(), every=25).fit(data, split) for data in both]
    here, there = (walk.forecast(data, at) for walk, data in zip(walks, both, strict=True))
    np.testing.assert_array_equal(here, there)
    np.testing.assert_array_equal(here.quantiles, there.quantiles)
    assert len(walks[0].fits(at)) == 3
    longer = walks[0].forecast(both[0], np.arange(now - 60, 419))  # nor does it matter where forecasts end
    np.testing.assert_allclose(longer.point[: len(at)], here, rtol=1e-9)


def test_the_transform_knows_nothing_after_the_training_part(monkeypatch):
    """What the weights know is another law, so nothing is trained here."""
    monkeypatch.setattr(Forecaster, "train_on", lambda self, *seen, **options: None)
    split = split_for(small_forecaster(), SERIES)
    last_seen = int(split.train(SERIES)["Close"][-1]) + 3
    assert last_seen < split.validation(SERIES)["Close"][0] + 1
    learnt = []
    for series in (SERIES, _rewritten(last_seen)):
        forecaster = small_forecaster().fit(series, split, Recipe(epochs=1))
        learnt.append([float(weight) for weight in forecaster.target.weights])
    assert learnt[0] == learnt[1]
    returns = np.diff(np.log(SERIES.to_numpy()[: last_seen + 1]))
    np.testing.assert_allclose(learnt[0], [returns.mean(), returns.std()], rtol=1e-5)


def test_windows():
    at = np.arange(20, NOW + 1)
    for rows, batch in windows.pair_with_series(_rewritten(NOW), windows.batches(at, batch_size=999)):
        history, _ = windows.gather(rows, batch, context_length=10, horizon=5)
        expected = np.stack([SERIES.to_numpy()[o - 9 : o + 1] for o in at])
        np.testing.assert_allclose(history, expected, rtol=1e-6)


def test_a_model_that_peeks_is_caught():
    """The law can fail: a "baseline" that reads tomorrow breaks it."""

    class Peek(LastClose):
        def predict_series(self, frame, origins, unique_id):
            return frame["close"].to_numpy()[origins[:, None] + 1]

    both = (as_dataset(series, allow=("split",)) for series in (SERIES, _rewritten(NOW)))
    here, there = (Peek(horizon=1).forecast(data, [NOW]).mean for data in both)
    assert not np.allclose(here, there)
