"""`seqmem serve` as a process: its limits, its metrics, its end."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import served_models as made
import urllib3

from seqmem import cli

BODY = json.dumps({"instances": [[1.0, 2, 3, 4]]}).encode()
JSON = "content-type: application/json"
LIMITS = ["--max-request-bytes", "2000", "--max-batch", "8", "--request-timeout", "1", "--concurrency", "3"]
LIMITS += ["--max-answer", "1500000", "--grace", "1"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    made.put(root, "rising", 1)
    with made.ours(root, *LIMITS, path=root / "rising") as running:
        yield running


@pytest.fixture
def ask(server):
    with urllib3.PoolManager(timeout=20, retries=False) as pool:

        def ask(path="/v1/models/rising:predict", body=BODY, **more):
            method = "GET" if body is None else "POST"
            return pool.request(method, server.url + path, body=body, **{"headers": made.JSON, **more})

        yield ask


@pytest.fixture
def raw(server):
    """Connections on which a test writes what it likes."""
    port, opened = int(server.url.rpartition(":")[2]), []

    def connect(data=b""):
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=20))
        opened[-1].sendall(data)
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def _head(length, *more):
    return "\r\n".join(
        [
            "POST /v1/models/rising:predict HTTP/1.1",
            "host: localhost",
            f"content-length: {length}",
            JSON,
            *more,
            "",
            "",
        ]
    ).encode()


def _all(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_long_body_is_refused_whether_its_length_is_told_or_not(ask, raw):
    answer = ask(body=b" " * 2001)
    assert answer.status == 413
    assert "longer than 2000 bytes" in answer.json()["error"]
    assert ask(body=(b" " * 500 for _ in range(5))).status == 413  # in chunks
    assert raw(_head(10**12)).recv(12) == b"HTTP/1.1 413"  # before any of it is read
    assert ask(body=BODY + b" " * (2000 - len(BODY))).status == 200


def test_large_batches_are_refused(ask):
    rows = json.dumps({"instances": [[1.0, 2, 3, 4]] * 9}).encode()
    answer = ask(body=rows)
    assert (answer.status, answer.json()["error"]) == (
        400,
        "9 rows: more than this server takes, 8 (--max-batch)",
    )
    assert ask(body=json.dumps({"instances": [[1.0, 2, 3, 4]] * 8}).encode()).status == 200


def test_slow_requests_are_ended(raw):
    slow_body = raw(_head(100) + b"{")
    slow_head, silent = raw(b"POST /v1/models/rising:pre"), raw()
    answer = _all(slow_body)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"did not arrive within 1 s" in answer
    assert _all(slow_head) == b"" == _all(silent)


def test_drops_of_a_head_do_not_hold_a_connection(raw):
    connection = raw(b"POST / HTTP/1.1\r\n")

    def drip():
        for _ in range(100):
            connection.sendall(b"x: y\r\n")
            time.sleep(0.05)

    with pytest.raises(OSError):  # noqa: PT011 - a reset or a broken pipe
        drip()


def test_a_connection_is_kept_between_requests(raw):
    connection = raw()
    for _ in range(3):  # the last one longer after the first than --request-timeout
        connection.sendall(_head(len(BODY)) + BODY)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, json.loads(answer.read())) == (200, {"predictions": [[8, 16, 24]]})
        time.sleep(0.6)


def _toil(turns):
    body = json.dumps({"signature_name": "toil", "instances": [turns]}).encode()
    return _head(len(body)) + body


def _running(ask):
    lines = dict(line.rsplit(" ", 1) for line in ask("/metrics", None).data.decode().splitlines())
    return float(lines["seqmem_requests_running"])


def test_more_at_once_than_it_bears_are_sent_away_and_work_of_the_gone_is_dropped(ask, raw):
    """Two are computed, one waits; the status is told all the while."""
    held = [raw(_toil(400)) for _ in range(3)]
    made.until(lambda: ask().status == 429)
    answer = ask()
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {"error": "too many requests at once"}
    assert ask("/v1/models/rising", None).status == 200
    assert _running(ask) == 3
    held[2].close()  # it has not begun
    made.until(lambda: _running(ask) <= 2)
    assert ask().status == 200
    for connection in held[:2]:
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert _running(ask) == 0


def test_a_slow_client_costs_a_connection_and_no_place(ask, raw):
    slow = [raw(_head(len(BODY)) + BODY[:-1]) for _ in range(10)]
    assert ask().status == 200
    for connection in slow:
        connection.sendall(BODY[-1:])
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_an_answer_that_would_be_too_large_is_refused(ask):
    def wide(rows):
        return json.dumps({"signature_name": "wide", "inputs": [1.0] * rows}).encode()

    answer = ask(body=wide(7))
    assert np.shape(answer.json()["outputs"]) == (7, made.WIDE)
    answer = ask(body=wide(8))
    assert answer.status == 400
    assert "8 rows would be answered with 1600000 numbers" in answer.json()["error"]


def test_a_client_that_does_not_read_is_cut_off(server):
    body = json.dumps({"signature_name": "wide", "inputs": [1.2345678] * 7}).encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
        connection.sendall(_head(len(body)) + body)
        time.sleep(2.5)  # --request-timeout is 1
        found = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                found += piece
    assert found.startswith(b"HTTP/1.1 200")
    assert len(found) < 10_000_000  # of 14 million


def test_only_its_own_names_are_answered(ask, raw):
    for host, status in (
        ("evil.example", 403),
        ("evil.example:8501", 403),
        ("10.0.0.1", 200),
        ("[::1]:1", 200),
    ):
        for path, body in (
            ("/v1/models/rising", None),
            ("/metrics", None),
            ("/v1/models/rising:predict", BODY),
        ):
            assert ask(path, body, headers={"host": host} | made.JSON).status == status
    assert "--allow-host" in ask(headers={"host": "evil.example"} | made.JSON).json()["error"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_what_a_page_may_send_anywhere_is_not_computed(kind, ask):
    answer = ask(headers={"content-type": kind})
    assert answer.status == 415
    assert "--lenient" in answer.json()["error"]
    assert ask(headers={"content-type": "Application/JSON; charset=utf-8"}).status == 200


@pytest.mark.slow
def test_the_grace_is_kept_whatever_runs(tmp_path):
    """A computation of minutes does not keep the process; nor does a second signal cut the grace short."""
    made.put(tmp_path, "rising", 1)
    with made.ours(tmp_path, "--grace", "1", "--threads", "1") as running, contextlib.ExitStack() as ends:
        port = int(running.url.rpartition(":")[2])
        for _ in range(3):
            connection = ends.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            connection.sendall(_toil(10**6))
        time.sleep(0.5)
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/", None, 404),
        ("/v1/models", None, 400),
        ("/v1/models/rising:classify", BODY, 501),
        ("/v1/models/rising:predict", None, 400),
        ("/v1/models/%2e%2e/versions/1:predict", BODY, 404),
        ("/v1/models/rising/versions/99999999999999999999:predict", BODY, 400),
        ("/v1/models/rising/labels/%00:predict", BODY, 400),
    ],
)
def test_other_paths_are_errors_in_json(path, body, status, ask):
    answer = ask(path, body)
    assert answer.status == status
    assert list(answer.json()) == ["error"]
    assert answer.headers["content-type"] == "application/json"


def test_compressed_bodies_are_refused(ask):
    assert ask(headers={"content-encoding": "gzip"} | made.JSON).status == 415


def test_prometheus_is_told(ask):
    ask()
    for path in ("/metrics", "/monitoring/prometheus/metrics"):
        answer = ask(path, None)
        assert answer.headers["content-type"].startswith("text/plain")
        lines = dict(line.rsplit(" ", 1) for line in answer.data.decode().splitlines() if line[:1] != "#")
        assert float(lines['seqmem_requests_total{method="predict",model="rising",status="200"}']) >= 1
        assert float(lines['seqmem_rows_total{model="rising"}']) >= 1
        assert float(lines['seqmem_versions_available{model="rising"}']) == 1
        assert float(lines['seqmem_request_seconds_count{method="predict"}']) >= 1


def test_unknown_names_do_not_pile_up_in_the_metrics(ask):
    for number in range(20):
        ask(f"/v1/models/nobody{number}:predict")
    assert b"nobody" not in ask("/metrics", None).data


def test_it_ends_on_ctrl_c_and_answers_what_it_has_begun(tmp_path):
    """On SIGTERM, as the fixtures end it, it does too."""
    made.put(tmp_path, "rising", 1)
    with made.ours(tmp_path) as running:
        port = int(running.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(_head(len(BODY)) + BODY[:-1])
            time.sleep(0.3)
            running.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            connection.sendall(BODY[-1:])
            assert _all(connection).startswith(b"HTTP/1.1 200")
        assert running.process.wait(20) == 0
        assert "stopped" in running.process.stdout.read()


def test_a_port_that_is_taken_and_a_folder_without_models_are_said_at_once(tmp_path, capsys):
    made.put(tmp_path, "rising", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.main(["serve", str(tmp_path), "--port", port]) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
    assert cli.main(["serve", str(tmp_path / "nothing")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_without_its_packages_it_says_what_to_install(tmp_path):
    code = (
        "import sys\n"
        "sys.modules['uvicorn'] = None\n"
        "from seqmem import cli\n"
        f"sys.exit(cli.main(['serve', {str(tmp_path)!r}]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "needs uvicorn, which is not installed: pip install 'seqmem[server]'" in run.stderr


def test_many_at_once_get_their_own_numbers(server):
    """Threads share the session: no row of one may be another's."""
    wrong = []

    def ask(seed):
        draw = np.random.default_rng(seed)
        again = urllib3.Retry(20, status_forcelist=[429], backoff_factor=0.01, allowed_methods=None)
        again.respect_retry_after_header = False  # a second is long for a test
        with urllib3.PoolManager(timeout=20, retries=again) as pool:
            for _ in range(40):
                closes = draw.uniform(1, 100, (int(draw.integers(1, 8)), 4)).astype("float32")
                body = json.dumps({"instances": closes.tolist()}).encode()
                answer = pool.request(
                    "POST", f"{server.url}/v1/models/rising:predict", body=body, headers=made.JSON
                ).json()
                expected = closes[:, -1:] * np.float32([2, 4, 6])
                if not np.array_equal(np.float32(answer["predictions"]), expected):
                    wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
