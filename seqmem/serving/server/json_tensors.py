"""JSON's lists to arrays of a type, and arrays back to lists, as TensorFlow Serving reads and writes them.

NaN, Infinity and -Infinity stand as such, and binary strings as ``{"b64": ...}``.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson

from seqmem.serving.protocol.tensors import DTYPES
from seqmem.serving.server.errors import invalid

_NUMBERS = frozenset({int, float})
_ALLOWED = {
    "DT_FLOAT": (_NUMBERS, "float"),
    "DT_DOUBLE": (_NUMBERS, "double"),
    "DT_INT32": (frozenset({int}), "int32"),
    "DT_INT64": (frozenset({int}), "int64"),
    "DT_BOOL": (frozenset({bool}), "bool"),
}
_DEEPEST = 32  # no tensor of a model has so many axes; NumPy has 64 at most
_AT_ONCE = 2**15  # numbers that are written at once: a millisecond
WORDS = {type(None): "Null", bool: "Bool", dict: "Object", list: "Array", str: "String"}
WORDS |= dict.fromkeys(_NUMBERS, "Number")


def tensor(values: Any, dtype: str, name: str) -> np.ndarray:
    """Lists in lists as an array.

    Args:
        values: any JSON.
        dtype: TensorFlow's name of the type.
        name: of the tensor, for errors.

    Raises:
        RequestError: lists of unequal lengths or depths, a value of another type or out of its range.
    """
    if dtype not in DTYPES:
        raise invalid(f"{name}: no conversion of JSON to {dtype}")
    shape: list[int] = []
    first = values
    while isinstance(first, list):
        shape.append(len(first))
        if len(shape) > _DEEPEST:
            raise invalid(f"{name}: lists in lists, too deep: more than {_DEEPEST}")
        if not first:
            break
        first = first[0]
    flat: list[Any] = []
    _flatten(values, 0, shape, dtype, name, flat)
    return (np.array(flat, object) if dtype == "DT_STRING" else _numbers(flat, dtype)).reshape(shape)


def _flatten(value: Any, level: int, shape: list[int], dtype: str, name: str, flat: list[Any]) -> None:
    """Every value to `flat`, in order, after a look at its type and at the length of its list."""
    if level == len(shape):
        flat.extend(_leaves([value], dtype, name))
        return
    if not isinstance(value, list):
        raise invalid(
            f"{name}: JSON Value: {shown(value)} found at incorrect level: {level}. Expected at: {len(shape)}"
        )
    if len(value) != shape[level]:
        raise invalid(
            f"{name}: Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{shape[level]}"
        )
    if level == len(shape) - 1:
        flat.extend(_leaves(value, dtype, name))
        return
    for each in value:
        _flatten(each, level + 1, shape, dtype, name, flat)


def _leaves(values: list[Any], dtype: str, name: str) -> list[Any]:
    if dtype == "DT_STRING":
        return [_string(value, name) for value in values]
    allowed, word = _ALLOWED[dtype]
    if not set(map(type, values)) <= allowed:
        wrong = next(value for value in values if type(value) not in allowed)
        raise invalid(
            f"{name}: JSON Value: {shown(wrong)} Type: {WORDS[type(wrong)]} is not of expected type: {word}"
        )
    return values


def _string(value: Any, name: str) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if not binary(value):
        raise invalid(f"{name}: JSON Value: {shown(value)} is not of expected type: string")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"{name}: Unable to base64 decode") from None


def _numbers(flat: list[Any], dtype: str) -> np.ndarray:
    """Numbers of the type, or an error: none is rounded to infinity, no integer to its neighbour."""
    kind: Any = DTYPES[dtype]
    try:
        if dtype not in ("DT_FLOAT", "DT_DOUBLE"):
            return np.array(flat, dtype=kind)
        exact = np.array(flat, dtype=np.float64)
    except OverflowError:
        raise invalid(
            f"Cannot convert a JSON value to {_ALLOWED[dtype][1]} without loss of precision."
        ) from None
    limit = 2 ** (np.finfo(kind).nmant + 1) - 1  # the largest integer below which none is missing
    with np.errstate(over="ignore"):
        found = exact.astype(kind)
    large = np.isfinite(exact) & ~np.isfinite(found)
    for place in np.flatnonzero(large | (np.abs(exact) > limit)):
        if large[place] or type(flat[place]) is int:
            raise invalid(
                f"Cannot convert JSON value: {shown(flat[place])} to {_ALLOWED[dtype][1]} "
                "without loss of precision."
            )
    return found


def listed(arrays: Mapping[str, np.ndarray], one: bool) -> Iterator[bytes]:
    """Arrays as JSON, some rows at a time: the only one by itself, several as an object for each row."""
    first = next(iter(arrays.values()))
    if not first.ndim:
        yield _dumped(_plain(next(iter(arrays)), first), [first])
        return
    step = max(1, _AT_ONCE // max(1, sum(array.size for array in arrays.values()) // max(1, len(first))))
    yield b"["
    for start in range(0, len(first), step):
        part = {name: array[start : start + step] for name, array in arrays.items()}
        values = {name: _plain(name, array) for name, array in part.items()}
        rows = values.popitem()[1] if one else _rows(values)
        yield (b"," if start else b"") + _dumped(rows, list(part.values()))[1:-1]
    yield b"]"


def _rows(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _dumped(value: Any, arrays: list[np.ndarray]) -> bytes:
    """JSON, with NaN and infinities as TensorFlow Serving has them: orjson writes null, in their order."""
    text = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY, default=_lists)
    if all(array.dtype.kind != "f" or np.isfinite(array).all() for array in arrays):
        return text
    if any(array.dtype.kind not in "fiub" for array in arrays):  # a string may have the word null in it
        return json.dumps(value, default=_lists, separators=(",", ":")).encode()
    rows = len(arrays[0]) if arrays[0].ndim else 1
    flat = np.concatenate([array.reshape(rows, -1).astype("float64") for array in arrays], 1).ravel()
    bad = flat[~np.isfinite(flat)]
    words = [b"NaN" if one != one else b"Infinity" if one > 0 else b"-Infinity" for one in bad]
    parts = text.split(b"null")
    return b"".join(part for pair in zip(parts, [*words, b""], strict=True) for part in pair)


def _plain(name: str, array: np.ndarray) -> Any:
    """What orjson writes: numbers as they are, strings as text or base64."""
    if array.dtype != object:
        return np.ascontiguousarray(array) if array.ndim else array[()]
    strings = [
        {"b64": base64.b64encode(one).decode()} if name.endswith("_bytes") else _text(one, name)
        for one in array.ravel()
    ]
    found = np.empty(len(strings), object)
    found[:] = strings
    return found.reshape(array.shape).tolist()


def _lists(array: Any) -> Any:
    """What orjson leaves to us; a float32 by its own digits, without those of the double beside it."""
    return (array.astype(str).astype(float) if array.dtype == "float32" else array).tolist()


def _text(value: bytes, name: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise invalid(f"Tensor name: {name} has a string that is not UTF-8; name it ..._bytes") from None


def binary(value: Any) -> bool:
    """Whether it is a binary string."""
    return isinstance(value, dict) and set(value) == {"b64"} and isinstance(value["b64"], str)


def shown(value: Any, most: int = 60) -> str:
    """A JSON value for an error message, cut short: never the whole of a large request."""
    text = json.dumps(value, default=str) if not isinstance(value, list | dict) else f"{WORDS[type(value)]}"
    return text if len(text) <= most else f"{text[:most]}..."
