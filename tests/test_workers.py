"""Searches of several processes on loopback: done together, killed one by one, and none left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from samples import random_walk

from tuning.journal.events import read
from tuning.journal.project import outcomes

pytestmark = pytest.mark.slow


@pytest.fixture
def prices_file(tmp_path):
    random_walk(400).to_csv(tmp_path / "prices.csv")
    return tmp_path / "prices.csv"


class Processes:
    """Of one search; all are gone when the test is over."""

    def __init__(self, prices, folder, trials=4, epochs=2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.at = f"127.0.0.1:{free.getsockname()[1]}"
        self.folder, self.started = folder, []
        self.search = (
            f"--prices {prices} --directory {folder} --name test --cells rnn --units 2,4 --lookbacks 10,20 "
            f"--learning-rates 0.001,0.003 --horizon 2 --tuner random --max-trials {trials} "
            f"--epochs {epochs} --patience {epochs} --threads 1"
        ).split()

    def start(self, *words):
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tuning", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=Path(__file__).parents[1],
        )
        self.started.append(process)
        return process

    def chief(self, *more):
        return self.start("chief", *self.search, "--bind", self.at, "--lease", "8", "--wait", "120", *more)

    def worker(self, name):
        return self.start("worker", *self.search, "--chief", self.at, "--id", name, "--wait", "120")

    def at_work(self, name, seconds=120):
        """Wait until a worker is in an epoch."""
        path = self.folder / "workers" / f"{name}.json"
        return _until(lambda: path.exists() and "epoch" in _json(path), seconds)

    def events(self, kind):
        return [event for event in read(self.folder / "search.log") if event["event"] == kind]

    def ended(self):
        return sorted(int(o["trial"]) for o in outcomes(read(self.folder / "search.log")))


def _json(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def _until(true, seconds):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


@pytest.fixture
def processes(prices_file, tmp_path):
    made = []

    def make(**options):
        made.append(Processes(prices_file, tmp_path / "project", **options))
        return made[-1]

    yield make
    for one in made:
        for process in one.started:
            process.kill()
            process.communicate()


def test_a_chief_and_three_workers_finish_and_score_what_one_process_does(processes, tmp_path):
    many = processes(trials=6)
    chief, *workers = many.chief(), many.worker("a"), many.worker("b"), many.worker("c")
    assert [process.wait(120) for process in (chief, *workers)] == [0, 0, 0, 0]
    assert many.ended() == [0, 1, 2, 3, 4, 5]
    assert len({event["worker"] for event in many.events("created")}) == 3
    alone = [*many.search, "--directory", str(tmp_path / "alone"), "--out", str(tmp_path / "models")]
    assert many.start(*alone).wait(120) == 0
    tables = [pd.read_csv(folder / "trials.csv") for folder in (many.folder, tmp_path / "alone")]
    shown = [table[table["status"] == "completed"].set_index("trial")["loss"] for table in tables]
    both = shown[0].index.intersection(shown[1].index)  # which trials stop depends on what had ended by then
    assert len(both) >= 3
    pd.testing.assert_series_equal(shown[0][both], shown[1][both])


def test_a_killed_worker_that_comes_back_has_its_trial_again_and_a_late_one_helps(processes):
    few = processes(trials=3, epochs=150)
    chief, first = few.chief(), few.worker("a")
    few.at_work("a")
    first.kill()
    first.wait()
    again, late = few.worker("a"), few.worker("late")
    assert [process.wait(180) for process in (chief, again, late)] == [0, 0, 0]
    assert few.ended() == [0, 1, 2]
    assert [event["trial"] for event in few.events("restarted")] == ["0"]
    assert {event["worker"] for event in few.events("created")} == {"a", "late"}


def test_the_trial_of_a_worker_that_stays_away_goes_to_another_after_the_lease(processes):
    few = processes(trials=2, epochs=150)
    chief, gone = few.chief(), few.worker("gone")
    few.at_work("gone")
    gone.kill()
    gone.wait()
    other = few.worker("other")
    assert [process.wait(180) for process in (chief, other)] == [0, 0]
    assert few.ended() == [0, 1]
    assert [event["worker"] for event in few.events("released")] == ["gone"]


def test_a_killed_chief_goes_on_and_the_trial_in_flight_is_not_run_twice(processes):
    few = processes(trials=2, epochs=150)
    chief, worker = few.chief(), few.worker("a")
    few.at_work("a")
    chief.kill()
    chief.wait()
    time.sleep(2)
    chief = few.chief()
    assert [process.wait(180) for process in (chief, worker)] == [0, 0]
    assert few.ended() == [0, 1]
    assert few.events("restarted") == few.events("released") == []


def test_a_worker_of_another_search_is_refused_by_name(processes):
    few = processes(trials=1)
    few.chief()
    _until(lambda: (few.folder / "search.log").exists(), 60)
    stranger = few.start("worker", *few.search, "--chief", few.at, "--id", "x", "--seed", "9")
    said = stranger.communicate(timeout=60)[0].decode()
    assert stranger.returncode == 1
    assert "is another search: seed was 0, now 9" in said


def test_a_taken_port_is_an_error(processes):
    few = processes(trials=1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        few.at = f"127.0.0.1:{taken.getsockname()[1]}"
        chief = few.chief()
        said = chief.communicate(timeout=60)[0].decode()
    assert chief.returncode == 1
    assert f"cannot listen at {few.at}" in said


def _children(process):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split()]


def _command(pid):
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_text().split("\0") if path.exists() else []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_supervised_search_restarts_what_dies_and_leaves_no_process_behind(processes, tmp_path, how):
    some = processes(trials=3, epochs=150)
    words = [*some.search, "--workers", "2", "--out", str(tmp_path / "models")]
    parent = some.start(*words)
    some.at_work("worker0")
    children = _children(parent)
    assert len(children) == 3
    victim = next(pid for pid in children if "worker0" in _command(pid))
    os.kill(victim, signal.SIGKILL)
    _until(lambda: some.events("restarted"), 60)
    children = _children(parent)
    since = time.monotonic()
    parent.send_signal(how)
    parent.wait(30)
    _until(lambda: not any("tuning" in _command(pid) for pid in children), 15)
    assert time.monotonic() - since < 30
    assert parent.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    parent = some.start(*words)
    assert parent.wait(240) == 0
    assert some.ended() == [0, 1, 2]
    assert (tmp_path / "models/test/1/saved_model.pb").is_file()
