"""Law: `inverse` undoes `forward`, and a target's `inverse` undoes `label`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import RETURN_TARGETS, TARGETS, TRANSFORMS, VARIANCE_TARGETS, random_bars, random_walk

from seqmem.data.reading import read

MAKERS = list(range(len(TRANSFORMS)))


@pytest.mark.parametrize("n", MAKERS)
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    level=st.sampled_from([0.01, 1.0, 100.0, 40_000.0]),
    horizon=st.integers(1, 12),
    batch=st.integers(1, 4),
)
def test_inverse_undoes_forward(n, seed, level, horizon, batch):
    transform = TRANSFORMS[n]()
    levels = np.stack([random_walk(60, level=level, seed=seed + k) for k in range(batch)])
    transform.adapt(levels[0])
    history, future = levels[:, :-horizon], levels[:, -horizon:]
    values = transform.forward(levels)[:, -horizon:]
    assert transform.forward(levels).shape == (batch, 60 - transform.warmup)
    np.testing.assert_allclose(transform.inverse(values, history), future, rtol=1e-5)


@pytest.mark.parametrize("make", TARGETS)
@pytest.mark.parametrize("level", [1.0, 40_000.0])
def test_inverse_undoes_label_in_float32(make, level):
    target = make()
    levels = random_walk(200, level=level).to_numpy()
    target.adapt([levels[:, None]])
    windows = np.stack([levels[k : k + 20] for k in range(100)]).astype("float32")[..., None]
    history, future = windows[:, :-5], windows[:, -5:]
    label = target.label(future, history)
    assert label.shape == (100, 5, 1)
    assert target.inputs(history).shape == (100, 15 - target.transform.warmup, 1)
    np.testing.assert_allclose(target.inverse(label[..., 0], history), future[..., 0], rtol=2e-6)


def test_log_returns_are_right_in_float32_at_a_high_level():
    levels = random_walk(1000, level=40_000.0).to_numpy().astype("float32")
    exact = np.diff(np.log(levels.astype("float64")))
    from seqmem.transforms import LogReturn

    np.testing.assert_allclose(LogReturn().forward(levels), exact, atol=5e-9)


@pytest.mark.parametrize(
    "make", [make for make in [*TARGETS, *RETURN_TARGETS, *VARIANCE_TARGETS] if not make().pathwise]
)
def test_an_inverse_that_is_not_pathwise_increases(make):
    """So that quantiles pass through it: each number by itself, and the larger the larger."""
    target = make()
    bars = read(random_bars(200)).frame
    rows = target.to_array(bars).astype("float32")
    target.adapt([rows])
    history = np.stack([rows[k : k + 60] for k in range(0, 100, 10)])
    steps = np.linspace(0.1, 3, 7, dtype="float32")
    values = np.stack([np.full((10, len(target.horizons)), step) for step in steps])
    found = np.stack([np.asarray(target.inverse(value, history)) for value in values])
    assert (np.diff(found, axis=0) > 0).all()
    one = values[0].copy()
    one[:, -1] = 2.0
    np.testing.assert_array_equal(target.inverse(one, history)[:, :-1], found[0][:, :-1])


def test_the_path_of_prices_is_pathwise():
    """Quantiles of its steps, cumulated, are no quantiles of prices: it says so."""
    assert all(make().pathwise for make in TARGETS)
