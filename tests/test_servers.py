"""One suite for two servers, as processes: ours, and TensorFlow Serving where it is there."""

import json

import numpy as np
import pandas as pd
import pytest
import served_models as made
import urllib3
from samples import random_walk

from seqmem.serving import Client
from seqmem.serving.client.client import ServingError

SERVERS = [
    "ours",
    pytest.param(
        "tensorflow_serving",
        marks=[
            pytest.mark.serving,
            pytest.mark.skipif(not (made.SERVING or made.ELSEWHERE), reason=made.WHY_NOT),
        ],
    ),
]
WINDOW = [100.0, 101.0, 102.0, 103.0]
PATH = [206.0, 412.0, 618.0]


@pytest.fixture(scope="module", params=SERVERS)
def server(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    made.put(root, "rising", 1)
    made.put(root, "swap", 1)
    made.put(root, "labelled", 1)
    made.put_variances(root, "swinging")
    with getattr(made, request.param)(root) as running:
        for name in ("rising", "swap", "labelled", "swinging"):
            made.until(lambda name=name: Client(running.url, name=name).versions() == {1: "AVAILABLE"})
        yield running


@pytest.fixture(scope="module")
def pool():
    with urllib3.PoolManager(timeout=20, retries=False) as pool:
        yield pool


@pytest.fixture
def ask(server, pool):
    def ask(path, body=None, **more):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        answer = pool.request(method, f"{server.url}/v1/models/{path}", body=data, headers=made.JSON, **more)
        return answer.status, json.loads(answer.data)

    return ask


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"instances": [WINDOW]}, {"predictions": [PATH]}),
        ({"instances": [{"closes": WINDOW}]}, {"predictions": [PATH]}),
        ({"inputs": [WINDOW]}, {"outputs": [PATH]}),
        ({"inputs": {"closes": [WINDOW]}}, {"outputs": [PATH]}),
        ({"signature_name": "serving_default", "instances": [WINDOW, WINDOW]}, {"predictions": [PATH, PATH]}),
        (
            {"signature_name": "step", "instances": [{"close": 103.0, "state": [0, 1]}]},
            {"predictions": [{"forecast": PATH, "state": [1.0, 2.0]}]},
        ),
        (
            {"signature_name": "step", "inputs": {"close": [103.0], "state": [[0, 1]]}},
            {"outputs": {"forecast": [PATH], "state": [[1.0, 2.0]]}},
        ),
    ],
)
def test_both_formats_of_a_request(body, expected, ask):
    assert ask("rising:predict", body) == (200, expected)
    assert ask("rising/versions/1:predict", body) == (200, expected)


def test_infinities_and_nan_stand_as_such(ask):
    status, answer = ask(
        "rising:predict", b'{"instances": [[1, 1, 1, NaN], [1, 1, 1, Infinity], [1, 1, 1, -Infinity]]}'
    )
    assert status == 200
    np.testing.assert_equal(answer["predictions"], [[np.nan] * 3, [np.inf] * 3, [-np.inf] * 3])


def test_a_number_has_the_digits_of_a_float32(ask, server):
    status, answer = ask("rising:predict", {"instances": [[1, 1, 1, 0.1]]})
    assert (status, answer["predictions"]) == (200, [[0.2, 0.4, pytest.approx(0.6, rel=1e-6)]])


def test_the_card_comes_as_text(ask):
    status, answer = ask("rising:predict", {"signature_name": "describe", "instances": [""]})
    assert status == 200
    assert json.loads(answer["predictions"][0])["context_length"] == made.CONTEXT_LENGTH


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("rising:predict", b"", 400, "document is empty"),
        ("rising:predict", b"{", 400, "JSON Parse error"),
        ("rising:predict", b"[]", 400, "s not object"),
        ("rising:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
        ("rising:predict", {"instances": []}, 400, "No values in 'instances'"),
        ("rising:predict", {"instances": 3}, 400, "to be an list/array"),
        ("rising:predict", {"instances": [WINDOW], "inputs": [WINDOW]}, 400, "only one of"),
        ("rising:predict", {"signature_name": 3, "instances": [WINDOW]}, 400, "must be a string"),
        ("rising:predict", {"signature_name": "x", "instances": [WINDOW]}, 400, '"x" not found in signature'),
        ("rising:predict", {"instances": [WINDOW, WINDOW[:2]]}, 400, ""),
        ("rising:predict", {"instances": [[1, 2, 3, "4"]]}, 400, "not of expected type: float"),
        ("rising:predict", {"instances": [[1, 2, 3, None]]}, 400, "not of expected type: float"),
        ("rising:predict", {"instances": [[1, 2, 3, 1e39]]}, 400, "loss of precision"),
        ("rising:predict", {"instances": [{"close": WINDOW}]}, 400, ""),
        ("rising:predict", {"instances": [WINDOW[:3]]}, 400, "expected at least 4 a row"),
        ("rising:predict", {"instances": WINDOW}, 400, ""),
        ("rising:predict", {"inputs": {"close": [WINDOW]}}, 400, "Missing named input: closes"),
        ("swinging:predict", {"instances": [WINDOW]}, 400, "plain list, but expecting list of objects"),
        ("swinging:predict", {"inputs": [WINDOW]}, 400, "expecting an object"),
        ("nobody:predict", {"instances": [WINDOW]}, 404, "Servable not found for request: Latest(nobody)"),
        ("rising/versions/9:predict", {"instances": [WINDOW]}, 404, "Specific(rising, 9)"),
        ("rising/labels/x:predict", {"instances": [WINDOW]}, 400, "Unrecognized servable version label: x"),
        ("nobody", None, 404, "Could not find any versions of model nobody"),
        ("rising/versions/9", None, 404, "Could not find version 9 of model rising"),
        ("rising:explain", {"instances": [WINDOW]}, 400, "Malformed request: POST /v1/models/rising:explain"),
    ],
)  # fmt: skip
def test_errors_have_a_status_and_a_body_with_words(path, body, status, words, ask):
    found, answer = ask(path, body)
    assert found == status
    assert list(answer) == ["error"]
    assert words in answer["error"]


def test_status_and_metadata_are_as_tensorflow_serving_has_them(ask, server):
    expected = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert ask("rising") == (200, {"model_version_status": [expected]})
    assert ask("rising/versions/1") == (200, {"model_version_status": [expected]})
    status, answer = ask("rising/metadata")
    assert status == 200
    assert answer["model_spec"] == {"name": "rising", "signature_name": "", "version": "1"}
    found = answer["metadata"]["signature_def"]["signature_def"]
    closes = found["serving_default"]["inputs"]["closes"]
    dims = [{"size": "-1", "name": ""}, {"size": "-1", "name": ""}]
    assert closes["tensor_shape"] == {"dim": dims, "unknown_rank": False}
    assert closes["dtype"] == "DT_FLOAT"
    assert found["serving_default"]["method_name"] == "tensorflow/serving/predict"
    assert set(found) >= {"serving_default", "describe", "step"}


@pytest.fixture(params=["url", "grpc"])
def client(request, server):
    url = getattr(server, request.param)
    if url is None:
        pytest.skip("this server speaks REST alone")
    with Client(url, name="rising") as client:
        yield client


def test_a_series_comes_back_as_a_dated_frame(client):
    prices = random_walk(50)
    found = client.forecast(prices).to_frame()
    last = np.float32(prices.iloc[-1])
    np.testing.assert_allclose(found["mean"], [2 * last, 4 * last, 6 * last], rtol=1e-6)
    assert list(found["ds"]) == list(pd.bdate_range(prices.index[-1], periods=4)[1:])
    assert client.card["factor"] == 2.0


def test_a_wide_frame_is_one_batch(client):
    prices = random_walk(50)
    wide = pd.DataFrame({"A": prices, "B": prices * 400})
    found = client.forecast(wide, slice(-5, None))
    assert list(found.unique_id) == ["A"] * 5 + ["B"] * 5
    expected = [[800 * close * h for h in (1, 2, 3)] for close in prices[-5:]]
    np.testing.assert_allclose(found.select("B").mean, expected, rtol=1e-6)


def test_a_step_carries_its_state(client):
    answer = client.predict("step", close=[1.0, 2.0], state=[[0, 0], [5, 6]])
    np.testing.assert_allclose(answer["forecast"], [[2, 4, 6], [4, 8, 12]])
    np.testing.assert_allclose(answer["state"], [[1, 1], [6, 7]])


def test_variances_from_bars_end_on_the_last_of_their_days(server):
    """Over h days: until the date of the h-th row after the origin, come or expected by the calendar."""
    close = np.full(7, 1.0)
    bars = pd.DataFrame(
        {"High": close + 0.1, "Low": close - 0.1, "Close": close}, pd.bdate_range("2024-01-04", periods=7)
    )
    bars.iloc[-1, :2] = 1.2, 0.8
    with Client(server.url, name="swinging") as client:
        found = client.forecast(bars, [3, 6])
        np.testing.assert_allclose(found.mean, [[0.2, 1.0], [0.4, 2.0]], rtol=1e-6)
        volatility = found.to_frame()["volatility"]
        np.testing.assert_allclose(volatility, np.sqrt(252 * np.array([0.2, 0.2, 0.4, 0.4])), rtol=1e-6)
        assert found.ds.astype("datetime64[D]").astype(str).tolist() == [
            ["2024-01-10", "2024-01-16"],  # the second is two rows beyond the end, over a weekend
            ["2024-01-15", "2024-01-19"],
        ]
        answer = client.predict("volatility", **{name.lower(): [bars[name]] for name in bars})
        np.testing.assert_allclose(answer["volatility"][0], volatility[2:], rtol=1e-6)
        with pytest.raises(ValueError, match="swinging: expected columns high, low, close. Received: close"):
            client.forecast(bars["Close"])


def test_a_new_version_takes_over_and_goes_back(server):
    """Hot swap and rollback: labels by models.config, the newest without."""
    prices = random_walk(20)

    def factor(**which):
        with Client(server.url, name="swap", retries=0, **which) as client:
            return client.card["factor"]

    with Client(server.url, name="swap") as held:
        assert held.card["factor"] == 2.0
        server.configure(latest=2)
        made.put(server.root, "swap", 2, factor=3.0, context_length=made.CONTEXT_LENGTH + 1)
        server.configure(latest=2)
        made.until(lambda: factor(label="canary") == 3.0)
        assert factor(label="stable") == factor(version=1) == 2.0
        assert factor() == factor(version=2) == 3.0
        assert held.forecast(prices).mean[0, 0] == pytest.approx(3 * prices.iloc[-1], rel=1e-6)
        server.configure(stable={"swap": 2})
        made.until(lambda: factor(label="stable") == 3.0)
        made.until(lambda: not _answers(factor, version=1))
        server.configure(stable={"swap": 1})  # and back
        made.until(lambda: factor(label="stable") == 2.0)
        made.until(lambda: factor(label="canary") == 3.0)


def _answers(ask, **which):
    try:
        return ask(**which)
    except ServingError:
        return None
