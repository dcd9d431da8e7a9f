"""Heads: each loss is lowest at the truth, quantiles do not cross, and a table is the distribution."""

import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy.stats import t

from seqmem.heads import LogVariance, Point, Quantiles, ShapedVariance, StudentT

DRAW = np.random.default_rng(0)
LEVELS = (0.05, 0.25, 0.5, 0.9)


def _best(head, labels, steps=200, rate=0.1):
    """Raw outputs [K] that minimise the mean loss of one horizon, by gradient descent."""
    raw = tf.Variable(np.zeros(head.width, "float32"))
    momentum, second = np.zeros(head.width), np.zeros(head.width)
    label = ops.cast(labels.reshape(-1, 1, 1), "float32")
    for step in range(1, steps + 1):  # Adam
        with tf.GradientTape() as tape:
            shape = (len(labels), 1, 1, head.width)
            loss = ops.mean(head.loss(label, ops.broadcast_to(raw, shape)))
        slope = np.asarray(tape.gradient(loss, raw))
        momentum = 0.9 * momentum + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        move = momentum / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        raw.assign_sub((rate / np.sqrt(step) * move).astype("float32"))
    return head.predict(ops.reshape(raw, (1, 1, head.width)))


def test_the_loss_of_each_head_is_lowest_at_the_truth():
    labels = DRAW.standard_t(5, 5_000) * 0.7 + 0.3
    assert float(_best(Point(), labels).mean[0, 0]) == pytest.approx(labels.mean(), abs=0.02)
    assert float(_best(LogVariance(), labels**2).mean[0, 0]) == pytest.approx(np.mean(labels**2), rel=0.03)
    for head in (Quantiles(LEVELS), StudentT(LEVELS)):
        found = np.asarray(_best(head, labels).quantiles)[0, 0]
        np.testing.assert_allclose(found, np.quantile(labels, LEVELS), atol=0.06)


def test_quantiles_do_not_cross_whatever_the_network_gives():
    raw = ops.cast(DRAW.normal(0, 30, (50, 2, 13)), "float32")
    assert (np.diff(np.asarray(Quantiles().predict(raw).quantiles), axis=-1) >= 0).all()
    assert (np.diff(np.asarray(StudentT().predict(raw[..., :3] / 10).quantiles), axis=-1) >= 0).all()


def test_student_t_is_scipys():
    head = StudentT(LEVELS)
    raw = DRAW.normal(0, 1.5, (40, 1, 1, 3)).astype("float32")
    location, scale, degrees = (np.asarray(one, "float64") for one in head._parameters(raw))
    label = DRAW.normal(0, 3, (40, 1, 1)).astype("float32")
    expected = -t.logpdf(label, degrees, location, scale)
    np.testing.assert_allclose(head.loss(label, raw), expected, rtol=2e-4, atol=2e-4)
    quantiles = np.asarray(head.predict(raw[:, :, 0]).quantiles)
    exact = t.ppf(np.array(LEVELS), degrees[:, :, 0, None], location[:, :, 0, None], scale[:, :, 0, None])
    np.testing.assert_allclose(quantiles, exact, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("levels", [(), (0.5, 0.1), (0, 0.5), (0.5, 1.0), (0.5, 0.5)])
@pytest.mark.parametrize("head", [Quantiles, StudentT])
def test_levels_ascend_in_the_unit_interval(head, levels):
    with pytest.raises(ValueError, match=r"levels must lie in \(0, 1\), ascending"):
        head(levels)


def test_a_shape_gives_paths_and_their_quantiles():
    shape = DRAW.normal(size=(50, 2))
    head = ShapedVariance(LEVELS, blocks=50, horizons=2).keep(shape)
    raw = DRAW.normal(size=(3, 2, 1)).astype("float32")
    paths, found = head.sample(raw), head.predict(raw)
    np.testing.assert_allclose(
        np.quantile(paths, LEVELS, axis=1), np.moveaxis(found.quantiles, -1, 0), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(np.mean(paths, axis=1), found.mean, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match=r"expected shapes of \[50, 2\]. Received: \(50, 1\)"):
        head.keep(shape[:, :1])
    with pytest.raises(ValueError, match="Point: has no sampled paths"):
        Point().sample(raw)
