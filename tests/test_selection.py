"""The rule that picks a winner, how much of its lead is chance, and the refit."""

import numpy as np
import pytest
from quick_search import PRICES, TINY, quick

from seqmem.data.splits import ExpandingWindow, RollingWindow, Split
from tuning import BestMean, ForecastHyperModel, OneStandardErrorRule, refit
from tuning.selection.noise import measure
from tuning.selection.select import report
from tuning.trials import fit_row, fit_table, new_outcome, trial_table


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


@pytest.mark.slow
def test_a_refit_of_several_seeds_is_one_model_that_forecasts_their_mean():
    hypermodel = quick(kind=ForecastHyperModel, folds=ExpandingWindow(2))
    data, row = hypermodel.data, {**TINY.nearest(), "trial": "0", "best_epoch": 1}
    forecaster, again = refit(hypermodel, row, seeds=2), refit(hypermodel, row, seeds=2)
    (at,) = hypermodel.split.test(data).values()
    window = PRICES.to_numpy("float32")[None, -21:, None]
    inputs = forecaster.target.inputs(window)
    each = [np.asarray(network(inputs)) for network in forecaster.network.networks]
    assert not np.allclose(*each)
    path = forecaster.target.inverse(np.mean(each, axis=0)[:, :, 0, 0], window)
    np.testing.assert_allclose(forecaster.forecast(data).point, path, rtol=1e-5)
    np.testing.assert_array_equal(again.forecast(data, at).point, forecaster.forecast(data, at).point)
    known = PRICES.to_numpy()[: at[0] + 1]
    scale = float(np.asarray(forecaster.target.weights[1]).ravel()[0])
    assert scale == pytest.approx(np.diff(np.log(known)).std(), rel=1e-4)  # adapted on all before the test
    with pytest.raises(ValueError, match="refit: seeds must be at least 1"):
        refit(hypermodel, row, seeds=0)


def test_a_refit_trains_on_all_before_the_test_part_whatever_the_folds():
    for folds in (ExpandingWindow(3), RollingWindow(3)):
        hypermodel = quick(folds=folds)
        whole = Split.by_share(PRICES, context_length=21, horizon=2).refit()
        assert hypermodel.refit_split == whole
