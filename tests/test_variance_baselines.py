"""The classics of volatility: against their own definitions, and against what they are fitted to."""

import warnings

import numpy as np
import pandas as pd
import pytest
from samples import VARIANCE_BASELINES, random_bars, split_after

from seqmem.data.measures import log_returns, parkinson, squared_returns
from seqmem.data.reading import as_dataset
from seqmem.models.classics import (
    EGARCH,
    EWMA,
    GARCH,
    HAR,
    ConstantVariance,
    FitWarning,
    GeometricMean,
    LastClose,
    LogHAR,
    RangeHAR,
    WalkForward,
)
from seqmem.models.combine import geometric_mean

BARS = random_bars(900)
NOW = 800


def simulated_garch(length, seed=0, omega=0.02, alpha=0.1, beta=0.88):
    """Closes of GARCH(1,1) in percent, and the variance of the return of the next row, in squared returns."""
    draw = np.random.default_rng(seed)
    returns, variance = np.empty(length), np.empty(length + 1)
    variance[0] = omega / (1 - alpha - beta)
    for t, z in enumerate(draw.normal(size=length)):
        returns[t] = np.sqrt(variance[t]) * z
        variance[t + 1] = omega + alpha * returns[t] ** 2 + beta * variance[t]
    return 100 * np.exp(np.cumsum(returns) / 100), variance[1:] / 1e4


def frame(closes):
    return pd.DataFrame({"close": closes})


def regret(forecast, variance):
    """How much more QLIKE than that of the true variance, in the mean."""
    ratio = variance / forecast
    return float(np.mean(ratio - np.log(ratio) - 1))


@pytest.mark.parametrize("make", VARIANCE_BASELINES)
def test_forecasts_are_variances_whatever_the_prices_are_counted_in(make):
    at = np.arange(NOW - 30, NOW + 1)
    fitted = make().fit(BARS, split_after(BARS, 700))
    forecast = fitted.forecast(BARS, at)
    assert forecast.shape == (31, 2)
    forecast = forecast.mean
    assert (forecast > 0).all()
    assert (forecast[:, 1] > forecast[:, 0]).all()
    realised = np.nanmean(squared_returns(BARS))
    assert 0.2 < np.mean(forecast[:, 0]) / realised < 5
    for unit in (1000, 0.01):
        other = unit * BARS
        np.testing.assert_allclose(fitted.forecast(other, at), forecast, rtol=1e-9)
        np.testing.assert_allclose(
            make().fit(other, split_after(other, 700)).forecast(other, at), forecast, rtol=1e-6
        )


@pytest.mark.parametrize(
    ("make", "now"),
    [
        (make, now)
        for make in VARIANCE_BASELINES
        for now in (30, 76, 90, 500)
        if now >= make().context_length - 1
    ],
)
def test_no_forecast_moves_with_later_rows_or_with_their_number(make, now):
    """Early origins too: arch begins its recursion with the first 75 returns."""
    other = BARS.copy()
    other.iloc[now + 1 :] = 3 * random_bars(900, seed=4).to_numpy()[now + 1 :]
    fitted = make().fit(BARS, split_after(BARS, 700))
    at = np.arange(max(fitted.context_length - 1, now - 50), now + 1)
    other = as_dataset(other, allow=("split",))
    here, there = fitted.forecast(BARS, at), fitted.forecast(other, np.arange(at[0], now + 60))
    np.testing.assert_allclose(there.mean[: len(at)], here, rtol=1e-12)


@pytest.mark.parametrize("make", VARIANCE_BASELINES)
def test_walks_know_nothing_of_later_rows(make):
    """The later rows go on from the price that there was: no fit has to explain a jump."""
    other, later = BARS.copy(), random_bars(900, seed=4).to_numpy()[501:]
    other.iloc[501:] = later * BARS.iloc[500, -1] / later[0, -1]
    at = np.arange(380, 501)
    here, there = (
        WalkForward(make(), every=50)
        .fit(series, split_after(series, 351))
        .forecast(series, which)
        .mean[: len(at)]
        for series, which in ((BARS, at), (other, np.arange(380, 560)))
    )
    np.testing.assert_allclose(there, here, rtol=1e-12)


@pytest.mark.parametrize("make", VARIANCE_BASELINES)
def test_bad_requests_are_explained(make):
    baseline = make()
    if baseline.learns:
        with pytest.raises(ValueError, match=rf"{baseline.name}: call fit\(data, split\) first"):
            baseline.forecast(BARS, [700])
    with pytest.raises(ValueError, match="at least 60 rows to learn from. Received: 59"):
        baseline.fit(BARS, split_after(BARS, 59))
    for at in ([900], [21], []):
        with pytest.raises(ValueError, match=rf"from {baseline.context_length - 1} .* to 899"):
            baseline.fit(BARS, split_after(BARS, 700)).forecast(BARS, at)
    with pytest.raises(ValueError, match="horizons must be at least 1"):
        make(horizons=(0,))


@pytest.mark.parametrize("baseline", [RangeHAR(), LogHAR()])
def test_what_reads_ranges_refuses_closes_alone(baseline):
    with pytest.raises(ValueError, match="expected columns high, low, close. Received: close"):
        baseline.fit(BARS["Close"], split_after(BARS["Close"], 700))


def test_arch_is_wired_as_it_is_documented():
    """The full sample of the S&P in percent simple returns: figures known from elsewhere."""
    from arch.data import sp500

    closes = sp500.load()["Adj Close"]
    returns = 100 * closes.pct_change().dropna().to_numpy()
    found = GARCH()._model(returns).fit(disp="off")
    assert found.loglikelihood == pytest.approx(-6936.718, abs=0.01)
    np.testing.assert_allclose(found.params.iloc[1:], [0.0175, 0.1022, 0.8852], atol=2e-4)


def test_a_fitted_garch_knows_its_own_process_and_an_ewma_does_not():
    closes, variance = simulated_garch(6000)
    at = np.arange(4000, 5990)
    t = {"distribution": "t"}
    models = [ConstantVariance(), EWMA(), GARCH(), GARCH(**t), GARCH(o=1, **t), HAR()]
    one = {
        model.name: regret(
            model.fit(closes, split_after(closes, 4000)).forecast(closes, at).mean[:, 0], variance[at]
        )
        for model in models
    }
    assert one["GARCH"] < 0.001
    assert max(one["GARCH-t"], one["GJR-t"]) < 0.003
    assert one["EWMA"] > 0.005
    assert 0.001 < one["HAR"] < one["EWMA"]
    assert one["constant"] > 0.05


def test_garch_over_five_days_is_the_sum_of_five():
    closes, _ = simulated_garch(3000)
    model = GARCH(horizons=(1, 2, 5)).fitted_on(frame(closes))
    _, omega, alpha, beta = model._parameters
    daily = [model.forecast(closes, [2999]).mean[0, 0]]
    for _ in range(4):
        daily.append(omega / 1e4 + (alpha + beta) * daily[-1])
    np.testing.assert_allclose(model.forecast(closes, [2999]).mean[0], np.cumsum(daily)[[0, 1, 4]], rtol=1e-9)


def test_egarch_over_many_days_is_what_arch_finds_by_drawing_residuals():
    closes, _ = simulated_garch(2000, seed=3)
    model = EGARCH(distribution="t", horizons=(1, 5, 10)).fitted_on(frame(closes))
    fixed = model._model(100 * log_returns(closes)[1:]).fix(model._parameters)
    drawn = fixed.forecast(
        horizon=10, method="bootstrap", simulations=20_000, random_state=np.random.RandomState(0)
    )
    expected = np.cumsum(drawn.variance.to_numpy()[-1])[[0, 4, 9]] / 1e4
    np.testing.assert_allclose(model.forecast(closes, [1999]).mean[0], expected, rtol=0.01)


def test_har_finds_the_weights_that_made_a_series():
    """Daily variances that follow a HAR in their own range: fitted on it, the weights come back."""
    draw, ranges = np.random.default_rng(0), [1e-4] * 22
    for _ in range(6000):
        mean = 1e-5 + 0.3 * ranges[-1] + 0.3 * np.mean(ranges[-5:]) + 0.3 * np.mean(ranges[-22:])
        ranges.append(mean * draw.gamma(4) / 4)
    ranges = np.array(ranges)
    returns = draw.choice([-1, 1], len(ranges)) * np.sqrt(ranges)
    closes = np.exp(np.cumsum(returns))
    high = closes * np.exp(np.sqrt(4 * np.log(2) * ranges))
    bars = pd.DataFrame({"high": high, "low": closes, "close": closes})
    np.testing.assert_allclose(parkinson(bars.to_numpy()), ranges)
    for model in (HAR(), RangeHAR()):
        np.testing.assert_allclose(model.fitted_on(bars)._weights[0][1:], 0.3, atol=0.08)
    at = np.arange(3000, 6000)
    said = LogHAR().fit(bars, split_after(bars, 3000)).forecast(bars, at).mean[:, 0]
    assert regret(said, RangeHAR().fit(bars, split_after(bars, 3000)).forecast(bars, at).mean[:, 0]) < 0.02


def test_log_har_lowers_qlike_as_far_as_its_weights_can():
    bars = BARS.rename(columns=str.lower)
    model = LogHAR(horizons=(1,)).fitted_on(bars[:800])
    rows = np.arange(23, 799)
    realised = squared_returns(BARS)[rows + 1]

    def loss():
        said = model._say(bars, rows)[:, 0]
        return np.mean(np.log(said) + realised / said)

    best, weights = loss(), model._weights[0].copy()
    for number in range(6):
        for nudge in (-0.02, 0.02):
            model._weights[0] = weights + nudge * np.eye(6)[number]
            assert loss() >= best - 1e-9


def test_walking_forward_fits_again_on_what_has_come_and_on_nothing_else():
    at = np.arange(500, 800)
    walk = WalkForward(ConstantVariance(), every=100).fit(BARS, split_after(BARS, 501))
    assert walk.fits(at) == [500, 600, 700]
    calls = []
    walk.progress = lambda: calls.append(1)
    found = walk.forecast(BARS, at).mean[:, 0]
    assert len(calls) == 3
    squares = squared_returns(BARS)
    for row, stop in ((500, 501), (599, 501), (600, 601), (799, 701)):
        assert found[row - 500] == pytest.approx(np.mean(squares[1:stop]))
    np.testing.assert_array_equal(walk.forecast(BARS, [650]), found[150:151, None] * [1, 5])
    with pytest.raises(ValueError, match="every must be at least 1"):
        WalkForward(EWMA(), every=0)
    with pytest.raises(ValueError, match=r"call fit\(data, split\) first"):
        WalkForward(EWMA()).forecast(BARS, at)


def test_a_fit_that_fails_is_told_with_its_date_and_arch_is_not_silenced():
    class Stuck(GARCH):
        def _model(self, returns):
            model = super()._model(returns)
            fit = model.fit
            model.fit = lambda **options: fit(**options, options={"maxiter": 1})
            return model

    with pytest.warns() as told:
        Stuck().fit(BARS, split_after(BARS, 500))
    assert {type(one.message).__name__ for one in told} == {"ConvergenceWarning", "FitWarning"}
    assert any(
        "GARCH, on 500 rows to 2011-12-02: the fit did not converge" in str(one.message) for one in told
    )
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        GARCH().fit(BARS, split_after(BARS, 500))
        assert warnings.filters == before
    assert not seen


def test_a_fit_that_explodes_is_told():
    class Growing(GARCH):
        def _persistence(self):
            return super()._persistence() + 0.5

    with pytest.warns(
        FitWarning, match=r"GARCH-t, on 520 rows to .*: the fit explodes: .* persistence of 1\.4"
    ):
        Growing(distribution="t").fit(BARS, split_after(BARS, 520))
    closes, _ = simulated_garch(3000)
    assert GARCH().fitted_on(frame(closes))._persistence() == pytest.approx(0.98, abs=0.01)
    assert GARCH(o=1, distribution="t").fitted_on(frame(closes))._persistence() == pytest.approx(
        0.98, abs=0.01
    )
    egarch = EGARCH(distribution="t").fitted_on(frame(closes))
    assert 0.95 < egarch._persistence() < 1
    egarch._residuals = np.array([-1e4, 1e4])
    assert egarch._persistence() == np.inf


def test_a_geometric_mean_lies_between():
    models = [ConstantVariance().fit(BARS, split_after(BARS, 500)), EWMA().fit(BARS, split_after(BARS, 500))]
    each = [model.forecast(BARS, [600, 700]) for model in models]
    expected = each[0].mean * each[1].mean
    np.testing.assert_allclose(GeometricMean(models).forecast(BARS, [600, 700]).mean ** 2, expected)
    np.testing.assert_allclose(geometric_mean(each).mean ** 2, expected)
    with pytest.raises(ValueError, match="one quantity and the same horizons"):
        GeometricMean([EWMA(), LastClose(horizon=2)])
    with pytest.raises(ValueError, match="at least one model"):
        GeometricMean([])


def test_a_classic_keeps_a_copy_for_each_series_of_a_panel():
    """What it learnt of one series is not what it forecasts another with; the calendar gives the year."""
    panel = {"a": BARS, "b": random_bars(900, seed=5)}
    split = split_after(BARS, 700)
    both = ConstantVariance().fit(panel, split).forecast(panel)
    for name, bars in panel.items():
        alone = ConstantVariance().fit(bars, split).forecast(bars)
        np.testing.assert_array_equal(both.select(name), alone)
    assert both.quantity.periods_per_year == 252
    with pytest.raises(ValueError, match="constant: not fitted on series 'c', but on a, b"):
        ConstantVariance().fit(panel, split).forecast({"c": BARS})
    assert repr(GARCH(o=1).fit(panel, split)) == "<GJR: variance, h = 1, 5, fitted on a, b>"
