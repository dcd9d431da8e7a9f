"""Scores against hand-made truth, and against the figures that are known of the S&P 500."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import random_walk

from seqmem.baselines import Drift, LastClose, MeanReturn
from seqmem.evaluation import backtest, diebold_mariano, edge, scores
from seqmem.series import read_prices
from seqmem.windows import split


class Oracle:
    """Knows the future, but for a factor."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def forecast(self, series, at):
        values = np.asarray(series)
        return self.factor * values[np.asarray(at)[:, None] + np.arange(1, 6)]


PRICES = random_walk(600)
AT = split(600, history=30, horizon=5).test


def _table(**models):
    return scores(backtest({"last close": LastClose(horizon=5), **models}, PRICES, AT), training=PRICES[:420])


def test_the_random_walk_on_the_sp500_from_2013_to_2018():
    """Its error is known: .805, 1.132, 1.373, 1.583, 1.751 % for h = 1..5."""
    prices = read_prices("bundled:sp500")
    at = split(len(prices), history=253, horizon=5).test
    assert prices.index[at[0] + 1] == pd.Timestamp("2013-01-02")
    table = scores(backtest({"last close": LastClose(horizon=5)}, prices, at), training=prices[: at[0] + 1])
    found = table.loc["last close"].loc[[1, 2, 3, 4, 5], "rmse"]
    np.testing.assert_allclose(found, [0.805, 1.132, 1.373, 1.583, 1.751], atol=5e-4)


def test_scores_of_a_known_error():
    """A forecast that is always 1% too high has an error of log 1.01, whatever the day."""
    table = _table(high=Oracle(1.01))
    for h in (1, 2, 3, 4, 5, "path"):
        row = table.loc["high", h]
        np.testing.assert_allclose([row["rmse"], row["mae"]], 100 * np.log(1.01), rtol=1e-9)
    walk = table.loc["last close"]
    returns = np.log(PRICES.to_numpy())
    for h in range(1, 6):
        errors = 100 * (returns[AT + h] - returns[AT])
        np.testing.assert_allclose(walk.loc[h, "rmse"], np.sqrt(np.mean(errors**2)))
        np.testing.assert_allclose(walk.loc[h, "mae"], np.mean(np.abs(errors)))


def test_mase_is_one_for_the_naive_forecast_on_its_own_training_part():
    results = backtest({"last close": LastClose(horizon=1)}, PRICES, np.arange(0, 599))
    np.testing.assert_allclose(scores(results, training=PRICES).loc["last close", 1]["mase"], 1.0)


def test_an_edge_is_called_one_only_where_it_is_significant():
    table = _table(oracle=Oracle(1.0001), worse=Oracle(1.5), drift=Drift(horizon=5))
    assert edge(table, "oracle").startswith("oracle beats last close")
    assert edge(table, "worse").startswith("No edge found: worse is significantly worse")
    assert edge(table, "drift").startswith("No edge found: drift does not beat last close")
    assert "NaN" not in edge(table, "drift")


@given(dm=st.floats(-5, 5), p=st.floats(0, 1))
def test_an_edge_is_an_error_that_is_smaller_and_significantly_so(dm, p):
    index = pd.MultiIndex.from_tuples([("mine", "path"), ("last close", "path")], names=["model", "h"])
    table = pd.DataFrame({"rmse": [1 + dm / 100, 1.0], "dm": [dm, np.nan], "p": [p, np.nan]}, index)
    words = edge(table, "mine")
    assert words.startswith("mine beats last close") == (dm < 0 and p < 0.05)
    assert ("No edge found" in words) != (dm < 0 and p < 0.05)
    assert ("significantly worse" in words) == (dm >= 0 and p < 0.05)


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


def test_origins_at_the_end_have_no_truth_and_do_not_count():
    results = backtest({"last close": LastClose(horizon=5)}, PRICES, [590, 598])
    assert results["actual"].isna().sum() == 4
    assert (results.loc[results["origin"] == 598, "h"].to_numpy() == np.arange(1, 6)).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: backtest({}, PRICES, AT), "at least one model"),
        (lambda: backtest({"a": LastClose(horizon=1), "b": LastClose(horizon=2)}, PRICES, AT), "one shape"),
        (
            lambda: scores(backtest({"a": LastClose(horizon=5)}, PRICES, AT), training=PRICES),
            "no model 'last",
        ),
        (lambda: _table(negative=Oracle(-1.0)), "expected a price above 0"),
        (lambda: diebold_mariano([1.0], [2.0]), "at least 10"),
        (lambda: LastClose(horizon=0), "horizon must be at least 1"),
        (lambda: MeanReturn(horizon=1).forecast(PRICES, AT), "call fit"),
        (lambda: MeanReturn(horizon=1).fit(PRICES, 1), "at least 2 rows"),
        (lambda: Drift(horizon=1).forecast(PRICES, [0]), "origins of at least 1"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
