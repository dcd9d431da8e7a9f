"""`seqmem serve` as a process: its limits, its metrics, its end."""

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
LIMITS = ["--max-request-bytes", "2000", "--max-batch", "8", "--request-timeout", "1", "--concurrency", "3"]


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
            return pool.request(method, server.url + path, body=body, **more)

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
        ["POST /v1/models/rising:predict HTTP/1.1", "host: x", f"content-length: {length}", *more, "", ""]
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


def test_more_at_once_than_it_bears_are_sent_away(ask, raw):
    held = [raw(_head(len(BODY)) + BODY[:-1]) for _ in range(3)]
    made.until(lambda: ask().status == 429)
    answer = ask()
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {"error": "too many requests at once"}
    for connection in held:
        connection.sendall(BODY[-1:])
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert ask().status == 200


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
    assert ask(headers={"content-encoding": "gzip"}).status == 415


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
    assert cli.main(["serve", str(tmp_path / "nothing")]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_without_its_packages_it_says_what_to_install(tmp_path):
    code = (
        "import sys\n"
        "sys.modules['uvicorn'] = None\n"
        "from seqmem import cli\n"
        f"sys.exit(cli.main(['serve', {str(tmp_path)!r}]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "serve needs uvicorn, which is not installed: pip install 'seqmem[server]'" in run.stderr


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
                answer = pool.request("POST", f"{server.url}/v1/models/rising:predict", body=body).json()
                expected = closes[:, -1:] * np.float32([2, 4, 6])
                if not np.array_equal(np.float32(answer["predictions"]), expected):
                    wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
