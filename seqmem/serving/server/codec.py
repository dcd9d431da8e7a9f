"""TensorFlow Serving's JSON: a request's body to arrays, a model's answer to a body.

Source: https://www.tensorflow.org/tfx/serving/api_rest. Row format: `instances`, a list with one entry a row.
Columnar: `inputs`, whole tensors. NaN, Infinity and -Infinity stand as such, and binary strings as
``{"b64": ...}``.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson

from seqmem.serving.protocol.signatures import Spec
from seqmem.serving.server.errors import invalid
from seqmem.serving.server.json_tensors import WORDS, binary, listed, shown, tensor

# Of a body, before it is parsed: that holds Python's one lock, for some tens of milliseconds at these.
MOST_VALUES, MOST_LISTS = 2**20, 2**18
MOST_SLOW = 2**20  # bytes for Python's own parser, where there is NaN in the body


class Request(NamedTuple):
    """The body of a predict request, before it is known what the signature takes."""

    signature: str
    rows: bool  # row format; else columnar
    values: Any


def read(body: bytes | bytearray) -> Request:
    """A body as JSON.

    Raises:
        RequestError: no JSON, or not of the form that a request has.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    if body.count(b"[") + body.count(b"{") > MOST_LISTS or body.count(b",") > MOST_VALUES:
        raise invalid(f"a body of more than {MOST_VALUES} values, or of more than {MOST_LISTS} lists")
    found = _parsed(body)
    if not isinstance(found, dict):
        raise invalid(f"JSON Value: {shown(found)} Is not object")
    signature = found.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid("Not formatted correctly. 'signature_name' key must be a string value.")
    if "instances" in found and "inputs" in found:
        raise invalid("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist")
    if "inputs" in found:
        return Request(signature, False, found["inputs"])
    if "instances" not in found:
        raise invalid("Missing 'inputs' or 'instances' key")
    if not isinstance(found["instances"], list):
        raise invalid("Expecting 'instances' to be an list/array")
    if not found["instances"]:
        raise invalid("No values in 'instances' array")
    return Request(signature, True, found["instances"])


def arrays(request: Request, specs: Mapping[str, Spec]) -> dict[str, np.ndarray]:
    """What a signature is to be given.

    Raises:
        RequestError: a name too few or too many, lists of unequal lengths, a value of the wrong type.
    """
    values = request.values
    if not request.rows:
        if not isinstance(values, dict) or binary(values):
            if len(specs) > 1:
                raise invalid(f"inputs is a plain value/list, but expecting an object with {_names(specs)}")
            values = dict.fromkeys(specs, values)
        for name in specs:
            if name not in values:
                raise invalid(f"Missing named input: {name} in 'inputs' object.")
        return {name: tensor(values[name], spec.dtype, name) for name, spec in specs.items()}
    if not isinstance(values[0], dict) or binary(values[0]):
        if len(specs) > 1:
            raise invalid(f"instances is a plain list, but expecting list of objects with {_names(specs)}")
        for row, value in enumerate(values):
            if isinstance(value, dict) and not binary(value):
                raise invalid(f"Expecting value/list but got object at item {row} of input list")
        return {name: tensor(values, spec.dtype, name) for name, spec in specs.items()}
    for row, value in enumerate(values):
        if not isinstance(value, dict) or binary(value):
            raise invalid(
                f"Expecting object but got {WORDS[type(value)].lower()} at item {row} of input list"
            )
        if set(value) != set(specs):
            raise invalid(
                f"Failed to process element: {row} of 'instances' list. JSON object: {shown(value)} keys "
                f"must be equal to: {_names(specs)}"
            )
    return {name: tensor([row[name] for row in values], spec.dtype, name) for name, spec in specs.items()}


def write(outputs: Mapping[str, np.ndarray], *, rows: bool) -> bytes:
    """The body of an answer.

    Raises:
        RequestError: outputs that have no rows, or not equally many, where rows were asked for.
    """
    return b"".join(pieces(outputs, rows=rows))


def pieces(outputs: Mapping[str, np.ndarray], *, rows: bool) -> Iterator[bytes]:
    """The body of an answer, a millisecond's work at a time: other threads run between. Raises as `write`."""
    arrays = dict(sorted(outputs.items()))
    one = len(arrays) == 1
    if rows:
        sizes = {name: array.shape[:1] for name, array in arrays.items()}
        if () in sizes.values() or len(set(sizes.values())) != 1:
            raise invalid(f"outputs have no common batch size, ask for columns ('inputs'): {sizes}")
        yield b'{"predictions": '
        yield from listed(arrays, one)
    elif one:
        yield b'{"outputs": '
        yield from listed(arrays, one)
    else:
        for number, (name, array) in enumerate(arrays.items()):
            yield (b"," if number else b'{"outputs": {') + orjson.dumps(name) + b": "
            yield from listed({name: array}, True)
        yield b"}"
    yield b"}"


def error(words: str) -> bytes:
    """The body of an error."""
    return orjson.dumps({"error": words.encode(errors="replace").decode()})


def _parsed(body: bytes | bytearray) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:  # NaN and Infinity are none of JSON's, but TensorFlow Serving's
        if len(body) > MOST_SLOW:
            raise invalid(
                f"JSON Parse error: {error}. (NaN and Infinity are read in bodies of up to {MOST_SLOW} bytes)"
            ) from None
    try:
        return json.loads(body.decode())
    except RecursionError:
        raise invalid("JSON Parse error: lists in lists, too deep") from None
    except ValueError as error:  # a wrong encoding and a number of 5,000 digits too
        raise invalid(f"JSON Parse error: {str(error)[:200]}") from None


def _names(specs: Mapping[str, Spec]) -> str:
    return ",".join(sorted(specs))
