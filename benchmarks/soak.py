"""`seqmem serve` for ten minutes under everything at once: ``python -m benchmarks.soak [--seconds 600]``.

Good clients and seven kinds that are not, new versions, half copied ones, damaged ones and rollbacks; and
the server is ended again and again, by SIGTERM and SIGKILL in turn, and started anew on the same port. On
loopback, beside the server, so that times are upper bounds. Exit status 1 on a wrong number, an answer that
is the server's fault, a status that did not come, a stop after the grace, or a process that died.
"""

import argparse
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import urllib3

from benchmarks.load import ask_here, make, resident
from benchmarks.load_clients import (
    Expected,
    Stop,
    Tally,
    batch,
    heavy,
    leaving,
    malformed,
    oversize,
    single,
    slow,
    unread,
)

GRACE, EVERY = 5, 60  # seconds: of the server, between its ends
OPTIONS = f"--poll 0.2 --request-timeout 2 --grace {GRACE} --max-request-bytes 2000000".split()
KINDS = [single, batch, malformed, oversize, heavy, leaving, unread, *[slow] * 8]


def main() -> int:
    """All of it; 0 if nothing was wrong."""
    parse = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parse.add_argument("--seconds", type=float, default=600, help="in all (600)")
    options = parse.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary) / "models"
        make(root)
        expected = ask_here(root / "load" / "1")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        soak = Soak(root, port, options.seconds)
        return soak.run(expected)


class Soak:
    """A server that is ended and started anew, its clients, and what came of it."""

    def __init__(self, root: Path, port: int, seconds: float) -> None:
        self.root, self.port, self.seconds = root, port, seconds
        self.url = f"http://127.0.0.1:{port}"
        self.tally, self.stop, self.up = Tally(), Stop(), threading.Event()
        self.process: subprocess.Popen[str] | None = None
        self.memory: list[float] = []
        self.ends: list[tuple[str, float, int]] = []  # signal, seconds, exit status
        self.status: list[float] = []
        self.died = 0

    def run(self, expected: Expected) -> int:
        """Begin, wait, end; print the figures."""
        self._start()
        threads = [
            threading.Thread(target=kind, args=(self.url, expected, self.tally, self.stop, seed))
            for seed, kind in enumerate(KINDS)
        ]
        threads += [threading.Thread(target=each) for each in (self._swap, self._ask_status)]
        for thread in threads:
            thread.start()
        end, turns = time.monotonic() + self.seconds, itertools.cycle((signal.SIGTERM, signal.SIGKILL))
        while (left := end - time.monotonic()) > 0:
            self._watch(min(left, EVERY))
            self._end(next(turns))
            self._start()
        self.stop.set()
        for thread in threads:
            thread.join()
        self._end(signal.SIGTERM)
        return self._report()

    def _start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "seqmem",
            "serve",
            str(self.root),
            "--port",
            str(self.port),
            *OPTIONS,
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout
        assert "serving load" in self.process.stdout.readline()
        self.up.set()

    def _watch(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process
            if self.process.poll() is not None:
                self.died += 1
                return
            self.memory.append(resident(self.process.pid))
            time.sleep(0.2)

    def _end(self, by: signal.Signals) -> None:
        assert self.process
        self.up.clear()
        began = time.monotonic()
        self.process.send_signal(by)
        code = self.process.wait(GRACE + 30)
        self.ends.append((by.name, time.monotonic() - began, code))

    def _ask_status(self) -> None:
        """Status and metrics, all the while; only what was asked and answered by one server counts."""
        while not self.stop.is_set():
            self.up.wait(1)
            with urllib3.PoolManager(timeout=30, retries=False) as pool:
                for path in itertools.cycle(("/v1/models/load", "/metrics")):
                    began, process = time.perf_counter(), self.process
                    try:
                        answer = pool.request("GET", self.url + path)
                    except urllib3.exceptions.HTTPError as error:
                        if self.up.is_set() and process is self.process:
                            self.tally.add("status", type(error).__name__, time.perf_counter() - began)
                        break
                    if self.up.is_set() and process is self.process:
                        self.tally.add("status", answer.status, time.perf_counter() - began)
                    if self.stop.wait(0.05):
                        return

    def _swap(self) -> None:
        """New versions, by rename and by a slow copy; damaged ones and pipes; old ones are taken away."""
        home, number = self.root / "load", 1
        while not self.stop.wait(2):
            number += 1
            target, kind = home / str(number), number % 5
            if kind == 1:  # copied, its weights last
                target.mkdir()
                shutil.copy2(home / "1" / "saved_model.pb", target)
                self.stop.wait(1)
                shutil.copytree(home / "1", target, dirs_exist_ok=True)
            elif kind == 2:
                target.mkdir()
                os.mkfifo(target / "saved_model.pb")
            else:
                draft = home / ".draft"
                shutil.copytree(home / "1", draft)
                if kind == 3:
                    (draft / "variables" / "variables.index").write_bytes(b"garbage")
                draft.rename(target)
            if number > 7:  # the first one is what is copied
                shutil.rmtree(home / str(number - 6), ignore_errors=True)

    def _report(self) -> int:
        tally, memory = self.tally, np.array(self.memory)
        tenth = max(1, len(memory) // 10)
        print(f"{self.seconds:.0f} s: {tally.rows} rows compared, {tally.wrong} wrong")
        print(
            f"memory of the server: {memory[:tenth].mean():.0f} MB in the first tenth, "
            f"{memory[-tenth:].mean():.0f} in the last, {memory.max():.0f} at most"
        )
        for kind, statuses in sorted(tally.statuses.items()):
            ms = np.array(tally.seconds[kind]) * 1e3
            p50, p99 = np.percentile(ms, [50, 99])
            times = f"p50 {p50:.0f} ms, p99 {p99:.0f}, most {ms.max():.0f}"
            print(f"  {kind:12} {len(ms):7}; {times}; {dict(statuses)}")
        for name in ("SIGTERM", "SIGKILL"):
            took = [seconds for by, seconds, _ in self.ends if by == name]
            print(f"  {name}: {len(took)} times, gone after {max(took, default=0):.1f} s at most")
        faults = {
            "wrong numbers": tally.wrong,
            "answers of 5xx": sum(
                count
                for statuses in tally.statuses.values()
                for status, count in statuses.items()
                if status.startswith("5") and status != "503"
            ),
            "ends after the grace": sum(by == "SIGTERM" and took > GRACE + 1 for by, took, _ in self.ends),
            "exit statuses": sum(by == "SIGTERM" and code != 0 for by, _, code in self.ends),
            "status not told": sum(tally.statuses["status"].values()) - tally.statuses["status"]["200"],
            "deaths": self.died,
        }
        print(json.dumps(faults))
        return int(any(faults.values()))


if __name__ == "__main__":
    sys.exit(main())
