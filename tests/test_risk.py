"""Distributions and their risk: shapes of the past, conformal intervals, value at risk, and the backtests."""

import argparse

import keras
import numpy as np
import pandas as pd
import pytest
from samples import adapted, random_bars
from scipy.stats import norm, t

from seqmem import (
    Conformal,
    EncoderDecoder,
    FilteredHistoricalSimulation,
    Forecaster,
    GeometricMean,
    HistoricalSimulation,
    KerasNetwork,
    Price,
    Quantiles,
    Recipe,
    ResidualRecurrent,
    ServedModel,
    Split,
    export,
    read,
)
from seqmem.cells import GRUCell
from seqmem.cli.risk import COMMAND
from seqmem.evaluation import (
    CRPS,
    Coverage,
    EnergyScore,
    FisslerZiegel,
    IntervalScore,
    JointCoverage,
    Pinball,
    Width,
    compare,
    coverage_table,
)
from seqmem.evaluation import risk_tests as backtests
from seqmem.evaluation.distribution_scores import probability_integral_transform
from seqmem.evaluation.outcome import Outcome
from seqmem.evaluation.paths import path_maximum, path_minimum
from seqmem.evaluation.tails import tail_returns
from seqmem.experiments.risk import risk_report
from seqmem.models.classics import EWMA, GARCH, ConstantVariance, LastClose, OwnDistribution, WalkForward
from seqmem.models.volatility import variance_forecaster
from seqmem.report.risk import breach_tables, interval_table, plot_breaches, plot_histograms, today_table
from seqmem.targets import CumulativeReturn, ScaleFreeVariance

BARS = read(random_bars(900, seed=3))
SPLIT = Split.by_share(BARS, context_length=510, horizon=5)
SMALL = {"memory": 20, "decays": (0.8,), "downside_decays": (0.9,), "range_decays": (0.9,)}


@pytest.fixture(scope="module")
def simulated():
    return FilteredHistoricalSimulation(EWMA(), horizons=(1, 5)).fit(BARS, SPLIT)


@pytest.fixture(scope="module")
def forecasts(simulated):
    origins = SPLIT.test(BARS)
    models = {
        "FHS": simulated,
        "own": OwnDistribution(EWMA()).fit(BARS, SPLIT),
        "past": HistoricalSimulation(200),
        "conformal": Conformal(LastClose(horizon=5), EWMA()).fit(BARS, SPLIT),
    }
    return {name: model.forecast(BARS, origins) for name, model in models.items()}


def test_the_paths_are_past_blocks_in_units_of_their_own_variance():
    """By hand, of one origin and one block: the return of the block over its scale, times the scale now."""
    still = FilteredHistoricalSimulation(EWMA(), horizons=(1, 5), blocks=300, rate=0).fit(BARS, SPLIT)
    closes = BARS.frame["close"].to_numpy()
    variance = EWMA().fit(BARS, SPLIT).forecast(BARS, [700]).mean[0]
    for number in (0, 299):  # the latest whose five days have come is that of row 695
        row = 695 - 299 + number
        then = EWMA().fit(BARS, SPLIT).forecast(BARS, [row]).mean[0]
        block = np.log(closes[row + np.array([1, 5])] / closes[row])
        path = still.forecast(BARS, [700]).paths[0, number]
        np.testing.assert_allclose(path, block / np.sqrt(then) * np.sqrt(variance))
    assert still.forecast(BARS, [700, 899]).paths.shape == (2, 300, 2)


def test_levels_follow_the_outcomes_the_same_on_both_sides_until_intervals_hold_their_share():
    """A scale that is always too low by a half: the shapes know it at once; one that becomes so does not."""
    draw = np.random.default_rng(0)
    closes = 100 * np.exp(draw.normal(0, np.where(np.arange(3500) < 1500, 0.01, 0.014)).cumsum())
    split = Split(None, test_start=1500)
    shares = {}
    for rate in (0, 0.006):
        model = FilteredHistoricalSimulation(ConstantVariance(), horizons=(1, 2), rate=rate).fit(
            closes, split
        )
        origins = np.arange(1500, 3498)
        forecast = model.forecast(closes, origins)
        came = np.log(closes[origins[:, None] + np.array([1, 2])] / closes[origins][:, None])
        for level in (50, 80, 90, 95):
            low, high = forecast.interval(level)
            shares[rate, level] = ((low <= came) & (came <= high)).mean(axis=0)
    for level in (50, 80, 90, 95):
        assert (shares[0, level] < level / 100 - 0.02).all()
        np.testing.assert_allclose(shares[0.006, level], level / 100, atol=0.015)


def test_a_forecast_depends_on_nothing_but_the_rows_up_to_its_origin(simulated):
    """Not on what else is asked for, nor on what comes later; and on fewer rows before, not at all."""
    many = simulated.forecast(BARS, np.arange(640, 860)).paths[-1]
    np.testing.assert_array_equal(simulated.forecast(BARS, [859]).paths[0], many)
    rewritten = BARS.frame.copy()
    rewritten.iloc[860:] *= 1.3
    np.testing.assert_array_equal(simulated.forecast(read(rewritten), [859]).paths[0], many)


def test_no_shape_knows_of_the_test_part(simulated):
    other = BARS.frame.copy()
    other.iloc[SPLIT.known(BARS)["series"] :] *= 1.2
    again = FilteredHistoricalSimulation(EWMA(), horizons=(1, 5)).fit(read(other), SPLIT)
    here, there = (model.forecast(BARS, [800]).paths for model in (simulated, again))
    np.testing.assert_array_equal(here, there)


def _bars_of(served):
    return {name: BARS.frame[[name if name != "closes" else "close"]].to_numpy().T for name in served.inputs}


@pytest.mark.parametrize("kind", ["network", pytest.param("together", marks=pytest.mark.slow)])
def test_it_is_served_as_it_forecasts(tmp_path, kind):
    """Of a network, or of one and EWMA: over each of five days, though forecast over one and five."""
    scale = adapted(variance_forecaster(GRUCell(2), ScaleFreeVariance(**SMALL), lookback=8), BARS)
    if kind == "together":
        scale = GeometricMean([scale, EWMA().fit(BARS, SPLIT)])
    model = FilteredHistoricalSimulation(scale).keep_shapes(BARS, SPLIT).update(BARS)
    levels = (0.01, 0.05, 0.5, 0.95)
    served = ServedModel(export(model.to_forecaster(levels), tmp_path, name="fhs", prices=BARS))
    answer, expected = served.forecast(BARS), model.forecast(BARS)  # from the last row
    assert answer.horizons == (1, 2, 3, 4, 5)
    np.testing.assert_allclose(answer.mean, expected.mean, rtol=2e-4, atol=1e-8)
    for number, level in enumerate(levels):
        np.testing.assert_allclose(answer.quantiles[..., number], expected.quantile(level), rtol=2e-4)
    whole = served.answer("paths", **_bars_of(served))
    np.testing.assert_allclose(whole["paths"], expected.paths, rtol=2e-4, atol=1e-8)
    np.testing.assert_allclose(whole["band"], np.stack(expected.band(90), axis=-1), rtol=2e-4)
    for name, extreme in (("minimum", path_minimum), ("maximum", path_maximum)):
        by_hand = np.stack([extreme(expected, level) for level in levels], axis=-1)
        np.testing.assert_allclose(whole[name], by_hand, rtol=2e-4, atol=1e-8)
    with pytest.raises(ValueError, match="expected one of serving_default, paths"):
        served.answer("path", **_bars_of(served))


def test_only_one_fitted_series_becomes_a_graph():
    with pytest.raises(ValueError, match="expected to be fitted on one series. Received: none"):
        FilteredHistoricalSimulation(EWMA()).to_forecaster()
    with pytest.raises(ValueError, match="the graph has orders"):
        FilteredHistoricalSimulation(GARCH(2), horizons=(1, 5)).fit(BARS, SPLIT).to_forecaster()


def test_every_score_takes_every_distribution(forecasts):
    conformal = {name: one for name, one in forecasts.items() if name == "conformal"}
    others = {name: one for name, one in forecasts.items() if name != "conformal"}
    scores = [CRPS(), Pinball(0.05), IntervalScore(90), Coverage(90), Width(90), FisslerZiegel(0.05)]
    table = compare(others, BARS, SPLIT, scores).table["value"]
    assert np.isfinite(table).all()
    assert table.loc[("coverage 90%", 1)].between(0.85, 0.95).all()  # 266 days; over 5 days they are few
    path = compare(conformal, BARS, SPLIT, [IntervalScore(90), Coverage(90)]).table["value"]
    assert path.loc["coverage 90%"].between(0.75, 0.99).all()
    joint = compare({"FHS": others["FHS"]}, BARS, SPLIT, [EnergyScore()]).table["value"]
    assert (joint > 0).all()


def test_every_score_is_lowest_where_the_distribution_is_right(forecasts):
    """Against the same paths, made wider and narrower, on returns that were drawn from them."""
    from dataclasses import replace

    base = forecasts["FHS"]
    draw = np.random.default_rng(0)
    truth = base.paths[np.arange(len(base)), draw.integers(base.paths.shape[1], size=len(base))]

    class Drawn(Outcome):
        def value(self, column="close"):
            return self.last[:, None] * np.exp(truth)

    outcome = Drawn(BARS, base.unique_id, base.cutoff, base.origins, base.horizons, SPLIT.known(BARS))
    for score in (CRPS(), IntervalScore(90), Pinball(0.1), EnergyScore(), FisslerZiegel(0.1)):
        losses = [
            score.loss(replace(base, paths=factor * base.paths), outcome).mean() for factor in (0.5, 1.0, 2.0)
        ]
        assert np.argmin(losses) == 1, score
    places = probability_integral_transform(base, outcome)
    assert abs(places.mean() - 0.5) < 0.06
    assert abs(places.std() - np.sqrt(1 / 12)) < 0.03


def test_value_at_risk_and_shortfall_are_those_of_the_distribution():
    """Quantiles of Student's t with four degrees: the shortfall in closed form."""
    from seqmem.evaluation.forecast import Forecast, Prediction
    from seqmem.models.classics.returns import LEVELS
    from seqmem.quantities import Return

    quantiles = np.broadcast_to(t.ppf(np.array(LEVELS), 4), (1, 1, len(LEVELS)))
    prediction = Prediction(np.zeros((1, 1)), quantiles, levels=LEVELS)
    forecast = Forecast.assemble(BARS, {"series": np.array([500])}, Return(), (1,), {"series": prediction})
    for level in (0.01, 0.05):
        quantile = t.ppf(level, 4)
        shortfall = t.pdf(quantile, 4) / level * (4 + quantile**2) / 3
        assert forecast.var(level)[0, 0] == pytest.approx(-quantile)
        assert forecast.es(level)[0, 0] == pytest.approx(shortfall, rel=0.02)
        assert forecast.es(level, short=True)[0, 0] == pytest.approx(shortfall, rel=0.02)
    with pytest.raises(ValueError, match=r"level in \(0, 0.5\)"):
        forecast.var(0.95)
    with pytest.raises(ValueError, match="forecasts of a price or a return. Received: variance"):
        EWMA().fit(BARS, SPLIT).forecast(BARS).var(0.01)


def test_conformal_intervals_cover_and_adapt():
    """Volatility doubles in the test part: split conformal then covers too seldom, the adaptive form not."""
    draw = np.random.default_rng(1)
    returns = draw.normal(0, np.where(np.arange(3000) < 1800, 0.01, 0.02))
    closes = 100 * np.exp(returns.cumsum())
    split = Split(1200, 1800)
    calm = Conformal(LastClose(horizon=1)).fit(closes, split)
    adaptive = Conformal(LastClose(horizon=1), rate=0.05).fit(closes, split)

    def coverage(model, origins):
        low, high = model.forecast(closes, origins).interval(90)
        came = closes[origins + 1]
        return float(((low[:, 0] <= came) & (came <= high[:, 0])).mean())

    assert coverage(calm, np.arange(1200, 1798)) == pytest.approx(0.9, abs=0.01)
    later = np.arange(2200, 2999)
    assert coverage(calm, later) < 0.7
    assert coverage(adaptive, later) == pytest.approx(0.9, abs=0.03)
    one, many = (
        adaptive.forecast(closes, origins).quantiles[-1] for origins in ([2500], np.arange(2400, 2501))
    )
    np.testing.assert_array_equal(one, many)  # whatever else is asked for
    rewritten = closes.copy()
    rewritten[2501:] *= 1.1
    np.testing.assert_array_equal(adaptive.forecast(rewritten, [2500]).quantiles[0], one)


def test_backtests_reject_what_is_wrong_and_seldom_what_is_right():
    draw, p_values = np.random.default_rng(2), {"kupiec": [], "both": [], "dynamic": [], "shortfall": []}
    for _ in range(150):
        returns, risk = draw.normal(size=1000), np.full(1000, 1.6449)
        breaches = returns < -risk
        p_values["kupiec"].append(backtests.kupiec(breaches, 0.05).p_value)
        p_values["both"].append(backtests.conditional_coverage(breaches, 0.05).p_value)
        p_values["dynamic"].append(backtests.dynamic_quantile(breaches, risk, 0.05).p_value)
        p_values["shortfall"].append(
            backtests.shortfall_test(returns, risk, np.full(1000, 2.0627), 500).p_value
        )
    for name, found in p_values.items():
        assert 0.0 < np.mean(np.array(found) < 0.05) < 0.13, name
    clustered = np.repeat(draw.random(200) < 0.05, 5)
    assert backtests.independence(clustered).p_value < 0.001
    assert backtests.conditional_coverage(clustered, 0.05).p_value < 0.001
    assert backtests.kupiec(draw.random(1000) < 0.1, 0.05).p_value < 0.001
    heavy, risk = 1.2 * draw.standard_t(2.5, 1000), np.full(1000, 1.6449)
    assert backtests.shortfall_test(heavy, risk, np.full(1000, 2.0627)).p_value < 0.01
    with pytest.raises(ValueError, match="at least 50 days"):
        backtests.kupiec(np.zeros(10, bool), 0.01)


def test_the_report_has_every_model_and_test(tmp_path):
    bars = read(random_bars(1400, seed=4))
    found = risk_report(bars, cell=None, levels=(0.05,), every=400)
    models = ["historical", "EWMA", "GARCH-t", "GJR-t", "FHS EWMA", "FHS GARCH-t", "FHS GJR-t", "FHS log HAR"]
    assert list(found.table.index.unique("model")) == models
    assert found.table["breaches"].between(0, found.table["days"]).all()
    assert set(found.table["light"]) <= {"green", "yellow", "red"}
    assert found.sizing.between(0.05, 0.2).all()
    assert (found.today["ES"] >= found.today["VaR"]).all()
    assert "FHS log HAR" in found.summary
    tables = breach_tables(found)
    assert next(iter(tables)) == "series: 5% over a day, long (21 breaches expected)"
    assert all(list(rows["model"]) == models for rows in tables.values())
    shown = interval_table(found)
    assert list(shown.columns[-1:]) == ["90% path"]
    assert (shown.set_index("model")["90% path"] == "")[["historical", "GARCH-t"]].all()  # no paths
    assert shown["90% 5d"].str.fullmatch(r"\d+\.\d% \(\d+\.\d%-\d+\.\d%\)\*?").all()
    assert today_table(found)["model"].nunique() == len(models)
    assert plot_breaches(found, tmp_path / "risk.png", level=0.05).stat().st_size > 10_000


def test_walking_forward_takes_distributions():
    walk = WalkForward(OwnDistribution(GARCH(distribution="t")), every=100).fit(BARS, SPLIT)
    origins = np.array([850, 700, 760])
    found = walk.forecast(BARS, origins)
    assert found.quantiles.shape == (3, 2, 19)
    np.testing.assert_array_equal(found.quantiles[1], walk.forecast(BARS, [700]).quantiles[0])


def test_acerbi_szekely_reject_what_is_wrong_and_seldom_what_is_right():
    """Normal returns, with their own tail and one that is too thin."""
    places = 0.05 * (np.arange(40) + 0.5) / 40
    tail = np.tile(norm.ppf(places), (800, 1))
    draw, risk = np.random.default_rng(5), np.full(800, -norm.ppf(0.05))
    right = np.array(
        [
            (
                backtests.acerbi_szekely(x, risk, tail, 0.05, 400),
                backtests.acerbi_szekely_size(x, risk, tail, 400),
            )
            for x in draw.normal(size=(200, 800))
        ]
    )
    assert np.abs(right[:, :, 0].mean(axis=0)).max() < 0.02  # both statistics are 0 on average
    assert ((right[:, :, 1] < 0.1).mean(axis=0) > 0.02).all()
    assert ((right[:, :, 1] < 0.1).mean(axis=0) < 0.18).all()
    heavy = draw.standard_t(2.5, 800)
    heavy *= risk[0] / -np.quantile(heavy, 0.05)  # as many breaches, and larger ones
    assert backtests.kupiec(heavy < -risk, 0.05).p_value > 0.5
    assert backtests.acerbi_szekely_size(heavy, risk, tail).p_value < 0.01
    assert backtests.acerbi_szekely(1.3 * draw.normal(size=800), risk, tail, 0.05).p_value < 0.01
    few = backtests.acerbi_szekely_size(np.zeros(800), risk, tail)
    assert np.isnan(few.p_value)


def test_the_tail_of_a_forecast_has_its_shortfall_as_its_mean(forecasts):
    for name in ("FHS", "own", "past"):
        for short in (False, True):
            tail = tail_returns(forecasts[name], 0.01, short=short)
            assert (np.diff(tail, axis=-1) >= 0).all()
            np.testing.assert_allclose(-tail.mean(axis=-1), forecasts[name].es(0.01, short=short))
            assert (tail[..., -1] <= -0.9 * forecasts[name].var(0.01, short=short)).all()


def test_the_joint_band_holds_as_many_whole_paths_as_it_says(forecasts):
    forecast = forecasts["FHS"]
    for level in (50, 90):
        low, high = forecast.band(level)
        inside = ((low[:, None] <= forecast.paths) & (forecast.paths <= high[:, None])).all(axis=2)
        share = inside.mean(axis=1)
        assert (share >= level / 100).all()
        assert (share < level / 100 + 0.06).all()
        alone = forecast.interval(level)
        assert (low <= alone[0] + 1e-12).all()
        assert (high >= alone[1] - 1e-12).all()
    frame = forecast.to_frame((90,))
    assert (
        frame["min-90"] <= frame["lo-90"] + 1e-12
    ).all()  # a path's lowest up to h is at most what it is at h
    assert (frame["max-90"] >= frame["hi-90"] - 1e-12).all()
    assert (np.diff(frame["min-90"].to_numpy().reshape(-1, 2)) <= 0).all()
    with pytest.raises(ValueError, match="expected sampled paths"):
        forecasts["own"].band(90)


def test_coverage_stands_with_its_binomial_interval(forecasts):
    several = {name: one for name, one in forecasts.items() if name in ("FHS", "past")}
    with pytest.raises(
        ValueError, match="expected Coverage or JointCoverage among the scores. Received: CRPS"
    ):
        coverage_table(compare(several, BARS, SPLIT, [CRPS()]))
    found = coverage_table(compare(several, BARS, SPLIT, [Coverage(50), Coverage(90)]))
    assert list(found.index.unique("h")) == [1, 5]
    assert (found["low"] < found["coverage"]).all()
    assert (found["coverage"] < found["high"]).all()
    assert (found["effective"] <= found["origins"]).all()
    overlapping = found.xs(5, level="h")["effective"]
    assert (overlapping < 0.7 * found.xs(1, level="h")["effective"]).all()
    outside = (found["low"] > found.index.get_level_values("level") / 100) | (
        found["high"] < found.index.get_level_values("level") / 100
    )
    assert (outside == (found["p"] < 0.05)).all()  # the test and the interval are one
    joint = coverage_table(compare({"FHS": forecasts["FHS"]}, BARS, SPLIT, [JointCoverage(90)]))
    assert list(joint.index) == [(90, "path", "FHS")]
    assert 0.8 < joint["coverage"].iloc[0] < 0.97


@pytest.mark.slow
def test_conformal_goes_around_networks_and_layers_of_keras():
    """Each with its own point and a spread: of a variance model, of its own quantiles, or none."""
    recipe = Recipe(epochs=1, batch_size=256)
    view = ScaleFreeVariance((1, 2), **SMALL)
    head = Quantiles((0.1, 0.5, 0.9))
    networks = {
        "recurrent": (EncoderDecoder(GRUCell(2), GRUCell(2), horizon=2), None),
        "Keras": (KerasNetwork(keras.Sequential([keras.layers.GRU(2), keras.layers.Dense(2)]), (1, 2)), None),
        "quantiles": (ResidualRecurrent(GRUCell(2), (1, 2), head=head), CumulativeReturn((1, 2), view)),
    }
    ewma = EWMA(horizons=(1, 2)).fit(BARS, SPLIT)
    split = Split.by_share(BARS)
    origins = split.validation(BARS, context_length=30, horizon=2)["series"]
    closes = BARS.frame["close"].to_numpy()
    came = closes[origins[:, None] + np.array([1, 2])]
    for name, (network, target) in networks.items():
        forecaster = Forecaster(network, target, lookback=8).fit(BARS, split, recipe)
        for variances in (None, ewma):
            model = Conformal(forecaster, variances).calibrate(BARS, split)
            forecast = model.forecast(BARS, origins)
            low, high = forecast.interval(90)
            actual = came if isinstance(forecast.quantity, Price) else np.log(came / closes[origins][:, None])
            share = ((low <= actual) & (actual <= high)).mean(axis=0)
            np.testing.assert_allclose(share, 0.91, atol=0.02, err_msg=name)  # where it was calibrated
    own = Conformal(forecaster).calibrate(BARS, split).forecast(BARS, origins)
    raw = forecaster.forecast(BARS, origins)
    widths = [np.subtract(*one.interval(80)[::-1]) for one in (own, raw)]
    np.testing.assert_allclose((widths[0] / widths[1]).std(axis=0), 0, atol=1e-5)  # its own, stretched


def test_a_panel_is_reported_over_its_series(tmp_path):
    """Three series with the same dates: shares, the worst, and how many pass; flat tables."""
    frames = {name: random_bars(1300, seed=seed)["Close"] for seed, name in enumerate("abc")}
    bars = read(pd.DataFrame(frames))
    told = []
    found = risk_report(bars, cell=None, levels=(0.05,), every=500, progress=told.append)
    assert "FHS EWMA, 3 series" in told
    table = found.over_series
    each = found.table.xs((1, "long", 0.05, "FHS EWMA"), level=["h", "side", "level", "model"])
    mine = table.loc[(1, "long", 0.05, "FHS EWMA")]
    assert mine["series"] == 3
    assert mine["breaches"] == each["breaches"].sum() / each["days"].sum()
    shares = each["breaches"] / each["days"]
    assert abs(mine["worst"] - 0.05) == (shares - 0.05).abs().max()
    assert mine["coverage p"] == (each["coverage p"] >= 0.05).sum()
    tables = breach_tables(found)
    assert next(iter(tables)) == "5% over a day, long: how many of 3 series pass each test at 5%"
    assert len(tables) == 4  # and none for each series
    assert {"worst", "series"} <= set(found.coverage)
    assert list(interval_table(found).columns) == ["model", "50% 1d", "50% 5d", "90% 1d", "90% 5d"]
    assert set(today_table(found)["series"]) == set("abc")
    assert plot_histograms(found, tmp_path / "places.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--levels", "0.7"], r"--levels: expected shares in \(0, 0.5\)"),
        (["--first", "3"], "--first is of the series of a panel: expected --panel with it"),
        (["--panel", "--plot", "a.png"], "--plot draws one series"),
        (["--histogram", "a.txt"], r"ends in \.png, \.svg, \.pdf"),
        (["--cell", "strange"], "cells must be among"),
    ],
)
def test_the_command_refuses_before_any_work(options, message):
    parser = argparse.ArgumentParser()
    COMMAND.add_options(parser)
    with pytest.raises(ValueError, match=message):
        COMMAND.check(parser.parse_args(["bundled:sp500", *options]))
