"""Tests of significance against their definitions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


DEGENERATE = (
    "draw", "draw", "other", "shifted", "rounding", "constant", "nan", "some nan", "infinite", "huge", "large"
)  # fmt: skip


def _losses(kind, count):
    draw = np.random.default_rng(0).normal(size=(2, count)) ** 2
    return {
        "draw": draw[0],
        "other": draw[1],
        "shifted": draw[0] + 0.5,
        "rounding": draw[0] * (1 + 1e-15),
        "constant": np.ones(count),
        "nan": np.full(count, np.nan),
        "some nan": np.where(np.arange(count) == 3, np.nan, draw[0]),
        "infinite": np.where(np.arange(count) == 3, np.inf, draw[1]),
        "huge": draw[0] * 1e300,
        "large": draw[1] * 1e12,
    }[kind]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(DEGENERATE), min_size=1, max_size=4), st.sampled_from([10, 40]))
def test_no_losses_end_in_a_traceback(kinds, count):
    """Equal to the bit, equal but for rounding, constant, not finite: each has a p-value in [0, 1]."""
    losses = pd.DataFrame({f"{n} {kind}": _losses(kind, count) for n, kind in enumerate(kinds)})
    found = model_confidence_set(losses)
    assert found.between(0, 1).all()
    finite = np.isfinite(losses).all() & (losses.abs() < 1e100).all()
    assert (found[~finite] == 0).all()
    assert not finite.any() or found[finite].max() == 1
    test = diebold_mariano(losses.iloc[:, 0], losses.iloc[:, -1])
    assert np.isnan(test.p_value) == (
        not finite.iloc[[0, -1]].all()
        or kinds[0] == kinds[-1]
        or {kinds[0], kinds[-1]} == {"draw", "rounding"}
    )
