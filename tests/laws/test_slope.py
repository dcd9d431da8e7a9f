"""Law: an activation function's slope, read off its output, is its derivative."""

import numpy as np
import pytest
import tensorflow as tf

from seqmem.cells.activations import ACTIVATIONS


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_is_the_derivative(name):
    activation = ACTIVATIONS[name]
    z = tf.constant(np.linspace(-4.03, 4.01, 101))  # past the kinks at -3, 0 and 3, never on them
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = activation(z)
    np.testing.assert_allclose(activation.slope(y), tape.gradient(y, z), atol=1e-12)
