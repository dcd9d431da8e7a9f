"""A project: what is written survives a kill at any byte, and nobody else's results are ever shown."""

import keras_tuner
import numpy as np
import pytest
from keras_tuner.engine.trial import Trial
from samples import random_walk

from seqmem.data.folds import ExpandingWindow, RollingWindow
from tuning import (
    ForecastHyperModel,
    Observer,
    PathTask,
    ProjectError,
    SearchFailed,
    SearchSpace,
    rerun,
    search,
)
from tuning.journal.log import Log, read
from tuning.journal.oracle import MOST_DEATHS, Ledger
from tuning.journal.project import Project, outcomes
from tuning.journal.proposals import propose_well
from tuning.stopping import StopClearlyWorst
from tuning.trials import opened

PRICES = random_walk(400)
SPACE = SearchSpace(cells=("rnn",), units=(2, 4), lookbacks=(10, 20), learning_rates=(1e-3,), dropouts=(0.0,))
EVENTS = [{"event": "begun", "n": 0}, {"event": "ended", "loss": 0.1 + 0.2}, {"event": "é\n", "loss": None}]


def _written(path):
    with Log(path) as log:
        for event in EVENTS:
            log.append(event)
    return path.read_bytes()


def test_a_log_cut_at_any_byte_has_the_events_before_and_can_go_on(tmp_path):
    whole = _written(tmp_path / "a.log")
    ends = [index for index, byte in enumerate(whole, 1) if byte == 10]
    for cut in range(len(whole) + 1):
        path = tmp_path / "b.log"
        path.write_bytes(whole[:cut])
        before = EVENTS[: sum(end <= cut for end in ends)]
        with Log(path) as log:
            assert list(log) == before
            log.append({"event": "more"})
        assert read(path) == [*before, {"event": "more"}]


def test_a_changed_byte_anywhere_is_an_error_with_its_line(tmp_path):
    whole = _written(tmp_path / "a.log")
    for place in range(whole.rfind(b"\n")):
        if whole[place] == 10:
            continue
        path = tmp_path / "b.log"
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        line = whole[:place].count(b"\n") + 1
        with pytest.raises(ProjectError, match=rf"line ({line}|{line + 1}) is damaged.*--fresh starts over"):
            read(path)


class Stop(Observer):
    def trial_began(self, trial, choice):
        raise KeyboardInterrupt


def _hypermodel(prices=PRICES, space=SPACE, **options):
    return ForecastHyperModel(space, prices, **{"horizon": 2, "epochs": 1, **options})


CHANGED = PRICES.copy()
CHANGED.iloc[7] *= 1.0001


@pytest.mark.parametrize(
    ("hypermodel", "options", "words"),
    [
        (lambda: _hypermodel(CHANGED), {}, "data: sha256 was .*, now "),
        (lambda: _hypermodel(PRICES[:-1]), {}, "data: rows was 400, now 399"),
        (lambda: _hypermodel(task=PathTask(3)), {}, "task: horizon was 2, now 3"),
        (
            lambda: _hypermodel(walk=RollingWindow(2)),
            {},
            r"folds was ExpandingWindow\(count=1\).*, now RollingWindow\(count=2\)",
        ),
        (lambda: _hypermodel(seeds=2), {}, "seeds was 1, now 2"),
        (lambda: _hypermodel(epochs=2), {}, "training: epochs was 1, now 2"),
        (
            lambda: _hypermodel(space=SearchSpace(cells=("gru",), lookbacks=(10, 20))),
            {},
            r"space: cells was \['rnn'\], now \['gru'\]",
        ),
        (_hypermodel, {"seed": 1}, "seed was 0, now 1"),
        (_hypermodel, {"tuner": keras_tuner.GridSearch}, "tuner: name was RandomSearch, now GridSearch"),
        (_hypermodel, {"stopping": StopClearlyWorst(9)}, r"stopping was StopClearlyWorst\(least=3\), now"),
    ],
)
def test_a_project_of_something_else_is_refused_by_what_changed(hypermodel, options, words, tmp_path):
    def once(model, tuner=keras_tuner.RandomSearch, **more):
        with pytest.raises(KeyboardInterrupt):
            search(model, tuner, max_trials=1, directory=tmp_path, observer=Stop(), **more)

    once(_hypermodel())
    once(_hypermodel())  # the same, made anew, goes on
    with pytest.raises(ProjectError, match=words):
        once(hypermodel(), **options)
    once(hypermodel(), fresh=True, **options)


def test_another_version_is_named(tmp_path, monkeypatch):
    def once():
        with pytest.raises(KeyboardInterrupt):
            search(_hypermodel(), keras_tuner.RandomSearch, directory=tmp_path, observer=Stop())

    once()
    monkeypatch.setattr("tuning.journal.fingerprint.version", lambda package: "0.0")
    with pytest.raises(ProjectError, match=r"versions: keras was 3.*, now 0\.0"):
        once()


def test_two_searches_in_one_folder_are_one_too_many(tmp_path):
    with Project(tmp_path).ours(), pytest.raises(ProjectError, match="another search is at work in it"):
        search(_hypermodel(), directory=tmp_path)


def test_zero_is_a_seed_a_trial_alone_scores_what_it_did_and_more_trials_go_on(tmp_path):
    how = {"seed": 0, "directory": tmp_path}
    hypermodel = _hypermodel(seeds=2)
    first = search(hypermodel, keras_tuner.RandomSearch, max_trials=1, **how)
    assert first.table["of_default"].tolist() == [1.0]
    assert first.table.loc[0, ["units", "lookback"]].tolist() == [4, 20]  # nearest to 32 and 60
    second = search(hypermodel, keras_tuner.RandomSearch, max_trials=2, **how)
    assert (second.kept, len(second.table), len(second.fits)) == (1, 2, 4)
    again = rerun(tmp_path, 1, hypermodel, keras_tuner.RandomSearch)
    before = next(outcome for outcome in second.outcomes if int(outcome["trial"]) == 1)
    assert [fit["losses"] for fit in again["fits"]] == [fit["losses"] for fit in before["fits"]]
    with pytest.raises(ValueError, match=r"expected a trial of \[0, 1\]. Received: 5"):
        rerun(tmp_path, 5, hypermodel)


def test_too_many_failures_in_a_row_stop_the_search_and_the_next_run_goes_on(tmp_path, monkeypatch):
    working = ForecastHyperModel.fit

    def broken(*anything, **options):
        raise MemoryError("no room")

    how = {"max_trials": 4, "directory": tmp_path, "most_failures": 2}
    hypermodel = _hypermodel()
    monkeypatch.setattr(ForecastHyperModel, "fit", broken)
    with pytest.raises(
        SearchFailed, match="2 trials in a row gave no score. The first: MemoryError: no room"
    ):
        search(hypermodel, keras_tuner.RandomSearch, **how)
    monkeypatch.setattr(ForecastHyperModel, "fit", working)
    result = search(hypermodel, keras_tuner.RandomSearch, **how)
    assert result.table["status"].tolist() == ["completed", "completed", "failed", "failed"]


def test_a_trial_worse_than_all_after_its_first_fold_stops_and_is_no_winner(tmp_path):
    class Always(StopClearlyWorst):
        def hopeless(self, fits, others):
            return "because" if others else ""

    result = search(
        _hypermodel(walk=ExpandingWindow(2)), keras_tuner.RandomSearch, max_trials=2, stopping=Always()
    )
    stopped = result.table.iloc[1]
    assert (stopped["status"], stopped["cause"]) == ("stopped", "because")
    assert np.isnan(stopped["loss"])
    assert result.fits["trial"].tolist() == [result.table["trial"][0]] * 2 + [stopped["trial"]]


def _fits(*losses, naive=1.0):
    return [{"fold": 0, "seed": seed, "loss": loss, "naive": naive} for seed, loss in enumerate(losses)]


@pytest.mark.parametrize(
    ("mine", "theirs", "stops"),
    [(1.6, (0.9, 1.1, 1.2), True), (1.4, (0.9, 1.1, 1.2), False), (0.99, (0.8, 0.85, 0.86), False)],
)
def test_worst_of_all_needs_to_be_worse_than_no_change_and_far_behind_everyone(mine, theirs, stops):
    others = [{"status": "completed", "fits": _fits(loss)} for loss in theirs]
    assert bool(StopClearlyWorst().hopeless(_fits(mine), others)) == stops
    assert not StopClearlyWorst(least=4).hopeless(_fits(mine), others)
    assert not StopClearlyWorst().hopeless(
        [*_fits(mine), {"fold": 1, "seed": 0, "loss": 9, "naive": 1}], others
    )


class Chief:
    """A ledger and its oracle over a log; trials take no time."""

    def __init__(self, path):
        self.oracle = keras_tuner.oracles.RandomSearchOracle(
            keras_tuner.Objective("val_loss", "min"), max_trials=9, seed=3
        )
        space = keras_tuner.HyperParameters()
        SPACE.declare(space)
        self.oracle.update_space(space)
        self.oracle._set_project_dir(str(path.parent), "weights")
        propose_well(self.oracle, SPACE.nearest())
        self.log = Log(path)
        self.ledger = Ledger(self.oracle, self.log, self.outcome, SPACE.declare, 5)

    def outcome(self, trial):
        return opened(trial, {}) | {"status": "completed", "score": 0.1 + int(trial)}

    def end(self, trial):
        self.ledger.end_trial(Trial(trial.hyperparameters, trial.trial_id, "COMPLETED"))

    def killed(self):
        self.log.close()
        return Chief(self.log.path)


def test_a_chief_killed_at_any_time_stands_where_it_stood(tmp_path):
    chief = Chief(tmp_path / "search.log")
    a, b = (chief.ledger.create_trial(worker) for worker in "ab")
    chief = chief.killed()
    chief.end(b)  # its worker never noticed
    chief.end(b)  # and says it again
    chief = chief.killed()
    chief.ledger.lost("a")
    chief = chief.killed()
    handed_on = chief.ledger.create_trial("c")
    assert handed_on.trial_id == a.trial_id
    assert handed_on.hyperparameters.values == a.hyperparameters.values
    chief.end(a)  # the lost worker was only slow
    chief.end(handed_on)
    assert [outcome["trial"] for outcome in outcomes(read(chief.log.path))] == [b.trial_id, a.trial_id]
    assert chief.killed().oracle.get_best_trials(1)[0].score == pytest.approx(0.1, abs=1e-15)


def test_a_trial_in_which_process_after_process_dies_is_a_failed_one(tmp_path):
    chief = Chief(tmp_path / "search.log")
    first = chief.ledger.create_trial("a")
    for _ in range(MOST_DEATHS - 1):
        chief = chief.killed()
        assert chief.ledger.create_trial("a").trial_id == first.trial_id
    assert chief.killed().ledger.create_trial("a").trial_id != first.trial_id
    (outcome,) = outcomes(read(chief.log.path))
    assert (outcome["status"], outcome["cause"]) == (
        "failed",
        f"{MOST_DEATHS} processes died in it: out of memory, perhaps",
    )


def test_who_is_interrupted_has_not_died(tmp_path):
    chief = Chief(tmp_path / "search.log")
    first = chief.ledger.create_trial("a")
    for _ in range(2 * MOST_DEATHS):
        chief.ledger.interrupted("a")
        chief = chief.killed()
        assert chief.ledger.create_trial("a").trial_id == first.trial_id


def test_a_result_that_cannot_be_read_is_a_failed_trial(tmp_path):
    project = Project(tmp_path)
    project.hand_in({"trial": "03", "status": "completed"})
    (result,) = (tmp_path / "results").iterdir()
    result.write_text(result.read_text()[:-5])
    with pytest.raises(ProjectError, match="expected what trial 03 did"):
        project.handed_in("03")
    chief = Chief(tmp_path / "search.log")
    chief.ledger._outcome = project.handed_in
    chief.end(chief.ledger.create_trial("a"))
    (outcome,) = outcomes(read(chief.log.path))
    assert outcome["status"] == "failed"
    assert "expected what trial 0 did" in outcome["cause"]
