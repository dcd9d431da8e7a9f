"""Evaluations against hand-made truth, and against the figures that are known of the S&P 500."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import random_bars, random_walk, split_after
from test_variance_baselines import simulated_garch

from seqmem.data.measures import parkinson, squared_returns
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation import (
    QLIKE,
    AbsoluteLogError,
    AbsoluteScaledError,
    Forecast,
    HighVolatility,
    ParkinsonRange,
    SquaredLogError,
    SquaredReturns,
    SquaredVarianceError,
    calibration_table,
    compare,
    diebold_mariano,
    evaluate,
    reference_tests,
    score_by_series,
    scorecard,
    seed_spread,
)
from seqmem.models.base import Model
from seqmem.models.classics import EWMA, ConstantVariance, Drift, LastClose
from seqmem.quantities import Price, Variance


class Oracle(Model):
    """Knows the coming closes, but for a factor and noise."""

    horizons, context_length, quantity = (1, 2, 3, 4, 5), 1, Price()

    def __init__(self, factor=1.0, noise=0.0, seed=0):
        self.factor, self.noise, self.seed = factor, noise, seed

    def fit(self, data, split):
        return self

    def predict_series(self, frame, origins, unique_id):
        truth = frame["close"].to_numpy()[origins[:, None] + np.arange(1, 6)]
        draw = np.random.default_rng(self.seed).normal(0, self.noise, truth.shape)
        return self.factor * truth * np.exp(draw)


class Known(Model):
    """Knows the variance of each row of each series, five times over, but for noise."""

    horizons, context_length, quantity = (1, 5), 1, Variance()

    def __init__(self, variances, noise=0.0, seed=0):
        self.variances, self.noise, self.seed = variances, noise, seed

    def fit(self, data, split):
        return self

    def predict_series(self, frame, origins, unique_id):
        variance = self.variances[unique_id]
        draw = np.exp(self.noise * np.random.default_rng(self.seed).normal(size=len(variance)))
        return (variance * draw)[origins, None] * np.array(self.horizons)


PRICES = random_walk(600)
SPLIT = Split.by_share(PRICES, context_length=30)
PATHS = [SquaredLogError(), AbsoluteLogError(), AbsoluteScaledError()]


def paths(*scores, **models):
    return evaluate({"last close": LastClose(horizon=5), **models}, PRICES, SPLIT, scores or PATHS)


CLOSES, VARIANCE = simulated_garch(3000, seed=1)
DATES = pd.bdate_range("2008-01-01", periods=3000, name="Date")
SERIES = pd.Series(CLOSES, DATES, name="S")
AFTER = split_after(SERIES, 1501)
TRUTH = {"S": VARIANCE}
VARIANCES = [QLIKE(SquaredReturns()), SquaredVarianceError(SquaredReturns())]
MODELS = {"truth": Known(TRUTH), "poor": Known(TRUTH, noise=0.8), "EWMA": EWMA()}


def variances(models=MODELS, data=SERIES, split=AFTER, scores=VARIANCES):
    return evaluate(models, data, split, scores, regimes=[HighVolatility()])


FOUND = variances()


def test_the_random_walk_on_the_sp500_from_2013_to_2018():
    """Its error is known: .805, 1.132, 1.373, 1.583, 1.751 % for h = 1..5."""
    split = Split.by_share("bundled:sp500", context_length=253)
    found = evaluate({"last close": LastClose(horizon=5)}, "bundled:sp500", split, PATHS)
    assert found.forecasts["last close"].ds[0, 0] == np.datetime64("2013-01-02")
    table = found.table["value"]["RMSE", :, "all", "last close"]
    np.testing.assert_allclose(table.loc[[1, 2, 3, 4, 5]], [0.805, 1.132, 1.373, 1.583, 1.751], atol=5e-4)


def test_scores_of_a_known_error():
    """A forecast that is always 1% too high has an error of log 1.01, whatever the day."""
    found = paths(high=Oracle(1.01))
    table = found.table["value"]
    for h in (1, 2, 3, 4, 5, "path"):
        for score in ("RMSE", "MAE"):
            np.testing.assert_allclose(table[score, h, "all", "high"], 100 * np.log(1.01), rtol=1e-9)
    origins, logs = found.outcome.origins, np.log(PRICES.to_numpy())
    for h in range(1, 6):
        errors = 100 * (logs[origins + h] - logs[origins])
        np.testing.assert_allclose(table["RMSE", h, "all", "last close"], np.sqrt(np.mean(errors**2)))
        np.testing.assert_allclose(table["MAE", h, "all", "last close"], np.mean(np.abs(errors)))


def test_mase_is_one_for_the_naive_forecast_on_what_its_scale_is_taken_from():
    steps = np.abs(np.diff(PRICES.to_numpy()))
    found = evaluate({"last close": LastClose(horizon=1)}, PRICES, SPLIT, [AbsoluteScaledError()])
    value = found.table["value"].loc["MASE", 1, "all", "last close"]
    np.testing.assert_allclose(value, steps[419:].mean() / steps[:419].mean())


def test_what_came_is_what_came():
    outcome = FOUND.outcome
    returns = np.diff(np.log(CLOSES), prepend=np.nan) ** 2
    realised = SquaredReturns().realised(outcome)
    row = int(np.flatnonzero(outcome.origins == 1700)[0])
    np.testing.assert_allclose(realised[row], [returns[1701], returns[1701:1706].sum()])
    assert outcome.cutoff[row] == SERIES.index[1700].to_numpy()
    np.testing.assert_allclose(outcome.value()[row], CLOSES[[1701, 1705]])
    np.testing.assert_allclose(outcome.last, CLOSES[outcome.origins])
    trailing = pd.Series(returns).rolling(22).mean().to_numpy()[outcome.origins]
    mask = FOUND.masks["high volatility"]
    np.testing.assert_array_equal(mask, trailing >= np.quantile(trailing, 0.8))
    assert mask.mean() == pytest.approx(0.2, abs=0.01)
    assert FOUND.losses["loss"].notna().all()
    assert len(FOUND.losses) == 2 * 3 * 2 * len(outcome.origins)


def test_what_came_beyond_the_end_is_not_known_and_does_not_count():
    models = {name: model.forecast(SERIES, np.arange(1600, 3000)) for name, model in MODELS.items()}
    found = compare(models, SERIES, AFTER, VARIANCES)
    late = SquaredReturns().realised(found.outcome)[-5:]
    np.testing.assert_array_equal(np.isnan(late), [[False, True]] * 4 + [[True, True]])
    assert found.known(found.scores[0], 5).sum() == 1395
    assert np.isfinite(found.table["value"]).all()


def test_the_range_counts_as_much_as_the_returns_of_what_is_known():
    bars = random_bars(900)
    split = split_after(bars, 600)
    found = evaluate({"c": ConstantVariance().fit(bars, split)}, bars, split, [QLIKE(ParkinsonRange())])
    squares, ranges = squared_returns(bars), parkinson(bars)
    scale = squares[1:600].mean() / ranges[1:600].mean()  # of the rows that are known
    came = ParkinsonRange().realised(found.outcome)[:, 0]
    np.testing.assert_allclose(came, scale * ranges[found.outcome.origins + 1], rtol=1e-9)
    assert came.std() < SquaredReturns().realised(found.outcome)[:, 0].std()


def test_the_truth_wins_and_a_poor_forecast_falls_out():
    table = scorecard(FOUND, ["EWMA"]).loc["QLIKE (squared returns)", 1, "all"]
    assert table["value"].idxmin() == "truth"
    assert table.loc["truth", "ratio EWMA"] < 1 < table.loc["poor", "ratio EWMA"]
    assert table.loc["truth", "dm EWMA"] < -2
    assert table.loc["poor", "p EWMA"] < 0.01
    assert table.loc["truth", "mcs"] == 1.0
    assert table.loc["poor", "mcs"] < 0.1
    assert np.isnan(table.loc["EWMA", "dm EWMA"])
    errors = FOUND.table["value"]["MSE (squared returns)", 1, "all"]
    assert errors["truth"] < errors["poor"]


@settings(max_examples=10)
@given(unit=st.floats(1e-4, 1e4))
def test_no_score_of_a_variance_depends_on_what_prices_are_counted_in(unit):
    split = split_after(SERIES, 1501)
    here, there = (
        evaluate({"EWMA": EWMA()}, series, split, VARIANCES[:1]).table for series in (SERIES, SERIES * unit)
    )
    pd.testing.assert_frame_equal(here, there)


def test_days_without_a_move_neither_break_a_score_nor_flatter_it():
    still = SERIES.copy()
    still.iloc[2001:2006] = still.iloc[2000]
    found = variances(data=still)
    assert np.isfinite(found.table["value"]).all()
    assert np.isfinite(found.losses["loss"]).all()
    values = found.scores[0].values(found.forecasts["truth"], found.outcome)
    assert np.isnan(values).sum() == 6  # five days, and the one week of them all
    assert (values[~np.isnan(values)] >= 0).all()


def test_an_edge_is_called_one_only_where_it_is_significant():
    assert (
        paths(oracle=Oracle(1.0001))
        .summary("oracle", ["last close"])
        .startswith("oracle beats last close over the whole path: RMSE of oracle is 0.00")
    )
    worse = paths(worse=Oracle(1.5)).summary("worse", ["last close"])
    assert worse.startswith("No edge found: worse is worse than last close")
    assert "Significantly worse in 6 of 6 comparisons." in worse
    drift = paths(drift=Drift(horizon=5)).summary("drift", ["last close"])
    assert drift.startswith("No edge found: drift does not beat last close")


def test_every_reference_has_its_line_and_a_rival_is_said_in_any_case():
    oracles = {"best": Oracle(noise=0.001), "second": Oracle(noise=0.002, seed=1)}
    both = paths(**oracles, twin=Oracle(noise=0.001, seed=2))
    lines = both.summary("second", ["best", "last close"], also=["twin"]).split("\n")
    assert [line.split(" over")[0] for line in lines] == [
        "No edge found: second is worse than best",
        "second beats last close",
        "No edge found: second is worse than twin",
    ]
    assert both.summary("best", [], also=["twin"]).startswith("twin is as good as best over the whole path")


def test_better_by_less_than_the_noise_is_no_edge():
    """Of two naive forecasts one is always the better; over 20 walks hardly ever significantly so."""
    models, claims = {"last close": LastClose(horizon=5), "drift": Drift(horizon=5)}, 0
    for seed in range(20):
        walk = random_walk(600, seed=seed)
        found = evaluate(models, walk, Split.by_share(walk), [SquaredLogError()])
        claims += " beats " in found.summary("drift", ["last close"])
    assert claims <= 3


@pytest.mark.parametrize("origins", [99, 100])
def test_too_few_origins_are_not_tested(origins):
    """The last of them is five rows from the end."""
    data, split = {"S": SERIES.iloc[:504]}, split_after(SERIES, 500 - origins)
    summary = evaluate(MODELS, data, split, VARIANCES[:1]).summary("truth", ["poor"])
    too_few = "Not tested: 99 origins are too few; at least 100 are needed."
    assert (summary == too_few) == (origins < 100), summary


def test_forecasts_that_are_the_same_are_no_win():
    """Their p-value is NaN: neither small nor large."""
    found = variances({"truth": Known(TRUTH), "twin": Known(TRUTH)})
    said = found.summary("twin", ["truth"], also=["truth"])
    assert said.count("is 1.000 of truth's (no difference)") == 2
    assert said.startswith("No edge found: twin does not beat truth a day ahead")


def test_a_panel_is_tested_date_by_date():
    closes, truth = {}, {}
    for seed in range(5):
        values, truth[str(seed)] = simulated_garch(1200, seed=seed + 10)
        closes[str(seed)] = pd.Series(values, DATES[:1200])
    models = {"truth": Known(truth), "poor": Known(truth, noise=0.8)}
    found = variances(models, closes, split_after(SERIES, 601), VARIANCES[:1])
    test = found.test("truth", "poor", found.scores[0], 1)
    assert (test["wins"], test["series"]) == (5, 5)
    assert test["statistic"] < -4
    assert test["difference"] < 0
    losses = found.losses.query("h == 1").pivot(index=["cutoff", "unique_id"], columns="model", values="loss")
    by_date = (losses["truth"] - losses["poor"]).groupby("cutoff").mean()
    assert test["statistic"] == pytest.approx(diebold_mariano(by_date, 0 * by_date).statistic)
    mirrored = found.test("poor", "truth", found.scores[0], 1)
    assert mirrored["wins"] == 0
    assert mirrored["statistic"] == pytest.approx(-test["statistic"])
    assert "It is lower on 5 of 5 series." in found.summary("truth", ["poor"])
    by_series = score_by_series(found)
    assert list(by_series.index) == list("01234")
    alone = variances(models, {"3": closes["3"]}, split_after(SERIES, 601), VARIANCES[:1])
    assert by_series.loc["3", "poor"] == alone.table["value"].iloc[1]
    table = reference_tests(found, ["truth"], ["poor"])
    assert table.index.names == ["model", "reference", "score", "h", "regime"]
    assert len(table) == 4


def test_seeds_are_spread_around_what_they_make_together():
    each = np.stack(
        [Known(TRUTH, noise=0.3, seed=seed).forecast(SERIES, FOUND.outcome.origins) for seed in range(4)]
    )

    class Together(Known):
        def predict_series(self, frame, origins, unique_id):
            return np.exp(np.log(each).mean(axis=0))

    found = variances({"LSTM": Together(TRUTH)})
    row = seed_spread({"LSTM": each}, found).loc["LSTM", "QLIKE (squared returns)", 1]
    assert row["best"] < row["mean"] < row["worst"]
    assert row["together"] < row["mean"]


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_bad_forecasts_are_named_with_their_date(value):
    class Bad(Known):
        def predict_series(self, frame, origins, unique_id):
            found = super().predict_series(frame, origins, unique_id)
            found[3, 1] = value
            return found

    with pytest.raises(
        ValueError, match=f"bad, from {SERIES.index[1503]:%Y-%m-%d}, h = 5: expected a variance above 0"
    ):
        variances({"bad": Bad(TRUTH)})


def _with_scores(*scores):
    return lambda: evaluate(MODELS, SERIES, AFTER, scores)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: evaluate({}, PRICES, SPLIT, PATHS), "at least one model"),
        (_with_scores(), "expected forecasts and scores"),
        (_with_scores(VARIANCES[0], VARIANCES[0]), "scores of different names"),
        (_with_scores(SquaredLogError()), "RMSE scores a price. Received: forecasts of a variance"),
        (
            lambda: evaluate({"a": LastClose(horizon=1), "b": LastClose(horizon=2)}, PRICES, SPLIT, PATHS),
            "the same horizons of every model. Received: b",
        ),
        (lambda: paths(negative=Oracle(-1.0)), "negative, from .* h = 1: expected a price above 0"),
        (lambda: FOUND.summary("truth", []), "expected models of"),
        (lambda: FOUND.summary("nobody", ["EWMA"]), "Received: 'nobody'"),
        (lambda: FOUND.test("truth", "GARCH", FOUND.scores[0], 1), "no model 'GARCH'"),
        (
            lambda: variances(data=SERIES.iloc[:1545]).test(
                "truth", "EWMA", FOUND.scores[0], 5, "high volatility"
            ),
            r"QLIKE \(squared returns\), h = 5, high volatility days: expected at least 10",
        ),
        (lambda: HighVolatility(rows=0), "rows at least 1"),
        (lambda: LastClose(horizon=0), "horizon must be at least 1"),
        (lambda: Drift(horizon=1).forecast(PRICES, [0]), "origins"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_reference_that_exploded_carries_no_verdict():
    """From a few origins it forecasts nearly nothing: beating it shows nothing."""
    forecasts = dict(FOUND.forecasts)
    wild = forecasts["poor"].mean.copy()
    wild[::9] = 1e-9
    forecasts["wild"] = replace(forecasts["poor"], mean=wild)
    found = replace(FOUND, forecasts=forecasts, _cache={})
    assert set(found.exploded) == {"wild"}
    assert not FOUND.exploded
    first, second = found.summary("truth", ["wild", "poor"]).split("\n")
    assert first.startswith("Not compared with wild, which exploded: its QLIKE (squared returns) is ")
    assert "beats poor" in second
    card = scorecard(found, ["wild", "poor"])
    assert card[["ratio wild", "dm wild", "p wild"]].isna().all(axis=None)
    assert (card["mcs"].xs("wild", level="model").dropna() < 0.1).all()
    assert card["p poor"].notna().any()


def test_a_dataset_is_read_once():
    data = as_dataset(PRICES)
    found = evaluate({"last close": LastClose(horizon=5)}, data, SPLIT, PATHS)
    assert found.outcome.data is data
    assert list(found.to_frame()) == ["unique_id", "ds", "cutoff", "h", "last close"]


def test_calibration_is_one_where_the_level_is_right_and_its_line_the_diagonal():
    """Of a known variance the ratio is 1; of half of it 2, and the line is not the diagonal."""
    draw = np.random.default_rng(1)
    variances = 1e-4 * np.exp(draw.normal(0, 0.7, 3000))
    bars = pd.Series(100 * np.exp(np.cumsum(draw.normal(0, np.sqrt(variances)))), name="Close")
    data = as_dataset(bars.set_axis(pd.bdate_range("2005-01-03", periods=3000)))
    split = Split(None, data.frame.index[1000])
    origins = np.arange(999, 2999)

    def forecast(factor: float) -> Forecast:
        said = {data.ids[0]: factor * variances[origins + 1][:, None]}
        return Forecast.assemble(data, {data.ids[0]: origins}, Variance(), (1,), said)

    forecasts = {"right": forecast(1.0), "half": forecast(0.5)}
    evaluation = compare(forecasts, data, split, [QLIKE(SquaredReturns())])
    table = calibration_table(evaluation, SquaredReturns()).loc[1]
    assert table.loc["right", "ratio"] == pytest.approx(1, abs=0.1)
    assert table.loc["half", "ratio"] == pytest.approx(2 * table.loc["right", "ratio"])
    assert table.loc["right", "p_value"] > 0.05 > table.loc["half", "p_value"]
    assert table.loc["half", "slope"] == pytest.approx(2 * table.loc["right", "slope"])
