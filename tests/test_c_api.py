"""Without Python: every signature through TensorFlow's C API, from a C program compiled here."""

import json

import numpy as np
import pytest
import tensorflow as tf
from samples import GRUCell, adapted, random_bars

import seqmem
from benchmarks import c_api
from seqmem.serving import export

pytestmark = pytest.mark.skipif(c_api.compiler() is None, reason="no C compiler here: set CC, or install one")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return c_api.build(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module")
def models(exported, tmp_path_factory):
    """A path of prices, and variances from bars."""
    bars, target = random_bars(80), seqmem.ScaleFreeVariance(memory=20)
    variance = adapted(seqmem.variance_forecaster(GRUCell(3), target, lookback=8), bars)
    return [exported, export(variance, tmp_path_factory.mktemp("models"), name="variance", prices=bars)]


@pytest.mark.parametrize("number", [pytest.param(0, marks=pytest.mark.slow), 1])  # 1 has every signature
def test_c_says_what_python_says(number, models, program, tmp_path, rng):
    model = models[number]
    signatures = tf.saved_model.load(str(model)).signatures
    for name in json.loads((model / "card.json").read_text())["signatures"]:
        specs = signatures[name].structured_input_signature[1]
        if name == "describe":
            found = c_api.run(program, model, name, {"request": "card"}, tmp_path).outputs
            assert json.loads("\n".join(found["card"]))["context_length"] > 0
            continue
        rows = {"close": 100 + rng.uniform(-1, 1, (3, 40)), "closes": 100 + rng.uniform(-1, 1, (3, 40))}
        rows |= {"high": rows["close"] + 2, "low": rows["close"] - 2}
        given = {
            key: np.float32(rows[key] if len(spec.shape) > 1 else rows[key][:, 0])
            if key in rows
            else np.full((3, *spec.shape[1:]), 99.0 if key == "history" else 0.1, "float32")
            for key, spec in specs.items()
        }
        expected = signatures[name](**{key: tf.constant(values) for key, values in given.items()})
        found = c_api.run(program, model, name, given, tmp_path).outputs
        assert set(found) == set(expected)
        for key, values in expected.items():
            np.testing.assert_allclose(found[key], values, rtol=1e-6, atol=1e-7)


def test_c_gets_the_errors_of_the_graph(models, program, tmp_path):
    closes = np.full((2, 20), 100.0)
    closes[1, 4] = -1
    with pytest.raises(RuntimeError, match=r"closes: expected finite prices above 0.*\[\[1 4\]\]"):
        c_api.run(program, models[0], "serving_default", {"closes": closes}, tmp_path)
    with pytest.raises(RuntimeError, match=r"expected at least 9 a row. Received:\] \[5\]"):
        c_api.run(program, models[0], "serving_default", {"closes": closes[:, :5]}, tmp_path)
