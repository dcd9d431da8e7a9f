"""Arrays as TensorFlow's TensorProto, and back, without TensorFlow."""

from typing import Any

import numpy as np

from seqmem.serving.protocol.protos import TensorProto

# TensorFlow's number of each type, its name in a signature, NumPy's type, the field for single values
_TYPES = (
    (1, "DT_FLOAT", np.float32, "float_val"),
    (2, "DT_DOUBLE", np.float64, "double_val"),
    (3, "DT_INT32", np.int32, "int_val"),
    (9, "DT_INT64", np.int64, "int64_val"),
    (10, "DT_BOOL", np.bool_, "bool_val"),
    (7, "DT_STRING", np.object_, "string_val"),
)
_BY_NUMBER = {number: (np.dtype(dtype), field) for number, _, dtype, field in _TYPES}
_NUMBERS = {np.dtype(dtype): number for number, _, dtype, _ in _TYPES}
DTYPES = {name: np.dtype(dtype) for _, name, dtype, _ in _TYPES}
NAMES = {number: name for number, name, _, _ in _TYPES}


def to_proto(values: Any) -> Any:
    """The array as `tf.make_tensor_proto` writes it; strings as an array of objects, bytes or str.

    Raises:
        TypeError: a type that no signature of ours has.

    >>> to_proto(np.float32([100, 101])).tensor_content.hex()
    '0000c8420000ca42'
    """
    array = np.asarray(values)
    if array.dtype.kind in "US":
        array = array.astype(object)
    if array.dtype not in _NUMBERS:
        raise TypeError(f"to_proto: no tensor of {array.dtype}; expected one of {', '.join(DTYPES)}")
    proto = TensorProto(dtype=_NUMBERS[array.dtype])
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if not array.shape:
        proto.tensor_shape.SetInParent()
    dtype, field = _BY_NUMBER[proto.dtype]
    if dtype.kind == "O":
        proto.string_val.extend(one.encode() if isinstance(one, str) else one for one in array.ravel())
    elif array.size > 1 and dtype.kind != "b":  # TensorFlow writes truth values one by one
        proto.tensor_content = array.astype(dtype.newbyteorder("<")).tobytes()
    else:
        getattr(proto, field).extend(array.ravel().tolist())
    return proto


def to_array(proto: Any) -> np.ndarray:
    """The array that a TensorProto holds, in any of its three ways; strings as bytes in an array of objects.

    Raises:
        TypeError: a type that no signature of ours has.
        ValueError: values that do not fill the shape.

    >>> to_array(to_proto(np.arange(3.0)))
    array([0., 1., 2.])
    """
    if proto.dtype not in _BY_NUMBER:
        raise TypeError(f"to_array: no array of TensorFlow's type {proto.dtype}")
    dtype, field = _BY_NUMBER[proto.dtype]
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.tensor_content:
        return np.frombuffer(proto.tensor_content, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
    values = np.array(list(getattr(proto, field)), dtype)
    size = int(np.prod(shape))
    if 0 < len(values) < size:  # the last one stands for all that follow
        values = np.concatenate([values, np.repeat(values[-1:], size - len(values))])
    return values.reshape(shape)
