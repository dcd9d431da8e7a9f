"""Law: what is served is what Python says, to float32 rounding."""

import json
import subprocess
import sys

import numpy as np
import pytest
from samples import FORECASTERS, VOLATILITY_FORECASTERS, random_bars, random_walk
from streaming import assert_a_stream_is_a_window

from seqmem.serving import ServedModel, export, load


@pytest.mark.parametrize("make", FORECASTERS)
def test_served_is_python(make, tmp_path):
    forecaster = make()
    prices = random_walk(1100)
    forecaster.target.transform.adapt(prices.to_numpy())
    forecaster.build()
    folder = export(forecaster, tmp_path, name="sample")
    served, again = ServedModel(folder), load(folder)
    at = np.arange(40, 1040)
    for level in (1.0, 40_000.0):
        series = (prices / prices.iloc[0] * level).to_numpy()
        expected = forecaster.forecast(series, at)
        closes = np.stack([series[o - 3 * 8 : o + 1] for o in at])  # longer than needed: cut
        for batch in (closes[:1], closes, closes[:, -forecaster.closes :]):
            np.testing.assert_allclose(served(batch), expected[: len(batch)], rtol=1e-6)
        np.testing.assert_allclose(again.forecast(series, at[:5]), expected[:5], rtol=1e-6)
    assert_a_stream_is_a_window(forecaster, folder, prices)


@pytest.mark.parametrize("make", VOLATILITY_FORECASTERS)
def test_served_variances_are_pythons(make, tmp_path):
    forecaster, bars = make(), random_bars(300)
    forecaster.target.adapt([forecaster.target.levels(bars)])
    forecaster.build()
    folder = export(forecaster, tmp_path, name="sample")
    served, again = ServedModel(folder), load(folder)
    at = np.arange(60, 290)
    for level in (1.0, 40_000.0):
        series = bars / bars.iloc[0, 0] * level
        expected = forecaster.forecast(series, at)
        rows = {name: series[name.capitalize()[:5]].to_numpy() for name in served.inputs}
        given = {name: np.stack([one[o - 60 : o + 1] for o in at]) for name, one in rows.items()}
        for cut in (slice(0, 1), slice(None)):
            found = served.answer(**{name: values[cut] for name, values in given.items()})
            np.testing.assert_allclose(found["variance"], expected[cut], rtol=1e-6)
            yearly = np.sqrt(expected[cut] * 252 / np.array(forecaster.network.horizons))
            np.testing.assert_allclose(found["volatility"], yearly, rtol=1e-6)
        np.testing.assert_allclose(again.forecast(series, at[:5]), expected[:5], rtol=1e-6)
    assert_a_stream_is_a_window(forecaster, folder, bars)
    with pytest.raises(ValueError, match="gives variance and volatility"):
        served(given[served.inputs[0]])


ALONE = """
import json, sys
import numpy as np, tensorflow as tf
signature = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
closes = tf.constant(json.loads(sys.argv[2]), tf.float32)
print(json.dumps(signature(closes=closes)["forecast"].numpy().tolist()))
assert not any(name.partition(".")[0] in ("seqmem", "tuning") for name in sys.modules)
"""


def test_it_reloads_where_seqmem_was_never_imported(fitted, prices, tmp_path):
    folder = export(fitted, tmp_path, name="sample", prices=prices)
    closes = prices.to_numpy()[None, -20:].tolist()
    run = subprocess.run(
        [sys.executable, "-c", ALONE, str(folder), json.dumps(closes)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    expected = fitted.forecast(prices, [len(prices) - 1])
    np.testing.assert_allclose(json.loads(run.stdout), expected, rtol=1e-6)


def test_the_signature_has_the_names_and_shapes_that_the_readme_says(fitted, tmp_path):
    folder = export(fitted, tmp_path, name="sample")
    cli = "from tensorflow.python.tools.saved_model_cli import main; main()"
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            cli,
            "show",
            "--dir",
            str(folder),
            "--tag_set",
            "serve",
            "--signature_def",
            "serving_default",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    words = " ".join(run.stdout.split())
    assert "inputs['closes'] tensor_info: dtype: DT_FLOAT shape: (-1, -1)" in words
    assert "outputs['forecast'] tensor_info: dtype: DT_FLOAT shape: (-1, 3)" in words
