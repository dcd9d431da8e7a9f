"""The search: every tuner class, the same origins for all, the best epoch kept, failures in the table."""

import os
import signal
import time
from dataclasses import replace

import keras_tuner
import numpy as np
import pandas as pd
import pytest
from quick_search import PRICES, TINY, Quick, quick
from samples import random_bars

import tuning.hypermodel as hypermodels
import tuning.tasks.paths
from seqmem.data import windows
from seqmem.data.splits import ExpandingWindow
from seqmem.data.stationarity import NonStationary
from seqmem.experiments.league import Design
from seqmem.models.callbacks import TrainingDiverged
from seqmem.models.forecaster import Forecaster
from seqmem.networks import EncoderDecoder, ResidualRecurrent
from tuning import (
    ForecastHyperModel,
    Observer,
    PathTask,
    SearchFailed,
    SearchSpace,
    VolatilityTask,
    search,
    select,
)

TUNERS = [
    pytest.param(keras_tuner.RandomSearch, marks=pytest.mark.slow),  # has nothing to remember
    keras_tuner.BayesianOptimization,
    keras_tuner.Hyperband,
    pytest.param(keras_tuner.GridSearch, marks=pytest.mark.slow),
]


def _hypermodel(space=TINY, epochs=2, **options):
    return quick(space, epochs=epochs, kind=ForecastHyperModel, **options)


class Notes(Observer):
    def __init__(self):
        self.said = []

    def search_began(self, trials, epochs, naive_loss):
        self.said.append("began")

    def trial_ended(self, row):
        self.said.append(row["status"])

    def search_ended(self):
        self.said.append("ended")


class Killed(BaseException):
    """What no part of a search expects: it ends there and then."""


class Killer(Observer):
    """Kills the search in the second trial's second fold."""

    def fit_began(self, trial, fold, seed):
        if int(trial) == 1 and fold == 1:
            raise Killed


@pytest.mark.parametrize("tuner", TUNERS)
def test_any_tuner_killed_and_resumed_gives_the_table_of_one_run(tuner, tmp_path):
    results, notes = [], Notes()
    few = {"num_initial_points": 2} if tuner is keras_tuner.BayesianOptimization else {}
    for run in "ab":
        hypermodel = quick(folds=ExpandingWindow(2), epochs=2)
        how = {"max_trials": 3, "seed": 0, "directory": tmp_path / run, **few}
        if run == "b":
            with pytest.raises(Killed):
                search(hypermodel, tuner, observer=Killer(), **how)
        results.append(search(hypermodel, tuner, observer=notes, **how))
    assert [result.kept for result in results] == [0, 1]
    pd.testing.assert_frame_equal(*(result.table for result in results))
    pd.testing.assert_frame_equal(*(result.fits.drop(columns="seconds") for result in results))
    result, table = results[0], results[0].table
    done = ["completed"] * len(table)
    assert notes.said == ["began", *done, "ended", "began", *done[1:], "ended"]
    assert len(table) == (2 if tuner is keras_tuner.Hyperband else 3)  # two rungs of two epochs
    assert table["loss"].is_monotonic_increasing
    np.testing.assert_allclose(table["ratio"], table["loss"] / result.naive_loss)
    written = pd.read_csv(tmp_path / "a" / "trials.csv", dtype={"trial": str}, keep_default_na=False)
    assert list(written["trial"]) == list(table["trial"])
    np.testing.assert_allclose(written["loss"].astype(float), table["loss"])


def test_another_seed_is_another_search():
    tables = [search(quick(), keras_tuner.RandomSearch, max_trials=1, seed=seed).table for seed in (0, 1)]
    assert tables[0]["units"].tolist() == tables[1]["units"].tolist()  # the default, of other weights
    assert not tables[0].equals(tables[1])


def test_bayesian_optimisation_does_not_repeat_itself():
    result = search(quick(), max_trials=9, seed=1, num_initial_points=2)
    points = result.table[["units", "lookback"]]
    assert len(points) == len(points.drop_duplicates()) == 4  # the whole space, then it stops


@pytest.fixture(scope="module")
def searched():
    """A real search, of two lookbacks at a rate that overshoots; and what each fit was given."""
    seen = []
    original = Forecaster.fit

    def fit(self, data, split, recipe=None, **options):
        seen.append((self.lookback, split, recipe))
        return original(self, data, split, recipe, **options)

    space = replace(TINY, cells=("lstm",), units=(8,), lookbacks=(10, 40), learning_rates=(0.2,))
    hypermodel = _hypermodel(space, epochs=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forecaster, "fit", fit)
        result = search(hypermodel, keras_tuner.GridSearch, max_trials=2)
    return hypermodel, result, seen


def _validation_loss(hypermodel, forecaster):
    (train,), (origins,) = (
        part(hypermodel.data).values() for part in (hypermodel.split.train, hypermodel.split.validation)
    )
    known = int(train[-1]) + 1 + max(forecaster.horizons)
    rows = forecaster.target.training_rows(hypermodel.data.frame, known)
    batches = windows.pair_with_series(rows, windows.batches(origins, batch_size=512))
    return forecaster.evaluate(batches, verbose=0)


def test_the_weights_of_the_best_epoch_are_what_is_kept(searched):
    hypermodel, result, _ = searched
    for row in result.table.itertuples():
        forecaster = result.load(row.trial)
        assert _validation_loss(hypermodel, forecaster) == pytest.approx(row.loss, rel=1e-6)
        assert forecaster.lookback == row.lookback
    assert (result.table["best_epoch"] < result.table["epochs"]).any()


def test_every_trial_is_trained_and_validated_on_the_same_origins(searched):
    hypermodel, _, seen = searched
    assert [lookback for lookback, *_ in seen] == [40, 10]
    assert {split for _, split, _ in seen} == {hypermodel.split}
    (train,), (validation,) = (
        part(hypermodel.data, context_length=11).values()
        for part in (hypermodel.split.train, hypermodel.split.validation)
    )
    assert train[0] == 40  # the longest lookback and its warm-up
    assert validation[-1] + 2 < 0.7 * len(PRICES)
    assert {recipe for *_, recipe in seen} == {replace(PathTask.recipe, epochs=5, learning_rate=0.2)}


def test_the_winner_is_scored_once_on_the_last_part_beside_the_baselines(searched):
    hypermodel, result, _ = searched
    selected = select(result, hypermodel)
    assert selected.trial["trial"] == result.table["trial"].iloc[0]
    assert selected.evaluation.models == (selected.name, "last close", "drift", "mean return")
    assert "No edge found" in selected.summary  # it is a random walk
    assert selected.evaluation.outcome.origins[0] + 1 == int(0.7 * len(PRICES))


def test_a_cell_of_your_own_is_searched_too():
    space = replace(TINY, cells=("minimal_gated_unit:MinimalGatedUnitCell",), lookbacks=(10,), units=(2,))
    result = search(_hypermodel(space, epochs=1), keras_tuner.GridSearch, max_trials=1)
    assert type(result.load(result.table["trial"][0]).network.decoder).__name__ == "MinimalGatedUnitCell"
    with pytest.raises(ValueError, match="expected a subclass of seqmem.cells.Cell"):
        ForecastHyperModel(SearchSpace(cells=("seqmem.cells:Step",)), PRICES)


def test_a_plain_tuner_of_kerastuners_searches_and_a_wrong_call_is_told_so(tmp_path):
    how = {"objective": "val_loss", "max_trials": 2, "directory": tmp_path}
    plain = keras_tuner.RandomSearch(quick(), **how)
    plain.search(verbose=0)
    assert len(plain.oracle.get_best_trials(2)) == 2
    wrong = keras_tuner.RandomSearch(quick(), **how, overwrite=True)
    for arguments, options in (((PRICES, PRICES), {}), ((), {"validation_data": 1}), ((), {"batch_size": 2})):
        with pytest.raises(ValueError, match=r"has its own data.*call tuner.search\(\) without them"):
            wrong.search(*arguments, verbose=0, **options)


def test_failures_are_rows_of_the_table_and_the_search_goes_on(monkeypatch, capfd):
    """A cell type whose networks cannot be made, and one whose loss is NaN."""

    def build(*cells, **options):
        network = EncoderDecoder(*cells, **options)
        kind = type(cells[0][0]).__name__
        if kind == "RNNCell":
            raise MemoryError("no room for RNNCell")
        if kind == "GRUCell":
            network.readout.bias_initializer = lambda shape, dtype: np.full(shape, np.nan)
        return network

    space = replace(TINY, cells=("lstm", "gru", "rnn"), units=(2,), lookbacks=(10,))
    hypermodel = _hypermodel(space)
    hypermodel.naive_losses()  # before networks break
    monkeypatch.setattr(tuning.tasks.paths, "EncoderDecoder", build)
    result = search(hypermodel, keras_tuner.GridSearch, max_trials=3)
    by_cell = result.table.set_index("cell")
    assert dict(by_cell["status"]) == {"lstm": "completed", "gru": "diverged", "rnn": "failed"}
    assert "MemoryError: no room for RNNCell" in by_cell.loc["rnn", "cause"]
    assert "TrainingDiverged: loss became nan in epoch 1" in by_cell.loc["gru", "cause"]
    assert np.isnan(by_cell.loc[["gru", "rnn"], "loss"]).all()
    assert capfd.readouterr().out == ""  # KerasTuner's own words are kept off the terminal


def test_a_search_without_a_single_score_raises_with_the_first_cause(monkeypatch):
    def train(*arguments, **options):
        raise TrainingDiverged("loss became nan")

    monkeypatch.setattr(Quick, "train", train)
    words = "none of 4 trials gave a score. The first: TrainingDiverged: loss became nan"
    with pytest.raises(SearchFailed, match=words):
        search(quick(), keras_tuner.GridSearch, max_trials=4)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_are_obeyed_whenever_they_come(number, tmp_path):
    """A real signal while a trial is being made, where Python would swallow it or blame the trial."""

    class Interrupt(Notes):
        def trial_ended(self, row):
            super().trial_ended(row)
            os.kill(os.getpid(), number)
            time.sleep(0.01)

    notes = Interrupt()
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        search(quick(), keras_tuner.RandomSearch, max_trials=3, directory=tmp_path, observer=notes)
    assert notes.said == ["began", "completed", "ended"]
    assert signal.getsignal(number) is before
    assert len(pd.read_csv(tmp_path / "trials.csv")) == 1


def test_many_sigterms_in_one_trial_leave_the_table_of_an_uninterrupted_search(tmp_path):
    """Each comes in the second trial, in real training; TensorFlow takes some for errors of the trial's."""

    class Preempt(Observer):
        def __init__(self, fails):
            self.fails = fails

        def fit_began(self, trial, fold, seed):
            if int(trial) == 1:
                os.kill(os.getpid(), signal.SIGTERM)
                if self.fails:
                    raise RuntimeError("what TensorFlow makes of an interrupt in its own code")

    hypermodel = _hypermodel(epochs=1)
    how = {"max_trials": 2, "seed": 0}
    whole = search(hypermodel, keras_tuner.RandomSearch, **how)
    for fails in (True, False, True, True):
        with pytest.raises(KeyboardInterrupt):
            search(hypermodel, keras_tuner.RandomSearch, directory=tmp_path, observer=Preempt(fails), **how)
    resumed = search(hypermodel, keras_tuner.RandomSearch, directory=tmp_path, **how)
    pd.testing.assert_frame_equal(resumed.table, whole.table)


def test_an_earlier_searchs_rows_are_not_this_ones(tmp_path):
    (tmp_path / "trials.csv").write_text("trial\n7\n")

    class Stop(Observer):
        def trial_began(self, trial, choice):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(quick(), max_trials=1, directory=tmp_path, observer=Stop())
    assert not (tmp_path / "trials.csv").exists()


def test_the_naive_loss_is_that_of_a_network_that_forecasts_no_change():
    hypermodel = quick()
    values = PRICES.to_numpy()
    (train,), (rows,) = (
        part(hypermodel.data).values() for part in (hypermodel.split.train, hypermodel.split.validation)
    )
    known = np.diff(np.log(values[: train[-1] + 3]))
    returns = np.log(values[rows[:, None] + [1, 2]] / values[rows[:, None] + [0, 1]])
    expected = np.mean((returns / known.std()) ** 2)
    np.testing.assert_allclose(hypermodel.naive_loss(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cells": ()}, "cells must be choices that differ"),
        ({"cells": "lstm"}, "cells must be a tuple of choices. Received: 'lstm'"),
        ({"units": (8, 8)}, "units must be choices that differ"),
        ({"lookbacks": (5, 10)}, r"lookbacks must lie in \[10, 252\]. Received: \[5\]"),
        ({"lookbacks": (300,)}, r"Received: \[300\]"),
        ({"dropouts": (1.0,)}, "dropouts must lie in"),
        ({"learning_rates": (-1.0,)}, "learning_rates must lie in"),
    ],
)
def test_bad_spaces_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        SearchSpace(**options)


def test_an_unknown_cell_and_a_short_series_are_refused():
    with pytest.raises(ValueError, match="cells must be among .*'gru'.* or module:Class. Received: 'mgu'"):
        ForecastHyperModel(SearchSpace(cells=("mgu",)), PRICES)
    with pytest.raises(ValueError, match="300 rows are too few for a lookback of 252"):
        ForecastHyperModel(SearchSpace(), PRICES.iloc[:300])
    with pytest.raises(ValueError, match="seeds must be at least 1"):
        quick(seeds=0)


@pytest.fixture(scope="module")
def bars():
    return random_bars(900)


@pytest.mark.parametrize("columns", [["High", "Low", "Close"], ["Close"]])
def test_what_an_untrained_network_of_variances_gives_is_riskmetrics(columns, bars):
    """The ratio of its loss is 1."""
    space = replace(TINY, cells=("gru",), units=(2,), lookbacks=(10, 60))
    hypermodel = ForecastHyperModel(space, bars[columns], task=VolatilityTask(every=200))
    assert (hypermodel.recipe.chunk_length, hypermodel.recipe.batch_size) == (63, 8)
    (train,) = hypermodel.split.train(hypermodel.data).values()
    assert train[0] == 60 + 126 - 1  # the longest lookback's first origin, for all
    untrained = hypermodel.build(keras_tuner.HyperParameters())
    untrained.target.adapt([untrained.target.to_array(hypermodel.data.frame)[: train[-1] + 6]])
    assert _validation_loss(hypermodel, untrained) == pytest.approx(hypermodel.naive_loss(), rel=1e-4)


@pytest.mark.slow  # tests/test_cli.py searches it too, and exports the winner
def test_volatility_is_searched_and_judged_beside_the_classics(bars):
    space = replace(TINY, cells=("gru",), units=(2,), lookbacks=(10,), learning_rates=(1e-2,))
    task = VolatilityTask(every=300, ensemble_size=2)
    recipe = replace(VolatilityTask.recipe, epochs=2)
    hypermodel = ForecastHyperModel(space, bars, task=task, recipe=recipe)
    result = search(hypermodel, keras_tuner.GridSearch, max_trials=1)
    chosen = select(result, hypermodel)
    assert chosen.forecaster.network.members == 2
    assert {"GARCH-t", "EWMA", chosen.name} <= set(chosen.evaluation.models)
    assert all(word in chosen.summary for word in ("GARCH-t", "GJR-t", "log HAR"))
    assert "of that of EWMA (RiskMetrics)" in chosen.report[1]
    assert next(iter(task.tables(chosen.evaluation))) == "Variance over 1 day, all days"


def test_the_first_volatility_trial_is_the_design_that_the_evidence_chose():
    task, design = VolatilityTask(), Design(use_range=True)
    choice = SearchSpace(dropouts=(0.0, 0.2, 0.4), learning_rates=(3e-3, 1e-2)).nearest(task.default)
    own = (choice["units"], choice["dropout"], choice["lookback"], task.ensemble_size)
    assert own == (design.units, design.dropout, design.lookback, design.ensemble_size)
    assert replace(task.recipe, learning_rate=choice["learning_rate"]) == ResidualRecurrent.recipe
    assert choice == task.space.nearest(task.default)


def test_prices_that_wander_are_refused_in_every_trial_and_good_ones_are_tested_once(monkeypatch):
    asked = []
    monkeypatch.setattr(hypermodels, "require_stationary", lambda values, **options: asked.append(options))
    hypermodel = _hypermodel(epochs=1)
    hp = keras_tuner.HyperParameters()
    model = hypermodel.build(hp)
    hypermodel.check_data()
    hypermodel.fit(hp, model)
    assert asked == [{"differenced": True}]

    def refuse(values, **options):
        raise NonStationary("wanders")

    monkeypatch.setattr(hypermodels, "require_stationary", refuse)
    hypermodel = _hypermodel(epochs=1)
    for check in (
        hypermodel.check_data,
        lambda: hypermodel.fit(hp, model),
        lambda: hypermodel.fit(hp, model),
    ):
        with pytest.raises(NonStationary):
            check()
