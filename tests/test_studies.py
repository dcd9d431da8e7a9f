"""Studies: what they are made of, what they measure, and how they are run."""

import functools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqmem import cli
from seqmem.cells import GRUCell, LSTMCell, RNNCell, chrono_init
from seqmem.diagnostics import memory_half_life
from seqmem.experiments.studies import STUDIES, certificate, study
from seqmem.experiments.studies.base import summary
from seqmem.experiments.studies.gated import as_many, parameters
from seqmem.experiments.studies.problems import Adding, AddingHalves, Copying
from seqmem.experiments.studies.running import run
from seqmem.experiments.studies.simulated import YEAR, bounded_prices, event, level_arch, wave
from seqmem.experiments.studies.solving import solve
from seqmem.experiments.studies.trials import TASKS, KnownMemory, cut
from seqmem.recipe import Recipe
from seqmem.recurrence import Recurrent

SMALL = {
    "gradients": {"length": 12, "units": 3, "sequences": 1, "seeds": 1},
    "adding": {"lengths": (22,), "units": 4, "wider": 5, "most": 2100, "cells": ("gru",)},
    "copy": {"lengths": (2, 4), "units": 4, "most": 2100, "cells": ("gru",)},
    "season": {"years": 4, "lookbacks": (5, 10), "units": 2, "epochs": 1, "seeds": 1},
    "stationarity": {"days": 400, "lookback": 10, "units": 2, "epochs": 1, "seeds": 1, "levels": (50, 150)},
    "lookback": {"tasks": ("returns",), "lookbacks": (5, 60), "units": 2, "folds": 1, "seeds": 2},
    "cells": {"tasks": ("simulated",), "units": 2, "folds": 1, "seeds": 2, "cells": ("rnn", "lstm")},
}


@pytest.fixture
def _brief(monkeypatch):
    """Trainings of two epochs, on short series."""
    monkeypatch.setattr(KnownMemory, "days", 700)
    for task in TASKS.values():
        monkeypatch.setattr(task, "recipe", lambda self, forecaster, seed: Recipe(epochs=2, seed=seed))
    closes = level_arch(700, 5, 0.5, seed=1)[0]
    monkeypatch.setattr("seqmem.experiments.studies.trials._known_closes", lambda: closes)


_TRAINING = ("season", "lookback", "cells", "copy")


@pytest.mark.usefixtures("_brief")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in _TRAINING else ()) for name in STUDIES]
)
def test_every_study_runs_from_cases_to_words_and_goes_on_where_it_was_stopped(name, tmp_path):
    small = study(name)(**SMALL[name])
    file, seen = tmp_path / "found.csv", []
    stopped = len(small.cases()) // 2

    def stop(case, done, cases):
        if done == stopped:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(small, file=file, progress=stop)
    kept = len(pd.read_csv(file)) if file.exists() else 0
    rows = run(small, file=file, progress=lambda case, done, cases: seen.append(case))
    assert kept or not stopped
    before = rows[:kept].to_dict("records")
    assert not [case for case in seen if any(case.items() <= row.items() for row in before)]
    pd.testing.assert_frame_equal(rows, run(small, file=file), check_dtype=False)
    pd.testing.assert_frame_equal(rows, pd.read_csv(file).drop(columns="setting"), check_dtype=False)
    table, words = summary(rows), small.verdict(rows)
    assert set(small.formats) & set(table.columns)
    if small.cells == study(name)().cells and name != "lookback":
        assert words.startswith("It ")
    for panel in small.panels:
        assert {panel.x, panel.y, *panel.by} <= set(table.columns)
    for cell in dict.fromkeys(rows.get("cell", [])):
        assert cell in words
    assert study(name).full().cases() != study(name)().cases()


@pytest.mark.parametrize("name", ["gradients", pytest.param("adding", marks=pytest.mark.slow)])
def test_the_same_seed_measures_the_same(name):
    small = study(name)(**SMALL[name] | {"cells": ("gru",)})
    first, second = (run(small).drop(columns=["seconds", "step_ms"], errors="ignore") for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "found.csv"
    small = study("gradients")(**SMALL["gradients"], cells=("rnn",))
    run(small, file=file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"found.csv: holds another study, other settings .* expected"):
        run(study("gradients")(**SMALL["gradients"], cells=("gru",)), file=file)
    assert file.read_bytes() == before
    file.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="expected rows of a study"):
        run(small, file=file)


def test_a_study_that_is_not_there_is_named_with_those_that_are(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["study", "seasons"])
    assert "invalid choice: 'seasons' (choose from 'gradients', 'adding'" in capsys.readouterr().err


def test_the_command_certifies_a_cell_of_ones_own(tmp_path, capsys, monkeypatch):
    tiny = {"lengths": (22,), "most": 2100, "units": 4}
    monkeypatch.setattr(certificate, "certificate", functools.cache(certificate.certificate))
    for field, value in tiny.items():
        monkeypatch.setitem(study("adding").__init__.__kwdefaults__, field, value)
    own = "minimal_gated_unit:MinimalGatedUnitCell"
    files = ["--csv", str(tmp_path / "a.csv"), "--plot", str(tmp_path / "a.png")]
    assert cli.main(["study", "adding", "--cell", own, *files]) == 0
    said = capsys.readouterr().out
    assert "MinimalGatedUnitCell(16): gates forget, candidate" in said
    assert "Trained on compiled loops." in said
    assert f"{own}, 4 units from" in said
    assert "clipping" not in said
    assert "a mark in each half" not in said
    assert "lstm, 4 units from" in said
    assert (tmp_path / "a.png").stat().st_size > 1000
    assert cli.main(["study", "adding", "--cell", own, "--json", *files[:2]]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["cell"] for row in found["table"]} == {own, "lstm"}
    assert found["verdict"]
    assert "gates forget" in found["certificate"]


def test_all_claims_are_listed_without_a_name(capsys):
    assert cli.main(["study"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name} " in said for name in STUDIES)


@pytest.mark.parametrize("problem", [Adding, AddingHalves])
@given(length=st.integers(22, 60), seed=st.integers(0, 2**30))
def test_the_adding_problems_mark_two_steps_where_they_say(problem, length, seed):
    import tensorflow as tf

    inputs, sums = (np.asarray(one) for one in problem(length).batch(8, tf.constant([0, seed])))
    numbers, marks = inputs[..., 0], inputs[..., 1]
    assert ((marks == 0) | (marks == 1)).all()
    assert (marks.sum(1) == 2).all()
    if problem is Adding:
        assert (marks[:, :10].sum(1) >= 1).all()
        assert (marks[:, length // 2 - 1 :] == 0).all()
    else:
        assert (marks[:, : length // 2].sum(1) == 1).all()
    assert np.abs(numbers).max() <= 1
    np.testing.assert_allclose(sums[:, 0], 0.5 + (numbers * marks).sum(1) / 4, atol=1e-6)


def test_what_is_easier_than_the_claim_does_not_decide_it():
    adding = study("adding")(lengths=(30,))
    rows = pd.DataFrame(adding.cases()).assign(solved=0.0, sequences=np.nan, wrong=1.0)
    easy = (rows["marks"] == "each half") & (rows["cell"] != "rnn")  # as the claim would have it
    rows.loc[easy, ["solved", "sequences", "wrong"]] = 1.0, 5000.0, 0.0
    said = adding.verdict(rows)
    assert said.startswith("It does not hold.")
    assert "gru, 16 units from Keras's start: T = 30 is not solved" in said
    assert "16 units from Keras's start, a mark in each half: solved up to T = 30, after 5,000" in said
    assert "64 units from Keras's start: T = 30 is not solved" in said


@given(length=st.integers(1, 30), count=st.integers(1, 4), seed=st.integers(0, 2**30))
def test_the_copy_problem_says_its_symbols_once_and_asks_for_them_in_order(length, count, seed):
    import tensorflow as tf

    problem = Copying(length, count)
    inputs, symbols = (np.asarray(one) for one in problem.batch(8, tf.constant([0, seed])))
    said = inputs.argmax(-1)
    assert inputs.shape == (8, problem.steps, problem.features)
    assert (said[:, :count] == symbols).all()
    assert (said[:, count + length - 1] == problem.alphabet + 1).all()  # the sign, T after the last symbol
    rest = np.delete(said, [*range(count), count + length - 1], axis=1)
    assert (rest == problem.alphabet).all()


def test_a_problem_that_is_easy_is_solved_and_one_that_is_given_no_time_is_not():
    import keras

    keras.utils.set_random_seed(0)
    found = solve(GRUCell(8), Copying(1, 1, 2), most=40_000)
    assert found.wrong == 0
    assert found.sequences < 40_000
    assert solve(RNNCell(4), Adding(100), most=2100).wrong > 0.5


@pytest.mark.parametrize("cell", [LSTMCell, GRUCell])
def test_chrono_biases_make_memories_of_all_lengths(cell):
    layer = Recurrent(cell(200))
    layer.build((None, 50, 1))
    noise = 0.1 * np.random.default_rng(0).normal(size=(2, 50, 1))
    short = memory_half_life(layer, noise)["half_life"].median()
    chrono_init(layer.cell, 100)
    long = memory_half_life(layer, noise)["half_life"]
    assert short < 4 < 20 < long.median() < 70
    assert long.quantile(0.95) > 50 > 10 > long.quantile(0.05)


def test_chrono_biases_need_a_built_cell_that_says_what_keeps():
    with pytest.raises(ValueError, match="RNNCell names no gate in `retain_gates` or `input_gates`"):
        chrono_init(RNNCell(2), 10)
    with pytest.raises(ValueError, match="expected a built cell with a bias"):
        chrono_init(LSTMCell(2), 10)
    built = LSTMCell(2)
    built.build((None, 1))
    with pytest.raises(ValueError, match="longest must be at least 3. Received: 2"):
        chrono_init(built, 2)


def test_seasons_have_the_variance_and_the_year_that_they_are_said_to_have():
    for season in (wave, event):
        values = season(10 * YEAR)
        assert abs(values.mean()) < 1e-9
        np.testing.assert_allclose(values[:YEAR], values[YEAR : 2 * YEAR], atol=1e-9)
    assert abs(wave(YEAR).var() - 0.5) < 1e-9


@given(seed=st.integers(0, 1000))
def test_bounded_prices_stay_within_and_move_as_a_random_walk(seed):
    prices = bounded_prices(2000, 100, 200, 0.02, seed)
    assert prices.min() >= 100
    assert prices.max() <= 200
    assert abs(np.diff(np.log(prices)).std() / 0.02 - 1) < 0.1


def test_the_simulated_variance_is_the_mean_of_its_memory_alone():
    closes, variances = level_arch(300, 40, 0.9, seed=3)
    returns = np.diff(np.log(closes)) * 100
    want = 0.1 + 0.9 * np.mean(returns[-40:] ** 2)
    assert variances[-1] * 1e4 == pytest.approx(want)


@given(
    length=st.integers(1000, 4000),
    folds=st.integers(1, 4),
    history=st.integers(2, 200),
    ahead=st.integers(1, 9),
)
def test_folds_learn_from_before_what_stops_them_and_are_scored_on_what_comes_after(
    length, folds, history, ahead
):
    scored = []
    for fold in range(folds):
        split = cut(length, fold, folds, context_length=history, horizon=ahead)
        train, stop, score = (
            next(iter(part(np.arange(1.0, length + 1)).values()))
            for part in (split.train, split.validation, split.test)
        )
        assert train[-1] + ahead <= stop[0]
        assert stop[-1] + ahead <= score[0]
        assert train[0] == history - 1
        assert score[-1] + ahead <= length - 1
        scored.append(score)
    assert len(np.unique(np.concatenate(scored))) == sum(map(len, scored))


def test_as_many_weights_is_the_nearest_there_is():
    sizes = {units: parameters("gru", units) for units in range(1, 21)}
    for weights in (5, 100, 1152):
        off = abs(sizes[as_many("gru", weights)] - weights)
        assert off == min(abs(size - weights) for size in sizes.values())


def test_a_lag_that_a_shorter_one_defeats_is_not_tried():
    small = study("adding")(cells=("rnn",), lengths=(22, 30, 40), units=2, most=2100, easier=False)
    assert list(run(small)["T"]) == [22]
    assert "T = 22 is not solved in 2,100" in small.verdict(run(small))


def test_the_page_of_claims_says_what_the_rows_beside_it_say():
    from research.claims import DOCS, page

    assert (DOCS / "claims.md").read_text() == page()
