"""Scores against hand-made truth, and against the figures that are known of the S&P 500."""

import numpy as np
import pandas as pd
import pytest
from samples import random_walk

from seqmem.data.series import read_prices
from seqmem.data.windows import split
from seqmem.evaluation import backtest, diebold_mariano, edge, scores
from seqmem.models.classics import Drift, LastClose, MeanReturn


class Oracle:
    """Knows the future, but for a factor."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def forecast(self, series, at):
        values = np.asarray(series)
        return self.factor * values[np.asarray(at)[:, None] + np.arange(1, 6)]


PRICES = random_walk(600)
AT = split(600, history=30, horizon=5).test


def _results(**models):
    return backtest({"last close": LastClose(horizon=5), **models}, PRICES, AT)


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


class Noisy:
    """Knows the future, but for noise."""

    def __init__(self, noise, seed=0):
        self.noise, self.seed = noise, seed

    def forecast(self, series, at):
        truth = Oracle().forecast(series, at)
        return truth * np.exp(np.random.default_rng(self.seed).normal(0, self.noise, truth.shape))


def test_an_edge_is_called_one_only_where_it_is_significant():
    assert edge(_results(oracle=Oracle(1.0001)), "oracle").startswith("oracle beats last close: its error")
    worse = edge(_results(worse=Oracle(1.5)), "worse")
    assert "does not beat last close and is significantly worse than last close" in worse
    drift = edge(_results(drift=Drift(horizon=5)), "drift")
    assert drift.startswith("No edge found: drift does not beat last close")


def test_an_edge_must_beat_every_baseline():
    """Both know almost all; beside the other, the second best has no edge, nor has one that is as good."""
    both = _results(best=Noisy(0.001), second=Noisy(0.002, seed=1), twin=Noisy(0.001, seed=2))
    assert "second does not beat best, twin and is significantly worse than best, twin" in edge(
        both, "second"
    )
    assert edge(both, "best").startswith("No edge found: best does not beat twin")
    assert edge(_results(best=Noisy(0.001), second=Noisy(0.002)), "best").startswith(
        "best beats last close, second: its error over the whole path is 0.5"
    )


def test_better_by_less_than_the_noise_is_no_edge():
    """Of two naive forecasts one is always the better; over 20 walks hardly ever significantly so."""
    claims = 0
    for seed in range(20):
        walk = random_walk(600, seed=seed)
        models = {"last close": LastClose(horizon=5), "drift": Drift(horizon=5)}
        claims += "beats" in edge(backtest(models, walk, AT), "drift")
    assert claims <= 3


def test_too_few_origins_are_no_edge():
    models = {"last close": LastClose(horizon=5), "oracle": Oracle()}
    assert "99 origins are too few to tell" in edge(backtest(models, PRICES, AT[:99]), "oracle")
    assert edge(backtest(models, PRICES, AT[:100]), "oracle").startswith("oracle beats")


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
        (lambda: edge(_results(), "last close"), "something beside it"),
        (lambda: edge(_results(), "nobody"), "expected 'nobody'"),
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
