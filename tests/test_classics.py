"""Classics in trouble: shocks, gaps and crashes; what their fits are, and what they say of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import VARIANCE_BASELINES, random_bars, split_after

from seqmem.data.measures import squared_returns, true_range_variance
from seqmem.models.classics import EWMA, GARCH, HAR, LogHAR, RangeHAR, RealisedGARCH
from seqmem.models.classics.realised import _climb, log_measure

BARS = random_bars(900)
KNOWN = 700
SPLIT = split_after(BARS, KNOWN)
FITTED = [make().fit(BARS, SPLIT) for make in VARIANCE_BASELINES if make().learns]
MOST = 10.0  # the stated factor


def shocked(day, gap, wide, still):
    """The bars with a gap before `day`, its range `wide` times as wide, days without a move after it."""
    bars = BARS.rename(columns=str.lower)
    bars.iloc[day:] *= 1 + gap
    bars.iloc[day, 0] *= wide
    bars.iloc[day, 1] /= wide
    bars.iloc[day + 1 : day + 1 + still] = bars.iloc[day, 2]
    return bars  # past the door of prices, which would ask about such rows


def forecast(model, frame, at):
    return model.predict_series(frame, np.asarray(at), "")


@settings(max_examples=15, deadline=None)
@given(
    st.integers(720, 880),
    st.sampled_from([-0.9, -0.3, -0.05, 0.0, 0.05, 0.3, 2.0]),
    st.sampled_from([1.0, 1.3, 100.0]),
    st.sampled_from([0, 1, 5, 15]),
)
def test_no_forecast_leaves_what_was_fitted_by_more_than_ten_times(day, gap, wide, still):
    """Whatever comes: gaps, flash crashes, days that stand still. EWMA alone fits nothing."""
    data, at = shocked(day, gap, wide, still), np.arange(day - 1, min(day + 30, 900))
    squares = pd.Series(squared_returns(BARS)[1:KNOWN])
    low = squares.rolling(22).mean().min() / MOST
    for model in FITTED:
        daily = forecast(model, data, at) / model.horizons
        high = [MOST * squares.rolling(h).mean().max() for h in model.horizons]
        assert (daily >= low * (1 - 1e-9)).all(), model.name
        assert (daily <= np.array(high) * (1 + 1e-9)).all(), model.name


@pytest.mark.parametrize("gap", [-0.3, -0.15, -0.05, 0.05, 0.15, 0.3])
def test_a_gap_over_night_is_no_calm(gap):
    """An up-gap of 15% once divided log HAR's variance of tomorrow by 23."""
    data = shocked(800, gap, 1.0, 0)
    for model in [*FITTED, EWMA()]:
        there = forecast(model, data, [799, 800])
        assert (there[1] > there[0] / 2).all(), model.name


def test_range_har_does_not_lie_at_its_floor_after_a_flash_crash():
    """Whether the crash is in the fit or after it; nor does it lie at its ceiling for the month."""
    for day, known in ((800, 700), (600, 700)):
        data = shocked(day, 0.0, 1000.0, 0)
        model = RangeHAR().fitted_on(data.iloc[:known])
        low, high = model._bounds
        at = np.arange(max(day, known), 890)
        daily = forecast(model, data, at) / model.horizons
        assert (daily > 1.5 * low).all()
        assert (daily[10:] < 0.9 * high).all()


def test_weights_of_har_are_not_negative():
    for model in (HAR(), RangeHAR()):
        for start in (0, 200, 400):
            fitted = model.fitted_on(BARS.rename(columns=str.lower).iloc[start : start + 300])
            assert min(weights.min() for weights in fitted._weights) >= 0


def simulated(length, seed=0, beta=0.6, gamma=0.35, phi=1.0, tau1=-0.07, tau2=0.07):
    """Closes and a realised measure that follow a Realised GARCH."""
    draw = np.random.default_rng(seed)
    xi, spread = -0.2, 0.15
    level = np.log(1e-4)
    omega = level * (1 - beta - gamma * phi) - gamma * xi
    log_v, returns, logs = level, np.empty(length), np.empty(length)
    for t in range(length):
        z, u = draw.normal(), draw.normal(0, np.sqrt(spread))
        returns[t] = np.exp(log_v / 2) * z
        logs[t] = xi + phi * log_v + tau1 * z + tau2 * (z**2 - 1) + u
        log_v = omega + beta * log_v + gamma * logs[t]
    truth = np.array([omega, beta, gamma, xi, phi, tau1, tau2, spread])
    return pd.DataFrame({"close": 100 * np.exp(returns.cumsum()), "rv": np.exp(logs)}), truth


def test_realised_garch_finds_what_made_a_series_within_its_own_errors():
    frame, truth = simulated(6000)
    found = RealisedGARCH("rv").fitted_on(frame).summary()
    assert (np.abs(found.parameters - truth) < 3.5 * found.standard_errors).all()
    assert (found.standard_errors > 0).all()
    assert found.persistence == pytest.approx(0.95, abs=0.01)


def test_realised_garch_over_many_days_is_what_drawing_gives():
    """The closed form against 40,000 paths of residuals drawn from the fit."""
    frame, _ = simulated(3000, seed=1)
    model = RealisedGARCH("rv", horizons=(1, 5, 10)).fitted_on(frame)
    omega, beta, gamma, xi, phi, *_ = model._parameters
    draw = np.random.default_rng(0)
    logs = np.full(40_000, np.log(forecast(model, frame, [2999])[0, 0]))
    total, sums = np.zeros(40_000), []
    for _ in range(10):
        total += np.exp(logs)
        sums.append(total.mean())
        logs = omega + beta * logs + gamma * (xi + phi * logs + draw.choice(model._adds, 40_000))
    np.testing.assert_allclose(forecast(model, frame, [2999])[0], np.array(sums)[[0, 4, 9]], rtol=0.01)


@pytest.mark.parametrize("rows", [80, 300, 900])
def test_the_likelihood_of_realised_garch_is_climbed_to_its_top(rows):
    """From other starts it is no higher, and its slope was right."""
    bars = BARS.rename(columns=str.lower).iloc[:rows]
    model = RealisedGARCH().fitted_on(bars)
    logs, changes = model._known
    level = float(np.log(np.mean(changes[1:] ** 2)))
    for beta in (0.1, 0.3, 0.8, 0.95):
        assert _climb(logs, changes, level, beta).likelihood < model._likelihood + 1e-3


def test_realised_variances_below_zero_are_refused_with_their_row():
    frame, _ = simulated(300)
    frame.loc[7, "rv"] = -1.0
    with pytest.raises(ValueError, match="rv: expected variances of at least 0. Row 8: -1.0"):
        RealisedGARCH("rv").fitted_on(frame)
    with pytest.raises(ValueError, match="expected columns rv, close"):
        RealisedGARCH("rv").fitted_on(frame[["close"]])
    assert np.isfinite(log_measure(pd.DataFrame({"rv": np.zeros(30)}), "rv")).all()


@pytest.mark.parametrize("make", VARIANCE_BASELINES, ids=lambda make: make().name)
def test_every_classic_says_what_it_estimated(make):
    """Parameters that moved with the data, errors that shrink with its length, text and HTML."""
    found = make().fit(BARS, SPLIT).summary()
    assert (found.rows, found.model) == (KNOWN, make().name)
    assert np.isfinite(found.parameters).all()
    assert (found.log_likelihood is None) != (found.loss is None)
    assert 0 <= found.persistence < 1.2
    for name in found.parameters.index:
        assert name in str(found)
        assert name in found._repr_html_()
    if make().learns:
        assert (found.standard_errors > 0).mean() > 0.7  # a weight of HAR may lie at its limit
        with pytest.raises(ValueError, match="call fit"):
            make().summary()


@pytest.mark.parametrize("distribution", ["normal", "t", "skewt"])
def test_the_summary_and_the_quantiles_of_garch_are_those_of_arch(distribution):
    from arch import arch_model

    returns = np.round(100 * np.diff(np.log(BARS["Close"].to_numpy()[:KNOWN])), 6)
    there = arch_model(returns, dist=distribution).fit(disp="off")
    model = GARCH(distribution=distribution).fitted_on(BARS.rename(columns=str.lower).iloc[:KNOWN])
    here = model.summary()
    np.testing.assert_allclose(here.parameters, there.params, rtol=1e-6)
    np.testing.assert_allclose(here.standard_errors, there.std_err, rtol=1e-6)
    assert list(here.parameters.index) == list(there.params.index)
    assert here.log_likelihood == pytest.approx(there.loglikelihood)
    levels = np.array([0.01, 0.05, 0.5, 0.95])
    shape = there.params.iloc[4:]
    np.testing.assert_allclose(model.standard_quantiles(levels), there.model.distribution.ppf(levels, shape))
    draws = model.standard_quantiles(np.linspace(0.0005, 0.9995, 1000))
    assert draws.mean() == pytest.approx(0, abs=0.01)
    assert draws.var() == pytest.approx(1, abs=0.06)


def test_errors_of_log_har_are_those_of_many_samples():
    """The spread of b22 over samples of one process is about what one sample says of itself."""
    samples = (random_bars(700, seed=n).rename(columns=str.lower) for n in range(12))
    found = [LogHAR(horizons=(1,)).fitted_on(bars).summary() for bars in samples]
    estimates = np.array([one.parameters["b22, h=1"] for one in found])
    errors = np.array([one.standard_errors["b22, h=1"] for one in found])
    assert 0.4 < estimates.std(ddof=1) / errors.mean() < 2.5


def test_the_true_range_counts_a_gap_of_either_sign():
    rows = np.array([[101.0, 100.0, 100.5], [121.0, 120.0, 120.5], [61.0, 60.0, 60.5]])
    found = true_range_variance(rows)
    expected = np.log([101 / 100, 121 / 100.5, 120.5 / 60]) ** 2 / (4 * np.log(2))
    np.testing.assert_allclose(found, expected)
    with pytest.raises(ValueError, match="closes alone"):
        true_range_variance([1.0, 2.0])
