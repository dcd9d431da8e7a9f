"""Law: what is served is what Python says, to float32 rounding."""

import json

import fresh
import numpy as np
import pytest
import tensorflow as tf
from samples import TRAINED_FORECASTERS, VARIANCE_FORECASTERS, adapted, random_bars
from streaming import assert_a_stream_is_a_window

from seqmem.data.reading import read
from seqmem.serving import ServedModel, export, load
from seqmem.serving.questions import input_names


@pytest.mark.parametrize("make", TRAINED_FORECASTERS)
def test_served_is_python(make, tmp_path):
    bars, origins = random_bars(300), np.arange(60, 290)
    forecaster = adapted(make(), bars)
    folder = export(forecaster, tmp_path, name="sample")
    served, again = ServedModel(folder), load(folder)
    assert (served.inputs, served.horizons) == (
        tuple(input_names(forecaster.target.columns)),
        forecaster.horizons,
    )
    for level in (1.0, 40_000.0):
        series = read(bars / bars.iloc[0, 0] * level)
        expected = forecaster.forecast(series, origins).point
        np.testing.assert_allclose(served.forecast(series, origins).point, expected, rtol=1e-6)
        np.testing.assert_allclose(again.forecast(series, origins[:5]).point, expected[:5], rtol=1e-6)
        rows = series.frame[list(forecaster.target.columns)].to_numpy()
        longer = np.stack([rows[origin - 60 : origin + 1] for origin in origins])  # than needed: cut
        for count in (1, len(origins)):
            found = served(*np.moveaxis(longer[:count], 2, 0))
            np.testing.assert_allclose(found, expected[:count], rtol=1e-6)
    if forecaster.network.state_sizes is not None:
        assert_a_stream_is_a_window(forecaster, served, bars)


def test_a_server_tells_variance_and_annualised_volatility(tmp_path):
    bars = random_bars(300)
    forecaster = adapted(VARIANCE_FORECASTERS[0](), bars)
    served = ServedModel(export(forecaster, tmp_path, name="sample"))
    answer = served.answer(closes=bars["Close"].to_numpy()[None])
    yearly = np.sqrt(answer["variance"] * 252 / np.array(forecaster.horizons))
    np.testing.assert_allclose(answer["volatility"], yearly, rtol=1e-6)
    np.testing.assert_allclose(served.forecast(bars).to_frame()["volatility"], yearly[0], rtol=1e-6)


ALONE = """
import json, sys
import numpy as np, tensorflow as tf
signature = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
closes = tf.constant(json.loads(sys.argv[2]), tf.float32)
print(json.dumps(signature(closes=closes)["forecast"].numpy().tolist()))
assert not any(name.partition(".")[0] in ("seqmem", "tuning") for name in sys.modules)
"""


def test_it_reloads_where_seqmem_was_never_imported(fitted, exported, prices, tmp_path):
    closes = prices.to_numpy()[None, -20:].tolist()
    said = fresh.python(ALONE, exported, json.dumps(closes), cwd=tmp_path)
    expected = fitted.forecast(prices).point
    np.testing.assert_allclose(json.loads(said), expected, rtol=1e-6)


def test_the_signature_has_the_names_and_shapes_that_the_readme_says(exported):
    signature = tf.saved_model.load(exported).signatures["serving_default"]
    closes = signature.structured_input_signature[1]["closes"]
    assert (closes.shape.as_list(), closes.dtype) == ([None, None], tf.float32)
    forecast = signature.structured_outputs["forecast"]
    assert (forecast.shape.as_list(), forecast.dtype) == ([None, 3], tf.float32)
