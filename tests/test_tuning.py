"""The search: every tuner class, the same origins for all, the best epoch kept, failures in the table."""

import os
import signal
import time

import keras_tuner
import numpy as np
import pandas as pd
import pytest
from samples import random_bars, random_walk

import tuning.hypermodel as hypermodels
import tuning.tasks
from seqmem.data import windows
from seqmem.data.folds import ExpandingWindow
from seqmem.data.stationarity import NonStationary
from seqmem.networks import EncoderDecoder
from tuning import ForecastHyperModel, SearchFailed, SearchSpace, VolatilityTask, search, select
from tuning.display.reporters import Observer

PRICES = random_walk(500)
SPACE = SearchSpace(
    cells=("lstm", "gru", "rnn"),
    units=(2, 4),
    lookbacks=(10, 40),
    learning_rates=(1e-3, 1e-2),
    dropouts=(0.0, 0.2),
)
TINY = SearchSpace(cells=("rnn",), units=(2, 3), lookbacks=(10,), learning_rates=(1e-3,), dropouts=(0.0,))
TUNERS = [
    keras_tuner.RandomSearch,
    keras_tuner.BayesianOptimization,
    keras_tuner.Hyperband,
    keras_tuner.GridSearch,
]
MORE = (TUNERS[0], TUNERS[2], TUNERS[3])  # `slow`: the other learns most from what went before


def _hypermodel(space=SPACE, **options):
    return ForecastHyperModel(space, PRICES, **{"horizon": 2, "epochs": 2, **options})


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


@pytest.mark.parametrize(
    "tuner",
    [pytest.param(one, marks=pytest.mark.slow if one in MORE else (), id=one.__name__) for one in TUNERS],
)
def test_any_tuner_killed_and_resumed_gives_the_table_of_one_run(tuner, tmp_path):
    results, notes = [], Notes()
    few = {} if tuner is not keras_tuner.BayesianOptimization else {"num_initial_points": 2}
    for run in "ab":
        hypermodel = _hypermodel(walk=ExpandingWindow(2))
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
    tables = [
        search(_hypermodel(), keras_tuner.RandomSearch, max_trials=1, seed=seed).table for seed in (0, 1)
    ]
    assert not tables[0].equals(tables[1])


def test_the_weights_of_the_best_epoch_are_what_is_kept():
    space = SearchSpace(
        cells=("lstm",), units=(8,), lookbacks=(10, 40), learning_rates=(0.2,), dropouts=(0.0,)
    )
    hypermodel = _hypermodel(space, epochs=5)
    result = search(hypermodel, keras_tuner.GridSearch, max_trials=2)
    for row in result.table.itertuples():
        forecaster = result.load(row.trial)
        order = windows.batches(hypermodel.split.validation, batch_size=512)
        batches = windows.pair_with_series(PRICES, order)
        assert forecaster.evaluate(batches, verbose=0) == pytest.approx(row.loss, rel=1e-6)
        assert forecaster.lookback == row.lookback
    assert (result.table["best_epoch"] < result.table["epochs"]).any()


def test_every_trial_is_trained_and_validated_on_the_same_origins(monkeypatch):
    seen = []
    original = tuning.hypermodel.Forecaster.fit

    def fit(self, series, origins, *, validation, **options):
        seen.append((self.lookback, tuple(origins), tuple(validation)))
        return original(self, series, origins, validation=validation, **options)

    monkeypatch.setattr(tuning.hypermodel.Forecaster, "fit", fit)
    search(_hypermodel(epochs=1), keras_tuner.GridSearch, max_trials=5)
    assert {lookback for lookback, *_ in seen} == {10, 40}
    assert len({(train, validation) for _, train, validation in seen}) == 1
    _, train, validation = seen[0]
    assert train[0] == 40  # the longest lookback and its lag
    assert validation[-1] + 2 < 0.7 * len(PRICES)


def test_bayesian_optimisation_does_not_repeat_itself():
    space = SearchSpace(
        cells=("rnn",), units=(2, 3), lookbacks=(10, 20), learning_rates=(1e-3,), dropouts=(0.0,)
    )
    result = search(
        _hypermodel(space, epochs=1), max_trials=9, seed=1, num_initial_points=2
    )  # BayesianOptimization
    points = result.table[["units", "lookback"]]
    assert len(points) == len(points.drop_duplicates()) == 4  # the whole space, then it stops


def test_a_cell_of_ones_own_is_searched_too():
    space = SearchSpace(
        cells=("minimal_gated_unit:MinimalGatedUnitCell",),
        units=(2,),
        lookbacks=(10,),
        learning_rates=(1e-3,),
    )
    result = search(_hypermodel(space), keras_tuner.GridSearch, max_trials=1)
    assert type(result.load(result.table["trial"][0]).network.decoder).__name__ == "MinimalGatedUnitCell"
    with pytest.raises(ValueError, match="expected a subclass of seqmem.cells.Cell"):
        ForecastHyperModel(SearchSpace(cells=("seqmem.cells:Step",)), PRICES)


@pytest.fixture
def broken(monkeypatch):
    """A cell type whose networks cannot be made, and one whose loss is no number."""

    def build(*cells, **options):
        network = EncoderDecoder(*cells, **options)
        kind = type(cells[0][0]).__name__
        if kind == "RNNCell":
            raise MemoryError("no room for RNNCell")
        if kind == "GRUCell":
            network.readout.bias_initializer = lambda shape, dtype: np.full(shape, np.nan)
        return network

    monkeypatch.setattr(tuning.tasks, "EncoderDecoder", build)


def test_failures_are_rows_of_the_table_and_the_search_goes_on(broken, capfd):
    space = SearchSpace(
        cells=("lstm", "gru", "rnn"), units=(2,), lookbacks=(10,), learning_rates=(1e-3,), dropouts=(0.0,)
    )
    result = search(_hypermodel(space), keras_tuner.GridSearch, max_trials=3)
    by_cell = result.table.set_index("cell")
    assert dict(by_cell["status"]) == {"lstm": "completed", "gru": "diverged", "rnn": "failed"}
    assert "MemoryError: no room for RNNCell" in by_cell.loc["rnn", "cause"]
    assert "TrainingDiverged: loss became nan in epoch 1" in by_cell.loc["gru", "cause"]
    assert np.isnan(by_cell.loc[["gru", "rnn"], "loss"]).all()
    assert capfd.readouterr().out == ""  # KerasTuner's own words are kept off the terminal


def test_a_search_without_a_single_score_raises_with_the_first_cause(broken):
    space = SearchSpace(
        cells=("gru",), units=(2, 3, 4), lookbacks=(10,), learning_rates=(1e-3,), dropouts=(0.0,)
    )
    with pytest.raises(
        SearchFailed, match="none of 3 trials gave a score. The first: TrainingDiverged: loss became nan"
    ):
        search(_hypermodel(space), keras_tuner.GridSearch, max_trials=3)


def test_the_winner_is_scored_once_on_the_last_part_beside_the_baselines(monkeypatch):
    hypermodel = _hypermodel()
    result = search(hypermodel, keras_tuner.RandomSearch, max_trials=2, seed=1)
    selected = select(result, hypermodel)
    assert selected.trial["trial"] == result.table["trial"].iloc[0]
    assert list(selected.scores.index.unique("model")) == [
        selected.name,
        "last close",
        "drift",
        "mean return",
    ]
    assert selected.verdict.startswith("No edge found")  # it is a random walk
    assert hypermodel.split.test[0] + 1 == int(0.7 * len(PRICES))


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
    hypermodel = _hypermodel(TINY, epochs=1)
    with pytest.raises(KeyboardInterrupt):
        search(hypermodel, keras_tuner.RandomSearch, max_trials=3, directory=tmp_path, observer=notes)
    assert notes.said == ["began", "completed", "ended"]
    assert signal.getsignal(number) is before
    assert len(pd.read_csv(tmp_path / "trials.csv")) == 1


def test_many_sigterms_in_one_trial_leave_the_table_of_an_uninterrupted_search(tmp_path, monkeypatch):
    """Each comes in the second trial; TensorFlow takes some for errors of the trial's."""

    class Preempt(Observer):
        def __init__(self, fails):
            self.fails = fails

        def fit_began(self, trial, fold, seed):
            if int(trial) == 1:
                os.kill(os.getpid(), signal.SIGTERM)
                if self.fails:
                    raise RuntimeError("what TensorFlow makes of an interrupt in its own code")

    hypermodel = _hypermodel(TINY, epochs=1)
    how = {"max_trials": 2, "seed": 0}
    whole = search(hypermodel, keras_tuner.RandomSearch, **how)
    for fails in (True, False, True, False):
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
        search(_hypermodel(), max_trials=1, directory=tmp_path, observer=Stop())
    assert not (tmp_path / "trials.csv").exists()


def test_the_naive_loss_is_that_of_a_network_that_says_no_change():
    hypermodel = _hypermodel()
    values = PRICES.to_numpy()
    known = np.diff(np.log(values[: hypermodel.split.train[-1] + 3]))
    at = hypermodel.split.validation
    returns = np.log(values[at[:, None] + [1, 2]] / values[at[:, None] + [0, 1]])
    expected = np.mean((returns / known.std()) ** 2)
    np.testing.assert_allclose(hypermodel.naive_loss(), expected, rtol=1e-6)


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
    with pytest.raises(
        ValueError, match=r"cells must be among \['gru', 'lstm', 'rnn'\] or module:Class. Received: 'mgu'"
    ):
        ForecastHyperModel(SearchSpace(cells=("mgu",)), PRICES)
    with pytest.raises(ValueError, match="300 rows are too few for a lookback of 252"):
        ForecastHyperModel(SearchSpace(), PRICES.iloc[:300])
    with pytest.raises(ValueError, match="prices must be a Series"):
        ForecastHyperModel(SearchSpace(), PRICES.to_frame())


@pytest.mark.parametrize(("labels", "examples"), [(1, 64), (4, 16), (100, 1)])
def test_a_batch_has_as_many_labels_whatever_an_example_has(labels, examples, monkeypatch):
    asked = {}
    monkeypatch.setattr(windows, "shuffled", lambda at, **options: asked.update(options) or 1 / 0)
    hypermodel, hp = _hypermodel(labels=labels), keras_tuner.HyperParameters()
    forecaster = hypermodel.build(hp)
    with pytest.raises(ZeroDivisionError):
        hypermodel.fit(hp, forecaster)
    assert (asked["labels"], asked["batch_size"]) == (labels, examples)


@pytest.mark.parametrize(
    "series",
    [
        pytest.param(random_bars(900), id="bars"),
        pytest.param(random_bars(900)["Close"], id="closes", marks=pytest.mark.slow),
    ],
)
def test_volatility_is_searched_and_judged_beside_the_classics(series, tmp_path):
    space = SearchSpace(
        cells=("gru",), units=(2,), lookbacks=(10, 60), learning_rates=(1e-2,), dropouts=(0.0,)
    )
    task = VolatilityTask(every=200)
    hypermodel = ForecastHyperModel(space, series, task=task, epochs=3)
    assert (hypermodel.labels, hypermodel.batch_size, hypermodel.patience) == (63, 504, 15)
    assert hypermodel.split.train[0] == 60 + 126 - 1  # the longest lookback's first origin, for all
    result = search(hypermodel, keras_tuner.GridSearch, max_trials=2, directory=tmp_path)
    assert (result.table["status"] == "completed").all()
    assert result.table["lookback"].nunique() == 2
    # what an untrained network says is RiskMetrics' variance: the ratio of its loss is 1
    untrained = hypermodel.build(keras_tuner.HyperParameters())
    untrained.target.adapt([untrained.target.levels(series)[: hypermodel.split.train[-1] + 6]])
    batches = windows.pair_with_series(
        untrained.target.levels(series), windows.batches(hypermodel.split.validation, batch_size=512)
    )
    loss = untrained.evaluate(batches, verbose=0)
    assert loss == pytest.approx(result.naive_loss, rel=1e-4)
    chosen = select(result, hypermodel)
    assert {"GARCH-t", "EWMA", chosen.name} <= set(chosen.scores.index.unique("model"))
    assert "GARCH-t" in chosen.verdict


def test_a_volatility_search_refuses_what_is_no_series():
    with pytest.raises(ValueError, match="prices must be bars or closes, see read_bars. Received: ndarray"):
        ForecastHyperModel(SPACE, np.ones(500), task=VolatilityTask())


def test_prices_that_wander_are_refused_in_every_trial_and_good_ones_are_tested_once(monkeypatch):
    asked = []
    monkeypatch.setattr(hypermodels, "require_stationary", lambda values, **options: asked.append(options))
    hypermodel = _hypermodel(epochs=1)
    hp = keras_tuner.HyperParameters()
    for _ in range(2):
        hypermodel.fit(hp, hypermodel.build(hp))
    assert asked == [{"differenced": True}]

    def refuse(values, **options):
        raise NonStationary("wanders")

    monkeypatch.setattr(hypermodels, "require_stationary", refuse)
    hypermodel = _hypermodel(epochs=1)
    for _ in range(2):
        with pytest.raises(NonStationary):
            hypermodel.fit(hp, hypermodel.build(hp))
