"""Law: `inverse` undoes `forward`, and `label` and `restore` undo each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import TARGETS, TRANSFORMS, random_walk

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
    assert transform.forward(levels).shape == (batch, 60 - transform.lag)
    np.testing.assert_allclose(transform.inverse(values, history), future, rtol=1e-5)


@pytest.mark.parametrize("make", TARGETS)
@pytest.mark.parametrize("level", [1.0, 40_000.0])
def test_restore_undoes_label_in_float32(make, level):
    target = make()
    levels = random_walk(200, level=level).to_numpy()
    target.transform.adapt(levels)
    windows = np.stack([levels[k : k + 20] for k in range(100)]).astype("float32")
    history, future = windows[:, :-5], windows[:, -5:]
    label = target.label(future, history)
    assert label.shape == (100, 5, 1)
    assert target.inputs(history).shape == (100, 15 - target.transform.lag, 1)
    np.testing.assert_allclose(target.restore(label, history), future, rtol=2e-6)


def test_log_returns_are_right_in_float32_at_a_high_level():
    levels = random_walk(1000, level=40_000.0).to_numpy().astype("float32")
    exact = np.diff(np.log(levels.astype("float64")))
    from seqmem.transforms import LogReturn

    np.testing.assert_allclose(LogReturn().forward(levels), exact, atol=5e-9)
