"""The client: what it sends, what it tries again, what it says, and what it does not import."""

import json
import re
import subprocess
import sys
import threading
import time
from concurrent import futures
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import served_models as made
from samples import adapted, random_bars, random_walk

import seqmem
from seqmem import cli
from seqmem.data.faults import PriceError
from seqmem.serving import Client, ServedModel, export
from seqmem.serving.client.client import ServerUnavailable, ServingError
from seqmem.serving.server import codec
from seqmem.serving.server.errors import RequestError
from seqmem.serving.server.version import Version

PAGE = (Path(__file__).parents[1] / "docs/serving.md").read_text()


def test_it_starts_without_tensorflow():
    code = (
        "import sys\n"
        "from seqmem.serving import Client\n"
        "Client('http://127.0.0.1:1', name='m', retries=0).close()\n"
        "Client('grpc://127.0.0.1:1', name='m').close()\n"
        "heavy = ('tensorflow', 'keras', 'arch', 'scipy', 'matplotlib', 'tensorflow_serving', 'starlette')\n"
        "print(*[name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "" == run.stderr.strip()


class Scripted:
    """An HTTP server that answers a model's requests, after as many failures as it is told."""

    def __init__(self, version):
        self.version, self.failures, self.asked = version, [], []

    def answer(self, method, path, body):
        self.asked.append(path.rpartition("/")[2])
        if self.failures:
            failure = self.failures.pop(0)
            if callable(failure):
                failure()
            else:
                return failure, b"busy" if failure == 502 else codec.error("busy")
        if method == "GET":
            return 200, json.dumps(
                {"metadata": {"signature_def": {"signature_def": self.version.metadata()}}}
            ).encode()
        request = codec.read(body)
        inputs = codec.arrays(request, self.version.signature(request.signature).inputs)
        try:
            return 200, codec.write(self.version.run(request.signature, inputs), rows=request.rows)
        except RequestError as error:
            return error.status, codec.error(str(error))


@contextmanager
def _scripted(version):
    script = Scripted(version)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):  # http.server's name
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, answer = script.answer(self.command, self.path, body)
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            with suppress(BrokenPipeError):  # the client gave up
                self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        script.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    root = tmp_path_factory.mktemp("m")
    adjusted = {"data": {"column": "Adj Close"}}
    folders = [made.put(root, "rising", 1, **adjusted), made.put(root, "rising", 2, 3.0, context_length=6)]
    found = [Version(folder, "rising") for folder in folders]
    yield found
    for version in found:
        version.retire()


@pytest.fixture
def script(versions):
    with _scripted(versions[0]) as script:
        yield script


@pytest.fixture
def client(script):
    with Client(script.url, name="rising", retries=2, timeout=5) as client:
        yield client


def test_a_server_that_is_busy_is_asked_again(client, script):
    script.failures = [503, 429]
    assert client.forecast(random_walk(20)).shape == (1, 3)
    assert script.asked == ["metadata"] * 3 + ["rising:predict"] * 2  # describe, then the forecast


def test_and_given_up_in_the_end(client, script):
    script.failures = [503] * 9
    with pytest.raises(ServerUnavailable, match="503: busy"):
        client.forecast(random_walk(20))
    assert len(script.asked) == 3


@pytest.mark.parametrize("status", [400, 404, 500, 502, 504])
def test_other_errors_are_not_tried_again(status, client, script):
    script.failures = [status]
    with pytest.raises(ServingError, match=f"rising.*: {status}: busy") as error:
        client.forecast(random_walk(20))
    assert error.value.status == status
    assert len(script.asked) == 1


def test_a_timeout_is_not_tried_again(script):
    script.failures = [lambda: time.sleep(0.5)]
    impatient = Client(script.url, name="rising", timeout=0.1)
    with impatient, pytest.raises(ServerUnavailable, match=r"no answer within 0\.1 s"):
        impatient.forecast(random_walk(20))
    assert len(script.asked) == 1


def test_nobody_listening_is_said(script):
    with pytest.raises(ServerUnavailable, match="cannot be reached.*refused") as error:
        Client("http://127.0.0.1:1", name="m", retries=0).versions()
    assert isinstance(error.value, ConnectionError)
    with pytest.raises(ServerUnavailable, match="m: UNAVAILABLE"):
        Client("grpc://127.0.0.1:1", name="m", retries=0).versions()


def test_prices_are_checked_before_anything_is_sent(client, script):
    assert client.card["context_length"] == made.CONTEXT_LENGTH
    script.asked.clear()
    prices = random_walk(20)
    with pytest.raises(ValueError, match=r"at least 4 rows \(a window reads 4\). Received: 3"):
        client.forecast(prices[:3])
    with pytest.raises(ValueError, match=r"expected whole numbers from 3 .* to 19 .*Received: 2 to 2"):
        client.forecast(prices, [2])
    with pytest.raises(PriceError, match=r"2010-01-28, .*Received: nothing"):
        client.forecast(prices.where(prices.index != prices.index[-2]))
    with pytest.raises(PriceError, match="expected a path, .*a Series or an array"):
        client.forecast(object())
    with pytest.raises(PriceError, match="x"):
        client.forecast(prices.astype(object).where(prices.index < prices.index[-1], "x"))
    assert script.asked == []


def test_the_newest_rows_are_sent_and_no_more_than_a_window(client, script, monkeypatch):
    sent, arrays = [], codec.arrays
    monkeypatch.setattr(codec, "arrays", lambda *given: sent.append(arrays(*given)) or sent[-1])
    prices = random_walk(20)
    client.forecast(prices, [-1 + len(prices), 7])
    windows = [prices[-4:], prices[4:8]]
    np.testing.assert_array_equal(sent[-1]["closes"], np.float32(windows))


def test_a_frame_is_read_by_the_column_that_the_model_was_made_from(client):
    """By adjusted closes, where it has both; a wide frame is one batch of series; rows may have no dates."""
    prices = random_walk(20)
    bars = pd.DataFrame({"Close": prices * 5, "Adj Close": prices, "Volume": 0.0})
    found = client.forecast(bars)
    np.testing.assert_allclose(found.mean[0], [2 * h * prices.iloc[-1] for h in (1, 2, 3)], rtol=1e-6)
    assert found.last == prices.iloc[-1]
    for panel in ({"A": prices, 7: prices}, pd.DataFrame({"A": prices, 7: 9 * prices})):
        assert list(client.forecast(panel).unique_id) == ["A", "7"]
    assert client.forecast(prices.reset_index(drop=True)).ds.tolist() == [[20, 21, 22]]


def test_another_version_behind_the_same_name_is_noticed(client, script, versions):
    prices = random_walk(20)
    assert client.forecast(prices).mean[0, 0] == pytest.approx(2 * prices.iloc[-1], rel=1e-6)
    script.version = versions[1]
    script.failures = [400]  # as a graph that needs more closes says
    assert client.forecast(prices).mean[0, 0] == pytest.approx(3 * prices.iloc[-1], rel=1e-6)
    assert client.card["context_length"] == 6


def test_signatures_and_their_inputs_are_checked(client):
    with pytest.raises(ServingError, match="no signature 'x'; it has describe, serving_default, step"):
        client.predict("x", close=[1.0])
    with pytest.raises(ServingError, match="step: expected close, state. Received: closes"):
        client.predict("step", closes=[1.0])


def test_a_model_without_a_card_is_asked_by_its_signatures_alone(client, script):
    metadata = script.version.metadata()
    script.version = SimpleNamespace(
        metadata=lambda: {name: one for name, one in metadata.items() if name != "describe"},
        signature=script.version.signature,
        run=script.version.run,
    )
    assert client.card == {}
    with pytest.raises(ServingError, match="rising: no card .no signature `describe`.: use predict"):
        client.forecast(random_walk(20))
    assert client.predict(closes=[[1, 2, 3, 4]])["forecast"].tolist() == [[8, 16, 24]]


@pytest.mark.parametrize(
    ("url", "options", "words"),
    [
        ("127.0.0.1:8501", {}, "expected http"),
        ("ftp://host", {}, "Received: 'ftp://host'"),
        ("http://host", {"version": 1, "label": "stable"}, "a version or a label, not both"),
        ("http://host", {"timeout": 0}, "timeout above 0"),
        ("http://host", {"retries": -1}, "retries of at least 0"),
    ],
)
def test_what_a_client_cannot_be_made_of(url, options, words):
    with pytest.raises(ValueError, match=words):
        Client(url, name="m", **options)


def _same(found, expected):
    for name in ("quantity", "horizons", "unique_id", "cutoff", "ds", "origins", "last"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6)


@contextmanager
def _asked(folder, name):
    version = Version(folder, name)
    with _scripted(version) as script, Client(script.url, name=name) as client:
        yield client
    version.retire()


def test_a_forecast_is_the_one_that_python_makes(exported, fitted, prices):
    with _asked(exported, "small") as client:
        _same(client.forecast(prices), fitted.forecast(prices))
        panel = {"A": prices, "B": prices[:100] * 2}
        _same(
            client.forecast(panel, {"A": [20, 399], "B": [8]}),
            fitted.forecast(panel, {"A": [20, 399], "B": [8]}),
        )
        assert (client.card["context_length"], client.card["data"]["column"]) == (9, "Close")
        after = client.predict("start", closes=prices.to_numpy()[None, -10:-1])
        del after["forecast"]
        streamed = client.predict("step", close=prices[-1:], **after)["forecast"]
        assert streamed.shape == (1, len(fitted.horizons))
        assert np.isfinite(streamed).all()
        explained = client.predict("explain", closes=prices.to_numpy()[None])
        assert all(gate.shape[:2] == (1, fitted.lookback) for gate in explained.values())


@pytest.fixture
def grpc_server(versions):
    """Their own service, of their own package, in front of our version."""
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not there: see the Makefile")
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )

    failures = []

    class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            assert (request.model_spec.name, request.model_spec.version_label) == ("rising", "stable")
            if failures:
                context.abort(failures.pop(), "busy")
            inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
            try:
                outputs = versions[0].run(request.model_spec.signature_name, inputs)
            except RequestError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            answer = predict_pb2.PredictResponse()
            for name, array in outputs.items():
                answer.outputs[name].CopyFrom(tf.make_tensor_proto(array))
            return answer

        def GetModelMetadata(self, request, context):
            assert list(request.metadata_field) == ["signature_def"]
            answer = get_model_metadata_pb2.GetModelMetadataResponse()
            found = get_model_metadata_pb2.SignatureDefMap()
            for name, definition in versions[0]._definitions.items():
                found.signature_def[name].CopyFrom(definition)
            answer.metadata["signature_def"].Pack(found)
            return answer

    class Models(model_service_pb2_grpc.ModelServiceServicer):
        def GetModelStatus(self, request, context):
            answer = get_model_status_pb2.GetModelStatusResponse()
            answer.model_version_status.add(version=4, state="AVAILABLE")
            return answer

    server = grpc.server(futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Predictions(), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield SimpleNamespace(url=f"grpc://127.0.0.1:{port}", failures=failures)
    server.stop(None).wait()


def test_grpc_is_understood_by_their_own_stubs(grpc_server):
    prices = random_walk(20)
    with Client(grpc_server.url, name="rising", label="stable") as client:
        assert client.versions() == {4: "AVAILABLE"}
        assert client.card["context_length"] == made.CONTEXT_LENGTH
        found = client.forecast(pd.DataFrame({"A": prices, "B": 2 * prices}))
        np.testing.assert_allclose(
            found.select("B").mean[0], [4 * h * prices.iloc[-1] for h in (1, 2, 3)], rtol=1e-6
        )
        with pytest.raises(
            ServingError, match="rising: INVALID_ARGUMENT: assertion failed: .*at least 4"
        ) as error:
            client.predict(closes=[[1.0]])
        assert error.value.status == "INVALID_ARGUMENT"


def test_grpc_tries_again_where_the_server_is_busy(grpc_server):
    import grpc

    with Client(grpc_server.url, name="rising", label="stable", retries=2) as client:
        grpc_server.failures.extend([grpc.StatusCode.UNAVAILABLE] * 2)
        assert client.card["context_length"] == made.CONTEXT_LENGTH
        grpc_server.failures.extend([grpc.StatusCode.UNAVAILABLE] * 3)
        with pytest.raises(ServerUnavailable, match="UNAVAILABLE: busy"):
            client.forecast(random_walk(20))
        grpc_server.failures.append(grpc.StatusCode.INTERNAL)
        with pytest.raises(ServingError, match="INTERNAL: busy"):
            client.forecast(random_walk(20))


def test_variances_of_an_exported_model_are_those_that_python_makes(tmp_path):
    """High, low and close in; variance and volatility out, each until the last of its days."""
    bars = random_bars(80)
    target = seqmem.ScaleFreeVariance(memory=20, horizons=(1, 3))
    forecaster = adapted(seqmem.variance_forecaster(None, target, lookback=8), bars)
    folder = export(forecaster, tmp_path, name="variances", prices=bars)
    with _asked(folder, "variances") as client:
        found = client.forecast(bars)
        _same(found, forecaster.forecast(bars))
        _same(found, ServedModel(folder).forecast(bars))
        after = pd.bdate_range(bars.index[-1], periods=4)
        assert list(found.ds[0]) == [after[1], after[3]]
        rows = {name.lower(): bars[name].to_numpy()[None] for name in bars}
        answer = client.predict("volatility", **rows)
        np.testing.assert_allclose(answer["volatility"][0], found.to_frame()["volatility"], rtol=1e-6)
        with pytest.raises(ValueError, match="expected columns high, low, close. Received: close"):
            client.forecast(bars["Close"])


def test_the_examples_of_the_page_on_serving_run(script, grpc_server, capsys):
    code = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert len(code) == 2
    for block in code:
        block = block.replace("http://127.0.0.1:8501", script.url).replace("sp500_path", "rising")
        block = block.replace("127.0.0.1:8500", grpc_server.url.removeprefix("grpc://"))
        exec(compile(block, "serving.md", "exec"), {})
    said = capsys.readouterr().out
    assert "2019-01-01" in said
    assert "[[202." in said  # twice the last close


def test_the_commands_of_the_page_on_serving_parse_and_its_two_ways_of_docker_agree():
    blocks = re.findall(r"^```\w*\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    commands = [line.partition("#")[0].split() for block in blocks for line in block.splitlines()]
    found = [words[1:] for words in commands if words[:1] == ["seqmem"]]
    assert len(found) == 5
    for words in found:
        assert cli.parser().parse_args(words).command
    run, compose = (set(re.findall(r"--\w+=\S+", block)) for block in blocks[:2])
    assert run == compose
    assert len(run) == 5


def test_curl_of_the_page_is_json():
    bodies_shown = re.findall(r"-d '(.*?)'", PAGE)
    assert len(bodies_shown) == 3
    for body in bodies_shown:
        assert codec.read(body.encode()).values
