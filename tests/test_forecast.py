"""A forecast: its shapes, its quantiles and its frame, for every quantity."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqmem.evaluation.forecast import Forecast, Prediction
from seqmem.quantities import Price, Quantity, Return, Variance

QUANTITIES = [Price(), Return(), Variance(365)]


def forecast(quantity=None, **values):
    values = values or {"mean": np.array([[101.0, 102.0], [99.0, 98.0]])}
    return Forecast(
        quantity=quantity or Price(),
        horizons=(1, 5),
        unique_id=np.array(["a", "b"], dtype=object),
        cutoff=np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[ns]"),
        ds=np.array([["2024-01-03", "2024-01-09"], ["2024-01-04", "2024-01-10"]], dtype="datetime64[ns]"),
        origins=np.array([7, 8]),
        last=np.array([100.0, 100.0]),
        **values,
    )


def test_the_long_frame_has_the_names_of_the_ecosystem():
    frame = forecast().to_frame()
    assert list(frame) == ["unique_id", "ds", "cutoff", "h", "mean", "change"]
    np.testing.assert_allclose(frame["change"], [0.01, 0.02, -0.01, -0.02])
    assert frame["ds"].dtype.kind == frame["cutoff"].dtype.kind == "M"
    paths = np.random.default_rng(0).normal(100, 1, (2, 400, 2))
    wide = forecast(paths=paths).to_frame(levels=(80, 95))
    kinds = ("lo", "hi", "path-lo", "path-hi", "min", "max")
    assert list(wide)[-12:] == [f"{kind}-{level}" for level in (80, 95) for kind in kinds]
    assert "median" in wide
    assert (wide["lo-95"] < wide["lo-80"]).all()


@pytest.mark.parametrize("quantity", QUANTITIES, ids=str)
def test_what_a_server_names_is_what_a_table_shows(quantity):
    """The same numbers by name, in the graph and in the frame; and a quantity comes back from its config."""
    one = forecast(quantity)
    served = quantity.outputs(keras.ops.array(one.mean), one.horizons)
    shown = quantity.columns(one)
    for name in set(served) & set(shown):
        np.testing.assert_allclose(served[name], shown[name], rtol=1e-6)
    np.testing.assert_allclose(next(iter(served.values())), one.mean)
    assert set(quantity.formats) <= set(one.to_frame())
    again = Quantity.from_config(json.loads(json.dumps(quantity.to_config())))
    assert again == quantity
    assert hash(again) == hash(quantity)
    assert quantity != Variance(99)


@given(st.lists(st.floats(0.05, 0.95), min_size=2, max_size=6, unique=True), st.integers(0, 9))
def test_quantiles_never_cross_and_meet_the_levels_there_are(levels, seed):
    levels = tuple(sorted(levels))
    values = np.sort(np.random.default_rng(seed).normal(100, 5, (2, 2, len(levels))), axis=-1)
    one = forecast(quantiles=values, levels=levels)
    for column, level in enumerate(levels):
        np.testing.assert_allclose(one.quantile(level), values[..., column], rtol=1e-9)
    between = np.stack([one.quantile(q) for q in np.linspace(levels[0], levels[-1], 7)])
    assert (np.diff(between, axis=0) > -1e-9).all()
    with pytest.raises(ValueError, match="outside the levels that were forecast"):
        one.quantile(0.01)


def test_series_are_selected_and_arrays_made():
    one = forecast()
    assert np.asarray(one.select("b")).tolist() == [[99.0, 98.0]]
    assert one.select("b").to_frame()["cutoff"].iloc[0] == pd.Timestamp("2024-01-03")
    assert (len(one), one.shape) == (2, (2, 2))
    assert repr(one) == "Forecast(price of 2 series, h = 1, 5, from 2 origins 2024-01-02 to 2024-01-03: mean)"
    assert "<table" in one._repr_html_()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: forecast(mean=np.zeros((2, 3))), r"expected mean of shape \(2, 2\). Received: \(2, 3\)"),
        (lambda: forecast(mean=None), "expected a mean, quantiles or paths"),
        (lambda: forecast(quantiles=np.zeros((2, 2, 3)), levels=(0.1, 0.9)), "expected quantiles of shape"),
        (lambda: forecast().select("c"), r"no series 'c'. Received: \['a', 'b'\]"),
        (lambda: forecast().quantile(0.5), "a mean alone"),
        (lambda: forecast().interval(100), "a percentage"),
        (lambda: Variance(0), "must be above 0"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_prediction_has_names():
    assert Prediction(np.zeros(2)).quantiles is None
