"""The clients of `benchmarks.load` and `benchmarks.soak`: good ones, and others."""

import contextlib
import itertools
import json
import socket
import threading
import time
from collections import Counter
from typing import NamedTuple

import numpy as np
import urllib3

Stop = threading.Event
JSON = {"content-type": "application/json"}
HEAD = b"POST /v1/models/load:predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


class Expected(NamedTuple):
    """Windows, and what the model says of each."""

    closes: np.ndarray  # [N, T]
    forecasts: np.ndarray  # [N, H]


class Tally:
    """What came back."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.statuses: dict[str, Counter[str]] = {}
        self.seconds: dict[str, list[float]] = {}
        self.rows, self.wrong, self.worst = 0, 0, 0.0

    def add(self, kind: str, status: object, seconds: float) -> None:
        """One answer."""
        with self.lock:
            self.statuses.setdefault(kind, Counter())[str(status)] += 1
            self.seconds.setdefault(kind, []).append(seconds)

    def compare(self, found: np.ndarray, expected: np.ndarray) -> None:
        """The numbers of one answer."""
        error = float(np.abs(found / expected - 1).max())
        with self.lock:
            self.rows += len(found)
            self.worst = max(self.worst, error)
            self.wrong += error > 1e-6


def single(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int) -> None:
    """Good requests of one row."""
    _ask(url, expected, tally, stop, seed, "batch 1", 1)


def batch(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int) -> None:
    """Good requests of 64 rows."""
    _ask(url, expected, tally, stop, seed, "batch 64", 64)


def _ask(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int, kind: str, rows: int) -> None:
    draw = np.random.default_rng(seed)
    bodies = []  # made before: the driver must not be what is measured
    for _ in range(50):
        at = draw.integers(0, len(expected.closes), rows)
        bodies.append((at, json.dumps({"instances": expected.closes[at].astype(float).tolist()})))
    with urllib3.PoolManager(timeout=30, retries=False) as pool:
        while not stop.is_set():
            at, body = bodies[draw.integers(len(bodies))]
            began = time.perf_counter()
            try:
                answer = pool.request("POST", f"{url}/v1/models/load:predict", body=body, headers=JSON)
            except urllib3.exceptions.HTTPError as error:
                tally.add(kind, type(error).__name__, time.perf_counter() - began)
                stop.wait(0.05)
                continue
            tally.add(kind, answer.status, time.perf_counter() - began)
            if answer.status == 200:
                tally.compare(np.array(answer.json()["predictions"]), expected.forecasts[at])


def malformed(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int) -> None:
    """Requests with bytes changed, cut short, nested deep, or at random."""
    draw = np.random.default_rng(seed)
    good = json.dumps({"instances": expected.closes[:4].astype(float).tolist()}).encode()
    with urllib3.PoolManager(timeout=30, retries=False) as pool:
        while not stop.is_set():
            body = bytearray(good)
            for place in draw.integers(0, len(body), 3):
                body[place] = draw.integers(256)
            deep = b'{"instances": ' + b"[" * int(draw.integers(1, 100_000))
            short = json.dumps({"instances": [[1.0] * int(draw.integers(5))]}).encode()
            chosen = [bytes(body[: draw.integers(len(body))]), deep, short, draw.bytes(100)][draw.integers(4)]
            began = time.perf_counter()
            try:
                answer = pool.request("POST", f"{url}/v1/models/load:predict", body=chosen, headers=JSON)
                tally.add("malformed", answer.status, time.perf_counter() - began)
            except urllib3.exceptions.HTTPError as error:
                tally.add("malformed", type(error).__name__, time.perf_counter() - began)
            time.sleep(0.005)


def oversize(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int) -> None:
    """Bodies three times as long as allowed, in chunks: their length is not told."""
    body = b" " * 3_000_000
    while not stop.is_set():
        began = time.perf_counter()
        parts = (body[at : at + 65536] for at in range(0, len(body), 65536))
        with urllib3.PoolManager(timeout=30, retries=False) as pool:
            try:
                answer = pool.request("POST", f"{url}/v1/models/load:predict", body=parts, headers=JSON)
                status: object = answer.status
            except urllib3.exceptions.HTTPError as error:  # it was closed while we wrote: as it should be
                status = type(error).__name__
        tally.add("oversize", status, time.perf_counter() - began)
        time.sleep(0.02)


def slow(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int) -> None:
    """A byte now and then, of a head or of a body, until the server has had enough."""
    host, port = url.removeprefix("http://").split(":")
    head = HEAD + b"content-length: 10000\r\n"
    while not stop.is_set():
        began, answer = time.perf_counter(), b""
        try:
            connection = socket.create_connection((host, int(port)), timeout=0.05)
        except OSError:  # it is being started anew
            stop.wait(0.2)
            continue
        with connection:
            try:
                connection.sendall(head + (b"\r\n" if seed % 2 else b""))
                while not stop.is_set():
                    connection.sendall(b"x")
                    try:
                        answer = connection.recv(4096)
                        break
                    except TimeoutError:
                        continue
            except OSError:
                answer = b""
        if not stop.is_set():
            words = answer.split(b" ")[1].decode() if answer else "closed"
            tally.add("slow", words, time.perf_counter() - began)


def heavy(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int) -> None:
    """The gates of many windows: as large an answer as there may be, and ten times as large."""
    with urllib3.PoolManager(timeout=60, retries=False) as pool:
        for rows in itertools.cycle((200, 1000)):
            began = time.perf_counter()
            try:
                answer = pool.request(
                    "POST", f"{url}/v1/models/load:predict", body=_explain(expected, rows), headers=JSON
                )
                tally.add(f"explain {rows}", answer.status, time.perf_counter() - began)
            except urllib3.exceptions.HTTPError as error:
                tally.add(f"explain {rows}", type(error).__name__, time.perf_counter() - began)
            if stop.wait(0.2):
                return


def leaving(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int) -> None:
    """Ask for much, and go before the answer."""
    body = _explain(expected, 200)
    while not stop.wait(0.3):
        with contextlib.suppress(OSError), _connected(url) as connection:
            connection.sendall(HEAD + f"content-length: {len(body)}\r\n\r\n".encode() + body)
            tally.add("leaving", "left", 0.0)


def unread(url: str, expected: Expected, tally: Tally, stop: Stop, seed: int) -> None:
    """Ask for much, and read none of it until the server has had enough."""
    body = _explain(expected, 200)
    while not stop.wait(0.1):
        began = time.perf_counter()
        with contextlib.suppress(OSError), _connected(url) as connection:
            connection.sendall(HEAD + f"content-length: {len(body)}\r\n\r\n".encode() + body)
            stop.wait(6)
            size = 0
            with contextlib.suppress(OSError):
                connection.settimeout(1)
                while piece := connection.recv(2**20):
                    size += len(piece)
            tally.add("unread", "whole" if size > 8_000_000 else "cut off", time.perf_counter() - began)


def _explain(expected: Expected, rows: int) -> bytes:
    windows = np.resize(expected.closes, (rows, expected.closes.shape[1])).astype(float)
    return json.dumps({"signature_name": "explain", "instances": windows.tolist()}).encode()


def _connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(10)
    connection.connect((host, int(port)))
    return connection
