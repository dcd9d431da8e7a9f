"""TensorFlow Serving's JSON, whatever is in it."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seqmem.serving.protocol.signatures import Spec
from seqmem.serving.server import codec, json_tensors
from seqmem.serving.server.errors import RequestError

SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)
FLOATS = arrays.arrays(np.float32, SHAPES, elements=st.floats(width=32))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "b64", "y"]), inner),
    max_leaves=8,
)
X = {"x": Spec("DT_FLOAT", (-1, -1))}


def _read(body, specs):
    return codec.arrays(codec.read(json.dumps(body).encode()), specs)


def _outcome(call):
    try:
        return call(), None
    except RequestError as error:
        return None, error


@given(FLOATS, st.booleans())
def test_float32_goes_there_and_back_bit_for_bit(array, rows):
    text = json.loads(codec.write({"x": array}, rows=rows))["predictions" if rows else "outputs"]
    back = _read({"instances" if rows else "inputs": text}, X)["x"]
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype


@given(FLOATS)
def test_rows_and_columns_say_the_same(array):
    specs = {name: Spec("DT_FLOAT", None) for name in "xy"}
    rows = [{"x": row.tolist(), "y": row.tolist()} for row in array.astype(float)]
    columns = {"x": array.astype(float).tolist(), "y": array.astype(float).tolist()}
    by_row, by_column = _read({"instances": rows}, specs), _read({"inputs": columns}, specs)
    for name in "xy":
        np.testing.assert_array_equal(by_row[name], by_column[name])


@given(st.dictionaries(st.sampled_from(["instances", "inputs", "signature_name", "z"]), JSON) | JSON)
def test_anything_is_an_array_or_an_error_with_words(body):
    for specs in (
        X,
        {"x": Spec("DT_STRING", (-1,))},
        {"x": Spec("DT_INT32", None), "y": Spec("DT_BOOL", None)},
    ):
        found, error = _outcome(lambda specs=specs: _read(body, specs))
        if error:
            assert error.status == 400
            assert 0 < len(str(error)) < 300
        else:
            assert {name: array.dtype.kind for name, array in found.items()} == {
                name: {"DT_FLOAT": "f", "DT_STRING": "O", "DT_INT32": "i", "DT_BOOL": "b"}[spec.dtype]
                for name, spec in specs.items()
            }


@given(st.binary(max_size=40))
def test_any_bytes_are_an_error_or_a_request(body):
    found, error = _outcome(lambda: codec.read(body))
    assert found or error.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"instances": ' + b"[" * 200_000,
        b'{"instances": [[1' + b"0" * 9000 + b"]]}",
        b"\xff{}",
        b"\xef\xbb\xbf{}",
        '{"instances": [[1]]}'.encode("utf-16"),
        b'{"instances": [[1], NaN' + b" " * 2**20 + b"]}",
    ],
)
def test_hostile_bodies_are_errors(body):
    with pytest.raises(RequestError, match="JSON Parse error"):
        codec.read(body)


@pytest.mark.parametrize("body", [b"[" * (2**18 + 1), b"," * (2**20 + 1)])
def test_a_body_of_too_many_parts_is_not_parsed(body, monkeypatch):
    monkeypatch.setattr(codec, "_parsed", lambda _: pytest.fail("parsed"))
    with pytest.raises(RequestError, match="more than 1048576 values, or of more than 262144 lists"):
        codec.read(body)


@pytest.mark.parametrize("depth", [33, 64, 65, 900])
def test_deep_lists_are_the_clients_fault(depth):
    body = b'{"instances": ' + b"[" * depth + b"1" + b"]" * depth + b"}"
    with pytest.raises(RequestError, match="too deep") as error:
        codec.arrays(codec.read(body), X)
    assert error.value.status == 400


@given(st.integers(0, 5), st.integers(0, 2**32 - 1), st.booleans())
def test_pieces_are_one_body(rows, seed, both):
    """Whatever stands in them, and wherever they are cut: NaN in their place, strings as they were."""
    draw = np.random.default_rng(seed)
    numbers = draw.choice(np.float32([0.1, np.nan, np.inf, -np.inf, 1e-40]), (rows, 3))
    outputs = {"x": numbers, "y": draw.integers(0, 9, rows), "z": draw.choice([True, False], (rows, 2))}
    if both:
        outputs["s"] = np.array(["null", 'a"'] * 3, object)[:rows]
        outputs["s"] = np.array([one.encode() for one in outputs["s"]], object)
    whole = codec.write(outputs, rows=False)
    by_row = codec.write(outputs, rows=True)
    original, json_tensors._AT_ONCE = json_tensors._AT_ONCE, 7
    try:
        assert [codec.write(outputs, rows=each) for each in (False, True)] == [whole, by_row]
    finally:
        json_tensors._AT_ONCE = original
    columns, lines = json.loads(whole)["outputs"], json.loads(by_row)["predictions"]
    for name, array in outputs.items():
        found = np.array(columns[name], array.dtype if array.dtype != object else None).reshape(array.shape)
        expected = array if array.dtype != object else np.array([one.decode() for one in array])
        np.testing.assert_array_equal(found, expected)
        assert [line[name] for line in lines] == columns[name] or array.dtype == "float32"


@pytest.mark.parametrize(
    ("values", "dtype", "words"),
    [
        ([[1], [2, 3]], "DT_FLOAT", "unexpected size: 2 at level: 1 expected size: 1"),
        ([[1], 2], "DT_FLOAT", "found at incorrect level"),
        ([1, [2]], "DT_FLOAT", "Type: Array is not of expected type: float"),
        ([True], "DT_FLOAT", "Type: Bool"),
        ([None], "DT_FLOAT", "Type: Null"),
        (["1"], "DT_DOUBLE", "Type: String"),
        ([1.5], "DT_INT32", "not of expected type: int32"),
        ([2**31], "DT_INT32", "loss of precision"),
        ([2**63], "DT_INT64", "loss of precision"),
        ([2**24 + 1], "DT_FLOAT", "Cannot convert JSON value: 16777217 to float"),
        ([1e39], "DT_FLOAT", "Cannot convert JSON value: 1e\\+39 to float"),
        ([10**400], "DT_DOUBLE", "loss of precision"),
        ([1], "DT_STRING", "not of expected type: string"),
        ([{"b64": "?"}], "DT_STRING", "Unable to base64 decode"),
        ([1], "type 99", "no conversion of JSON to type 99"),
    ],
)
def test_values_of_another_type_are_named(values, dtype, words):
    with pytest.raises(RequestError, match=words):
        _read({"inputs": values}, {"x": Spec(dtype, None)})


def test_strings_are_text_or_base64():
    encoded = {"b64": base64.b64encode(b"\xff").decode()}
    spec = {"x": Spec("DT_STRING", (-1,))}
    assert _read({"instances": ["ä", encoded]}, spec)["x"].tolist() == ["ä".encode(), b"\xff"]
    strings = np.array([b"\xff", b""], object)
    assert json.loads(codec.write({"x_bytes": strings}, rows=True)) == {"predictions": [encoded, {"b64": ""}]}
    with pytest.raises(RequestError, match="not UTF-8"):
        codec.write({"x": strings}, rows=True)


def test_rows_need_outputs_of_one_size():
    with pytest.raises(RequestError, match="no common batch size"):
        codec.write({"x": np.ones(2), "y": np.ones(3)}, rows=True)
    assert json.loads(codec.write({"x": np.ones(2), "y": np.ones(3)}, rows=False))["outputs"]["y"] == [
        1,
        1,
        1,
    ]
