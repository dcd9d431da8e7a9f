"""A project: its journal survives a kill at any byte, and no other search's results are ever shown."""

import functools
import sys
import tempfile
from pathlib import Path

import hypothesis
import keras_tuner
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_tuner.engine.trial import Trial
from quick_search import PRICES, TINY, Quick, quick

from seqmem.data.splits import ExpandingWindow, RollingWindow
from tuning import (
    Observer,
    PathTask,
    ProjectError,
    SearchFailed,
    SearchSpace,
    rerun,
    search,
)
from tuning.journal import attempts
from tuning.journal.attempts import MAX_CRASHES, MAX_UNEXPLAINED, is_hopeless
from tuning.journal.events import Journal, read
from tuning.journal.history import check_events
from tuning.journal.oracle import ReplayableOracle
from tuning.journal.project import Project, outcomes, read_project
from tuning.journal.user_code import require_trusted, source_of
from tuning.stopping import StopClearlyWorst
from tuning.trials import fit_row, fit_table, new_outcome, trial_table
from tuning.tuner_setup import with_default_first

EVENTS = [{"event": "started", "n": 0}, {"event": "ended", "loss": 0.1 + 0.2}, {"event": "é\n", "loss": None}]


def _written(path):
    with Journal(path) as log:
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
        with Journal(path) as log:
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


CHANGED = PRICES.copy()
CHANGED.iloc[7] *= 1.0001


@pytest.mark.parametrize(
    ("hypermodel", "options", "words"),
    [
        (lambda: quick(data=CHANGED), {}, "data: sha256 was .*, now "),
        (lambda: quick(data=PRICES[:-1]), {}, "data: rows was 400, now 399"),
        (lambda: quick(task=PathTask(3)), {}, r"task: horizons was \[1, 2\], now \[1, 2, 3\]"),
        (
            lambda: quick(folds=RollingWindow(2)),
            {},
            r"folds was ExpandingWindow\(count=1\).*, now RollingWindow\(count=2\)",
        ),
        (lambda: quick(seeds=2), {}, "seeds was 1, now 2"),
        (lambda: quick(epochs=2), {}, "recipe: epochs was 1, now 2"),
        (
            lambda: quick(SearchSpace(cells=("gru",), lookbacks=(10, 20))),
            {},
            r"space: cells was \['rnn'\], now \['gru'\]",
        ),
        (quick, {"seed": 1}, "seed was 0, now 1"),
        (quick, {"tuner": keras_tuner.GridSearch}, "tuner: name was RandomSearch, now GridSearch"),
        (quick, {"stopping": StopClearlyWorst(9)}, r"stopping was StopClearlyWorst\(least=3\), now"),
    ],
)
def test_a_project_of_something_else_is_refused_by_what_changed(hypermodel, options, words, tmp_path):
    def once(model, tuner=keras_tuner.RandomSearch, **more):
        with pytest.raises(KeyboardInterrupt):
            search(model, tuner, max_trials=1, directory=tmp_path, observer=Stop(), **more)

    once(quick())
    once(quick())  # the same, made anew, goes on
    with pytest.raises(ProjectError, match=words):
        once(hypermodel(), **options)
    once(hypermodel(), fresh=True, **options)


def test_another_version_is_named(tmp_path, monkeypatch):
    def once():
        with pytest.raises(KeyboardInterrupt):
            search(quick(), keras_tuner.RandomSearch, directory=tmp_path, observer=Stop())

    once()
    monkeypatch.setattr("tuning.journal.fingerprint.version", lambda package: "0.0")
    with pytest.raises(ProjectError, match=r"versions: keras was 3.*, now 0\.0"):
        once()


def test_two_searches_in_one_folder_are_one_too_many(tmp_path):
    with Project(tmp_path).locked(), pytest.raises(ProjectError, match="another search is at work in it"):
        search(quick(), directory=tmp_path)


def test_zero_is_a_seed_a_trial_alone_scores_what_it_did_and_more_trials_go_on(tmp_path):
    how = {"seed": 0, "directory": tmp_path}
    hypermodel = quick(seeds=2)
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
    working = Quick.train

    def broken(*anything, **options):
        raise MemoryError("no room")

    how = {"max_trials": 4, "directory": tmp_path, "most_failures": 2}
    hypermodel = quick()
    monkeypatch.setattr(Quick, "train", broken)
    with pytest.raises(
        SearchFailed, match="2 trials in a row gave no score. The first: MemoryError: no room"
    ):
        search(hypermodel, keras_tuner.RandomSearch, **how)
    monkeypatch.setattr(Quick, "train", working)
    result = search(hypermodel, keras_tuner.RandomSearch, **how)
    assert result.table["status"].tolist() == ["completed", "completed", "failed", "failed"]


def test_a_trial_worse_than_all_after_its_first_fold_stops_and_is_no_winner(tmp_path):
    class Always(StopClearlyWorst):
        def reason_to_stop(self, fits, others):
            return "because" if others else ""

    result = search(
        quick(folds=ExpandingWindow(2)), keras_tuner.RandomSearch, max_trials=2, stopping=Always()
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
    assert bool(StopClearlyWorst().reason_to_stop(_fits(mine), others)) == stops
    assert not StopClearlyWorst(least=4).reason_to_stop(_fits(mine), others)
    assert not StopClearlyWorst().reason_to_stop(
        [*_fits(mine), {"fold": 1, "seed": 0, "loss": 9, "naive": 1}], others
    )


class Chief:
    """An oracle and its journal; trials take no time."""

    def __init__(self, folder):
        self.project = Project(folder)
        self.oracle = keras_tuner.oracles.RandomSearchOracle(
            keras_tuner.Objective("val_loss", "min"), max_trials=9, seed=3
        )
        space = keras_tuner.HyperParameters()
        TINY.declare(space)
        self.oracle.update_space(space)
        self.oracle._set_project_dir(str(folder), "weights")
        with_default_first(self.oracle, TINY.nearest())
        self.journal = Journal(self.project.journal)
        if not self.journal.events:
            self.journal.append({"event": "started", "fingerprint": {}, "naive": [1.0], "command": None})
        check_events(self.journal.events, self.project.journal)
        self.journaled = ReplayableOracle(self.oracle, self.journal, self.project, TINY.declare, 5)

    def create(self, worker="a"):
        return self.journaled.create_trial(worker)

    def end(self, trial):
        fit = fit_row(fold=0, seed=0, weights=1, losses=[1.0], first_epoch=0, naive=1.0)
        outcome = new_outcome(trial.trial_id, {}) | {"status": "completed", "fits": [fit]}
        self.project.submit_result(outcome | {"score": 0.1 + int(trial.trial_id)})
        self.journaled.end_trial(Trial(trial.hyperparameters, trial.trial_id, "COMPLETED"))

    def killed(self):
        self.journal.close()
        return Chief(self.project.folder)

    @property
    def outcomes(self):
        return outcomes(read(self.project.journal))


def test_a_chief_killed_at_any_time_stands_where_it_stood(tmp_path):
    chief = Chief(tmp_path)
    a, b = (chief.create(worker) for worker in "ab")
    chief = chief.killed()
    chief.end(b)  # its worker never noticed
    chief.end(b)  # and says it again
    chief = chief.killed()
    chief.journaled.release("a")
    chief = chief.killed()
    handed_on = chief.create("c")
    assert handed_on.trial_id == a.trial_id
    assert handed_on.hyperparameters.values == a.hyperparameters.values
    chief.end(a)  # the lost worker was only slow
    chief.end(handed_on)
    assert [outcome["trial"] for outcome in chief.outcomes] == [b.trial_id, a.trial_id]
    assert chief.killed().oracle.get_best_trials(1)[0].score == pytest.approx(0.1, abs=1e-15)


def _out_of_memory(chief, trial, monkeypatch):
    before = attempts._oom_kills() or 0
    monkeypatch.setattr(attempts, "_oom_kills", lambda: before)
    chief.project.attempts.begin(trial)
    monkeypatch.setattr(attempts, "_oom_kills", lambda: before + 1)


def _fatal_error(chief, trial, monkeypatch):
    chief.project.attempts.begin(trial)
    (chief.project.folder / "results" / "0000.crash").write_text("Fatal Python error: Segmentation fault")


@pytest.mark.parametrize(
    ("die", "words"), [(_out_of_memory, "out of memory"), (_fatal_error, "a fatal error")]
)
def test_a_trial_that_kills_three_processes_is_a_failed_one(die, words, tmp_path, monkeypatch):
    chief = Chief(tmp_path)
    first = chief.create()
    for _ in range(MAX_CRASHES):
        assert chief.create().trial_id == first.trial_id  # killed from outside in between: that is no sign
        die(chief, first.trial_id, monkeypatch)
        chief = chief.killed()
    assert chief.create().trial_id != first.trial_id
    (outcome,) = chief.outcomes
    assert (outcome["status"], outcome["cause"]) == ("failed", f"{MAX_CRASHES} processes died in it: {words}")


DEATHS = st.builds(
    dict, epochs=st.integers(0, 2), cause=st.sampled_from(["", "interrupt", "memory", "crash"])
)


@given(st.lists(DEATHS, max_size=40))
def test_only_deaths_of_its_own_or_ten_in_one_epoch_fail_a_trial(deaths):
    own = [death for death in deaths if death["cause"] in ("memory", "crash")]
    last = {(death["epochs"], death["cause"]) for death in deaths[-MAX_UNEXPLAINED:]}
    stuck = len(deaths) >= MAX_UNEXPLAINED and len(last) == 1 and ("" in {cause for _, cause in last})
    assert is_hopeless(deaths) == (len(own) >= MAX_CRASHES or stuck)


@pytest.mark.parametrize("stop", ["killed", "interrupted"])
def test_a_search_that_is_stopped_again_and_again_keeps_its_trial(stop, tmp_path):
    chief = Chief(tmp_path)
    first = chief.create()
    for number in range(2 * MAX_UNEXPLAINED):
        chief.project.attempts.begin(first.trial_id)
        for _ in range(number % 3 if stop == "killed" else 1):
            chief.project.attempts.epoch_ended(first.trial_id)
        if stop == "interrupted":
            chief.journaled.interrupt("a")
        chief = chief.killed()
        assert chief.create().trial_id == first.trial_id
    assert len([event for event in chief.journal if event["event"] == "restarted"]) == 2 * MAX_UNEXPLAINED


def test_ten_kills_in_one_epoch_are_taken_for_the_trials_fault(tmp_path):
    chief = Chief(tmp_path)
    first = chief.create()
    for _ in range(MAX_UNEXPLAINED - 1):
        chief = chief.killed()
        assert chief.create().trial_id == first.trial_id
    assert chief.killed().create().trial_id != first.trial_id
    assert chief.outcomes[0]["cause"] == "10 processes in a row died in its epoch 1"


def test_a_result_that_cannot_be_read_is_a_failed_trial(tmp_path):
    chief = Chief(tmp_path)
    trial = chief.create()
    chief.project.submit_result({"trial": trial.trial_id, "status": "completed"})
    with pytest.raises(ProjectError, match="expected what trial 0 did"):
        chief.project.collect_result(trial.trial_id)
    chief.journaled.end_trial(Trial(trial.hyperparameters, trial.trial_id, "COMPLETED"))
    assert chief.outcomes[0]["status"] == "failed"
    assert "expected what trial 0 did" in chief.outcomes[0]["cause"]


@functools.cache
def _events():
    with tempfile.TemporaryDirectory() as folder:
        chief = Chief(folder)
        a = chief.create("a")
        chief.create("b")
        chief.journaled.release("b")
        chief.end(a)
        return chief.journal.events


def _write(folder, events):
    with Journal(folder / "search.log") as journal:
        for event in events:
            journal.append(event)
    return journal.path


def _mutated(draw, value):
    """A value with one part of it replaced, removed or doubled, wherever that is."""
    odd = st.one_of(st.none(), st.booleans(), st.integers(-3, 10**20), st.floats(), st.text(max_size=3))
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 3)) == 0:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: _mutated(draw, value[key])}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        changed = draw(st.sampled_from([[], [value[place]] * 2, [_mutated(draw, value[place])]]))
        return [*value[:place], *changed, *value[place + 1 :]]
    return draw(
        st.one_of(odd, st.lists(odd, max_size=2), st.dictionaries(st.text(max_size=3), odd, max_size=2))
    )


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_journal_with_right_checksums_and_wrong_content_is_refused_or_read(data):
    """Whatever its lines say: an error that names the file, or the table; never a traceback."""
    events = _mutated(data.draw, _events())
    hypothesis.assume(isinstance(events, list) and all(isinstance(event, dict) for event in events))
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder), events)
        try:
            _, done = read_project(Path(folder))
            trial_table(done, 1.0), fit_table(done)
            Chief(Path(folder))
        except ProjectError as error:
            message = str(error)
            assert message.startswith(str(path))
            assert len(message) < 500


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda lines: [*lines, lines[-1]], "line 6 is damaged.*event 4, and 5 stood here"),
        (lambda lines: [lines[0], *lines[2:]], "line 2 is damaged.*event 2, and 1 stood here"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "line 2 is damaged"),
    ],
)
def test_a_line_that_is_doubled_lost_or_moved_is_found(damage, words, tmp_path):
    path = _write(tmp_path, _events())
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 5
    path.write_bytes(b"".join(damage(lines)))
    with pytest.raises(ProjectError, match=words):
        read(path)


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    """A project whose journal names a cell that stands beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "evil_module.py").write_text("import pathlib\npathlib.Path('ran').touch()\nclass E: pass\n")
    _, now = source_of("evil_module:E")
    command = {"cells": ["evil_module:E"], "prices": "bundled:sp500", "task": "path"}
    header = {"fingerprint": {"code": {"evil_module:E": now}}, "command": command}
    yield header
    assert "evil_module" not in sys.modules
    assert not (tmp_path / "ran").exists()


def test_a_strangers_project_runs_nothing(stranger):
    with pytest.raises(ProjectError, match=r"evil_module:E \(.*evil_module.py\).*add --trust"):
        require_trusted(stranger, "project", trust=False)
    require_trusted(stranger, "project", trust=True)
    Path("evil_module.py").write_text("class E:\n    pass  # changed\n")
    with pytest.raises(ProjectError, match="evil_module:E is not as it was"):
        require_trusted(stranger, "project", trust=True)
    Path("evil_module.py").unlink()
    with pytest.raises(ProjectError, match="expected the module of 'evil_module:E'"):
        require_trusted(stranger, "project", trust=True)


def test_a_full_disk_ends_the_search_and_fails_no_trial(tmp_path, monkeypatch):
    def full(self, *anything, **options):
        raise OSError("Can't write data (errno = 28, error message = 'No space left on device')")

    monkeypatch.setattr(Quick, "train", full)
    with pytest.raises(OSError, match="no space left in"):
        search(quick(), keras_tuner.RandomSearch, max_trials=2, directory=tmp_path)
    assert outcomes(read(tmp_path / "search.log")) == []
