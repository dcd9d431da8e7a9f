"""Verdicts on simulated series whose truth is known."""

import numpy as np
import pytest
from arch.unitroot import ADF, KPSS
from arch.utility.exceptions import InfeasibleTestException
from threadpoolctl import threadpool_info

from seqmem.data.stationarity import (
    NonStationary,
    StationarityResult,
    adf_and_kpss,
    out_of_range,
    require_stationary,
)

SERIES = {
    "noise": (lambda e: e, True),
    "autoregression": (lambda e: np.convolve(e, 0.8 ** np.arange(60))[: len(e)], True),
    "random walk": (lambda e: np.cumsum(e), False),
    "random walk with drift": (lambda e: np.cumsum(e + 0.1), False),
    "prices": (lambda e: 100 * np.exp(np.cumsum(e) / 100), False),
}


@pytest.mark.parametrize("name", SERIES)
def test_the_verdict_is_right_in_all_but_a_few_of_twenty_series(name):
    make, stationary = SERIES[name]
    draws = np.random.default_rng(0).normal(size=(20, 1500))
    right = sum(adf_and_kpss(make(draw)).stationary == stationary for draw in draws)
    assert right >= 19


ODD = {
    "alternating": lambda e: (-1.0) ** np.arange(len(e)) + 0.01 * e,  # KPSS cannot choose its lags
    "too smooth": lambda e: np.sin(np.arange(len(e)) / 10),  # ADF cannot be made
    "a line": lambda e: np.arange(float(len(e))),
    "twice summed": lambda e: np.cumsum(np.cumsum(e)),
    "explosive": lambda e: 1.05 ** np.minimum(np.arange(len(e)), 300),
}


@pytest.mark.parametrize("length", [30, 44, 200, 1500])
@pytest.mark.filterwarnings("ignore:Lag selection has changed:DeprecationWarning")
def test_the_tests_give_the_numbers_of_arch(length):
    noise = np.random.default_rng(length).normal(size=length)
    for name, make in [*ODD.items(), *((name, make) for name, (make, _) in SERIES.items())]:
        values, found = make(noise), adf_and_kpss(make(noise))
        try:
            expected = ADF(values, max_lags=20).pvalue
        except InfeasibleTestException:
            expected = np.nan
        np.testing.assert_allclose(found.adf, expected, atol=1e-8, err_msg=name)
        try:
            expected = KPSS(values).pvalue
        except InfeasibleTestException:
            expected = KPSS(values, lags=int(12 * (length / 100) ** 0.25)).pvalue
        np.testing.assert_allclose(found.kpss, expected, atol=1e-8, err_msg=name)


def test_levels_must_satisfy_both_tests_and_differences_one():
    shifted = np.random.default_rng(0).normal(size=2000) + 0.5 * (np.arange(2000) > 1000)
    assert not adf_and_kpss(shifted).unit_root
    assert not adf_and_kpss(shifted).stationary
    require_stationary(shifted, differenced=True)
    with pytest.raises(NonStationary, match="the mean or the variance shifts"):
        require_stationary(shifted, differenced=False)


def test_the_tests_run_on_one_thread_and_leave_the_others_as_they_were(monkeypatch):
    def threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    seen, solve, before = [], np.linalg.qr, threads()
    monkeypatch.setattr(np.linalg, "qr", lambda *given: (seen.append(threads()), solve(*given))[1])
    adf_and_kpss(np.random.default_rng(0).normal(size=100))
    assert seen == [[1] * len(before)]
    assert threads() == before


def test_the_words_say_what_the_tests_say():
    assert "stationary: ADF and KPSS agree" in StationarityResult(adf=0.0, kpss=0.5).words
    assert "non-stationary (unit root)" in StationarityResult(adf=0.9, kpss=0.001).words
    assert "shifts" in StationarityResult(adf=0.0, kpss=0.001).words
    assert "cannot be ruled out" in StationarityResult(adf=0.9, kpss=0.5).words
    assert StationarityResult(adf=float("nan"), kpss=0.5).unit_root  # no evidence is no pass


@pytest.mark.parametrize("values", [np.ones(100), np.arange(20.0), np.r_[np.arange(50.0), np.nan]])
def test_what_cannot_be_judged_is_an_error(values):
    with pytest.raises(ValueError, match="expected at least 30 finite values that vary"):
        adf_and_kpss(values)


def test_out_of_range():
    assert out_of_range([0.0, 5.0], [0.0, 10.0]) == 0
    assert out_of_range([-1.0, 11.0], [0.0, 10.0]) == 1
