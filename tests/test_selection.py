"""Folds in time, the rule that picks a winner, and how much of its lead is luck."""

import keras_tuner
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import random_bars, random_walk

from seqmem.data import windows
from seqmem.data.folds import ExpandingWindow, RollingWindow
from seqmem.serving import ServedModel, export
from tuning import (
    BestMean,
    ForecastHyperModel,
    OneStandardErrorRule,
    SearchSpace,
    VolatilityTask,
    refit,
    search,
    select,
)
from tuning.selection.noise import measure
from tuning.selection.select import report
from tuning.trials import fit_row, fit_table, new_outcome, trial_table


@given(
    length=st.integers(300, 2000),
    count=st.integers(1, 5),
    history=st.integers(2, 40),
    horizon=st.integers(1, 10),
    kind=st.sampled_from([ExpandingWindow, RollingWindow]),
)
def test_folds_stand_in_time_order_and_share_no_row(length, count, history, horizon, kind):
    parts = kind(count).parts(length, history=history, horizon=horizon)
    size = {"history": history, "horizon": horizon}
    seen = 0
    for train, validation in parts.folds:
        assert train[0] >= history - 1
        assert train[-1] + horizon < validation[0] + 1  # what is validated begins after what is known
        assert validation[0] >= seen
        seen = validation[-1] + horizon
    assert seen < parts.test[0] + 1
    assert parts.known[-1] + horizon < parts.test[0] + 1
    whole = windows.split(length, **size)
    np.testing.assert_array_equal(parts.test, whole.test)
    if count == 1:
        for mine, plain in zip(parts.last, whole, strict=True):
            np.testing.assert_array_equal(mine, plain)
    if kind is RollingWindow:
        first = parts.folds[0][1][0] + 1  # rows before what the first fold validates
        for train, validation in parts.folds:
            assert train[0] == max(history, validation[0] + 1 - first) - 1
    else:
        assert {train[0] for train, _ in parts.folds} == {history - 1}


def test_a_count_below_one_and_a_share_outside_are_refused():
    with pytest.raises(ValueError, match="RollingWindow: count must be at least 1. Received: 0"):
        RollingWindow(0)
    with pytest.raises(ValueError, match="test must lie in"):
        ExpandingWindow().parts(100, history=5, horizon=1, test=1.0)


def _outcome(trial, lookback, weights, losses):
    choice = {"cell": "lstm", "units": 4, "layers": 1, "lookback": lookback}
    fits = [
        fit_row(fold=n // 2, seed=n % 2, weights=weights, losses=[loss], first_epoch=0, naive=1.0)
        for n, loss in enumerate(losses)
    ]
    return new_outcome(str(trial), choice) | {"status": "completed", "fits": fits}


FOLDS = np.array([0.0, 0.0, 5.0, 5.0])  # what a fold is worth to all


def _outcomes(means, noise=0.05, lookbacks=None, weights=None, seed=0, exact=False):
    """Losses that move by `noise`; where exact, their means are the means."""
    draw = np.random.default_rng(seed)
    moves = [draw.normal(0, noise, 4) for _ in means]
    lookbacks, weights = lookbacks or [60] * len(means), weights or [100] * len(means)
    return [
        _outcome(number, lookbacks[number], weights[number], mean + FOLDS + move - exact * move.mean())
        for number, (mean, move) in enumerate(zip(means, moves, strict=True))
    ]


def test_the_error_is_that_of_a_mean_whatever_the_folds_are_worth():
    noises = [measure(_outcomes([0.5] * 12, noise=0.1, seed=seed), draws=1) for seed in range(200)]
    assert np.mean([noise.error for noise in noises]) == pytest.approx(0.1 / np.sqrt(4), rel=0.1)
    assert np.mean([noise.seed_std for noise in noises]) == pytest.approx(0.1, rel=0.1)


def test_the_null_gain_is_what_the_best_of_equals_has_and_p_is_uniform_over_noise():
    measured = [measure(_outcomes([0.5] * 8, seed=seed), draws=200) for seed in range(60)]
    assert np.mean([one.gain_over_median for one in measured]) == pytest.approx(
        np.mean([o.null_gain for o in measured]), rel=0.1
    )
    assert 0.35 < np.mean([one.p for one in measured]) < 0.65
    planted = measure(_outcomes([0.5] * 7 + [0.1]), draws=200)
    assert planted.p < 0.05
    assert planted.gain_over_median > planted.null_gain


def _taken(rule, outcomes):
    return rule.take(trial_table(outcomes, 1.0), measure(outcomes, draws=10))


def test_the_simplest_within_an_error_is_the_shortest_lookback_then_the_fewest_weights():
    means = [0.500, 0.501, 0.502, 0.9]
    outcomes = _outcomes(means, lookbacks=[60, 20, 20, 10], weights=[10, 300, 200, 1], exact=True)
    trial, why = _taken(OneStandardErrorRule(), outcomes)
    assert trial["trial"] == "2"
    assert "the simplest (lookback, then weights) of 3 within a standard error" in why
    best, why = _taken(BestMean(), outcomes)
    assert best["loss"] == min(trial_table(outcomes, 1.0)["loss"])
    assert why == "the lowest mean loss of 4 trials"
    clear, _ = _taken(OneStandardErrorRule(), _outcomes([0.1, 0.9, 0.9], lookbacks=[120, 10, 10]))
    assert clear["trial"] == "0"


def test_one_training_a_trial_has_no_error_and_the_report_says_so():
    outcomes = [_outcome(number, 60, 10, [loss]) for number, loss in enumerate((0.6, 0.5))]
    trial, why = _taken(OneStandardErrorRule(), outcomes)
    assert trial["trial"] == "1"
    said = " ".join(report(trial, why, measure(outcomes)))
    assert "one training a trial has no standard error" in said
    assert "The noise is not known" in said
    assert "0.8333 of the default's" in said


@pytest.mark.parametrize(
    ("means", "words"), [([0.5, 0.501, 0.502, 0.503, 0.504], "less"), ([0.5] * 5 + [0.0], "more")]
)
def test_the_report_says_whether_the_winner_leads_by_more_than_the_noise(means, words):
    outcomes = _outcomes(means, exact=True)
    trial, why = _taken(BestMean(), outcomes)
    said = " ".join(report(trial, why, measure(outcomes)))
    assert ("less than that" in said) == (words == "less")
    assert ("the trials differ" in said) == (words == "more")


def test_what_did_not_complete_is_never_taken_and_has_no_part_in_the_noise():
    outcomes = _outcomes([0.5, 0.6])
    early = _outcome(2, 10, 1, [0.1]) | {"status": "stopped", "cause": "why"}
    trial, _ = _taken(OneStandardErrorRule(), [*outcomes, early])
    assert trial["trial"] in "01"
    assert measure([*outcomes, early], draws=1).trials == 2
    assert len(fit_table([*outcomes, early])) == 9


PRICES = random_walk(400)


def test_a_refit_of_several_seeds_is_one_model_that_says_their_mean(tmp_path):
    space = SearchSpace(cells=("rnn",), units=(2,), lookbacks=(10,), learning_rates=(1e-3,), dropouts=(0.0,))
    hypermodel = ForecastHyperModel(space, PRICES, horizon=2, epochs=1, walk=ExpandingWindow(2))
    result = search(hypermodel, keras_tuner.RandomSearch, max_trials=1, directory=tmp_path / "project")
    selected = select(result, hypermodel, seeds=2)
    forecaster, at = selected.forecaster, hypermodel.parts.test
    inputs = forecaster.target.inputs(PRICES.to_numpy("float32")[None, -11:])
    each = [np.asarray(network(inputs)) for network in forecaster.network.networks]
    assert not np.allclose(*each)
    np.testing.assert_allclose(forecaster.network(inputs), np.mean(each, axis=0), rtol=1e-5)
    served = ServedModel(export(forecaster, tmp_path, name="mean", prices=PRICES))
    np.testing.assert_allclose(served.forecast(PRICES), forecaster.forecast(PRICES)[0], rtol=1e-5)
    again = refit(hypermodel, selected.trial, seeds=2)
    np.testing.assert_array_equal(again.forecast(PRICES, at), forecaster.forecast(PRICES, at))
    known = PRICES.to_numpy()[: hypermodel.parts.test[0] + 1]
    scale = float(np.asarray(forecaster.target.weights[1]).ravel()[0])
    assert scale == pytest.approx(np.diff(np.log(known)).std(), rel=1e-4)  # adapted on all before the test


def test_variances_of_several_seeds_stand_side_by_side():
    space = SearchSpace(cells=("gru",), units=(2,), lookbacks=(10,), learning_rates=(1e-2,), dropouts=(0.0,))
    bars = random_bars(700)
    hypermodel = ForecastHyperModel(space, bars, task=VolatilityTask(every=200), epochs=1)
    row = pd.Series({**space.nearest(), "trial": "0", "best_epoch": 1})
    assert refit(hypermodel, row.to_dict(), seeds=3).members == 3
    with pytest.raises(ValueError, match="refit: seeds must be at least 1"):
        refit(hypermodel, row.to_dict(), seeds=0)
