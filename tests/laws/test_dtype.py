"""Law: float32, float64 and mixed_float16 give the same forecasts, as far as their digits go."""

from contextlib import nullcontext

import numpy as np
import pytest
from samples import CELLS, random_walk

from seqmem.cells import GRUCell, LSTMCell
from seqmem.data.splits import Split
from seqmem.models.forecaster import Forecaster
from seqmem.networks import EncoderDecoder
from seqmem.recipe import Recipe
from seqmem.recurrence import Recurrent, inference_mode

TOLERANCE = {"float32": 1e-6, "float64": 1e-12, "mixed_float16": 5e-3}


@pytest.mark.parametrize("policy", TOLERANCE)
@pytest.mark.parametrize("sample", CELLS, ids=lambda sample: sample.cell.__name__)
def test_cells(sample, policy, rng):
    inputs = rng.normal(size=(2, 9, 3))
    layer = Recurrent(sample.cell(4, dtype=policy), dtype=policy, return_sequences=True)
    outputs = layer(inputs)
    assert str(outputs.dtype.name) == layer.compute_dtype
    expected, _ = sample.paper(inputs, *[np.asarray(weight, "float64") for weight in layer.get_weights()])
    np.testing.assert_allclose(outputs, expected, atol=TOLERANCE[policy])


@pytest.mark.parametrize(
    ("policy", "level"),
    [
        ("float32", 40_000.0),
        ("mixed_float16", 40_000.0),
        pytest.param("float64", 40_000.0, marks=pytest.mark.slow),
        *(pytest.param(policy, 1.0, marks=pytest.mark.slow) for policy in TOLERANCE),
    ],
)
def test_a_forecaster_trains_and_forecasts_in_float32_whatever_its_network(policy, level):
    """At half precision 40,000 is no number: prices must never meet the network's policy."""
    cell = CELLS[1].cell
    network = EncoderDecoder(cell(4, dtype=policy), cell(4, dtype=policy), horizon=2, dtype=policy)
    forecaster = Forecaster(network, lookback=8)
    prices = random_walk(200, level=level)
    forecaster.fit(prices, Split.by_share(prices).refit(), Recipe(epochs=2))
    assert np.isfinite(forecaster.history.history["loss"]).all()
    forecast = forecaster.forecast(prices, np.arange(50, 190)).point
    assert forecaster(prices.to_numpy()[None]).dtype == "float32"
    np.testing.assert_allclose(forecast, np.repeat(prices.to_numpy()[50:190, None], 2, 1), rtol=0.05)


@pytest.mark.parametrize("cells", [[LSTMCell, LSTMCell], [GRUCell, LSTMCell]], ids=["lstm", "gru"])
@pytest.mark.parametrize("scope", [nullcontext, inference_mode])
def test_a_layer_of_half_precision_runs_cells_of_single_precision_as_they_are(cells, scope, rng):
    half, single = (Recurrent([cell(3) for cell in cells], dtype=dtype) for dtype in ("mixed_float16", None))
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    for layer in (half, single):
        layer.build(x.shape)
    half.set_weights(single.get_weights())
    with scope():
        np.testing.assert_allclose(half(x), single(x), atol=2e-3)  # inputs are halved in precision
