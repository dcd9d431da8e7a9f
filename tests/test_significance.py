"""Tests of significance against their definitions."""

import numpy as np
import pandas as pd
import pytest

from seqmem.evaluation import diebold_mariano, model_confidence_set


def test_diebold_mariano_is_a_t_test_of_the_mean_with_newey_west_errors():
    draw = np.random.default_rng(0)
    losses = draw.normal(size=(2, 512))
    difference = losses[0] - losses[1]
    centred = difference - difference.mean()
    n, lags = 512, 8  # 512 ** (1/3)
    variance = centred @ centred / n
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (centred[lag:] @ centred[:-lag]) / n
    expected = difference.mean() / np.sqrt(variance / n * n / (n - 1))
    np.testing.assert_allclose(diebold_mariano(*losses).statistic, expected, rtol=1e-9)


def test_diebold_mariano_holds_its_size_under_overlap():
    """Of 200 pairs of equally good 5-day forecasts about 5% are called different, not 30%."""
    draw = np.random.default_rng(0)
    rejected = 0
    for _ in range(200):
        noise = draw.normal(size=(2, 604))
        first, second = (np.convolve(row, np.ones(5), "valid") for row in noise)
        rejected += diebold_mariano(first, second, horizon=5).p_value < 0.05
    assert rejected <= 24
    assert np.isnan(diebold_mariano(np.ones(20), np.ones(20)).p_value)


def test_the_confidence_set_takes_models_that_are_the_same():
    loss = pd.DataFrame({"a": np.arange(50.0)})
    assert model_confidence_set(loss).tolist() == [1.0]
    same = model_confidence_set(loss.assign(b=loss["a"]))
    assert same["a"] == 1.0
    draw = np.random.default_rng(0).normal(size=(2, 400)) ** 2
    three = model_confidence_set(pd.DataFrame({"a": draw[0], "worse": draw[1] + 1, "twin": draw[0]}))
    assert three.index.tolist() == ["a", "worse", "twin"]
    assert three["twin"] == three["a"] == 1.0
    assert three["worse"] < 0.1


def test_too_few_losses_are_refused():
    with pytest.raises(ValueError, match="at least 10"):
        diebold_mariano([1.0], [2.0])
