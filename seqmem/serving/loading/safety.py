"""What is looked at before Keras sees a ``.keras`` file: whose classes it names, and how large it would grow.

Keras's safe mode refuses code, but not size: eleven kilobytes that ask for a layer of 3e8 units cost 18 GB
before Keras says no. Nor does it look at all that names a class: some names it resolves before it reads where
they are from.
"""

import json
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import keras

from seqmem._registry import StandIn
from seqmem.serving.loading.weights import UnsafeModel, check_weights
from seqmem.serving.safe_files import DamagedModel, opened

__all__ = ["UnsafeModel", "check_keras_file"]
MOST_BYTES = 2**25  # of a whole file; ours have some hundred thousand
MOST_CONFIG = 2**18  # bytes of config.json
MOST_RATIO = 20  # a file grows by that at most when it is unpacked; Keras does not even pack
MOST_OBJECTS, MOST_NODES, MOST_DEPTH = 500, 20_000, 40
MOST_NUMBER = 4096  # of units, steps, members, ...: of whatever may size something
SLACK = 2**23  # bytes that a small model may ask for, whatever its file holds
FREE = ("seed", "shared_object_id")  # numbers that nothing is made as large as
NO_WIDTH = ("lookback", "memory", "periods_per_year", "shared_object_id", "seed", "blocks")
"""Numbers that no weight is as wide as; of blocks it has a row each."""
MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
OBJECT = {"module", "class_name", "config", "registered_name", "build_config", "compile_config"}
# What our configs name of Keras. Ours, and those of cells that the caller imported, are in Keras's registry.
KERAS: dict[str, set[str] | None] = {
    "keras": {"DTypePolicy"},
    "keras.layers": {"Dense", "GRU", "GRUCell", "LSTM", "LSTMCell", "SimpleRNN", "SimpleRNNCell"}
    | {"StackedRNNCells"},
    "keras.initializers": None,
    "keras.regularizers": None,
    "keras.constraints": None,
}  # None: all classes that it has
COMPILED: dict[str, set[str] | None]
COMPILED = {
    "keras.losses": None,
    "keras.optimizers": None,
    "keras.optimizers.schedules": None,
}
PLAIN = "__tuple__"  # how Keras writes what is no object at all


class Node(NamedTuple):
    """A value of a config: the key that it stands under, how deep, and whether it is of `compile_config`."""

    value: Any
    name: str
    depth: int
    compiled: bool


def check_keras_file(path: Path) -> None:
    """Refuse a ``.keras`` file before anything in it is made.

    Raises:
        FileNotFoundError: no such file.
        UnsafeModel: no zip, members that do not belong there, a class that is neither ours nor on the list,
            weights that are not numbers, or a size beyond what the file itself could hold.
    """
    try:
        with opened(path, MOST_BYTES) as file, zipfile.ZipFile(file) as archive:
            _check_members(path, archive.infolist())
            config = json.loads(archive.read("config.json"))
            json.loads(archive.read("metadata.json"))
            weights = archive.read("model.weights.h5")
    except (FileNotFoundError, UnsafeModel):
        raise
    except DamagedModel as error:
        raise UnsafeModel(str(error)) from error
    except Exception as error:  # zlib, lzma, struct, ...: each way of packing has errors of its own
        raise UnsafeModel(f"{path}: not a whole .keras file: {str(error)[:200]}") from error
    check_weights(path, weights)
    _check_config(path, config, len(weights))


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    sizes = {item.filename[:60]: item.file_size for item in members[:10]}
    if set(sizes) != MEMBERS or len(members) != len(MEMBERS):
        raise UnsafeModel(f"{path}: expected {', '.join(sorted(MEMBERS))}. Received: {sorted(sizes)}")
    if sum(sizes.values()) > MOST_BYTES or sizes["config.json"] > MOST_CONFIG:
        raise UnsafeModel(
            f"{path}: expected at most {MOST_BYTES} bytes, {MOST_CONFIG} of config. Received: {sizes}"
        )
    for item in members:
        if item.file_size > MOST_RATIO * item.compress_size + 1000:
            raise UnsafeModel(
                f"{path}: {item.filename} unpacks {item.compress_size} bytes to {item.file_size}"
            )


def _check_config(path: Path, config: Any, size: int) -> None:
    nodes = []
    for node in _nodes(config):
        nodes.append(node)
        if len(nodes) > MOST_NODES or node.depth > MOST_DEPTH:
            raise UnsafeModel(
                f"{path}: expected at most {MOST_NODES} values, {MOST_DEPTH} deep, in the config"
            )
    objects = [node for node in nodes if isinstance(node.value, dict) and "class_name" in node.value]
    if not objects or objects[0].value is not config:
        raise UnsafeModel(f"{path}: expected an object. Received: {type(config).__name__}")
    if len(objects) > MOST_OBJECTS:
        raise UnsafeModel(f"{path}: expected at most {MOST_OBJECTS} objects. Received: {len(objects)}")
    for node in objects:
        _check_class(path, node)
    for node in nodes:
        _check_value(path, node)
    _check_size(path, [node.value for node in objects if not node.compiled], nodes, size)


def _check_class(path: Path, node: Node) -> None:
    """An object is what all of its three names say together, or it is nothing."""
    one = node.value
    name, module, registered = one["class_name"], one.get("module"), one.get("registered_name")
    if name == PLAIN:
        return
    known = {type(name), type(module), type(registered)} <= {str, type(None)}
    if known and isinstance(name, str) and isinstance(module, str) and not name.startswith("_"):
        if registered is None:
            if name in _keras_classes(module, node.compiled):
                return
        else:
            found = _registered(registered)
            # A class may have moved within its package since the file was written, no further.
            if (
                isinstance(found, type)
                and found.__name__ == name
                and _package(found.__module__) == _package(module)
            ):
                return
    shown = str(registered or f"{module}.{name}")[:100]
    raise UnsafeModel(
        f"{path}: Cannot load class {shown}. If it is your own, import its module first "
        "(on the command line: --import MODULE)."
    )


def _registered(name: str) -> Any:
    found = keras.saving.get_registered_object(name)
    return getattr(import_module(found.home), found.name) if isinstance(found, StandIn) else found


@cache
def _keras_classes(module: str, compiled: bool) -> set[str]:
    allowed = KERAS | COMPILED if compiled else KERAS
    if module not in allowed:
        return set()
    names = allowed[module]
    if names is None:
        home: Any = keras
        for part in module.split(".")[1:]:
            home = getattr(home, part)
        names = {name for name in dir(home) if isinstance(getattr(home, name), type)}
    return names


def _package(module: str) -> str:
    return module.partition(".")[0]


def _check_value(path: Path, node: Node) -> None:
    value, name = node.value, node.name
    if name == "compile_config" and value and node.depth > 1:
        raise UnsafeModel(f"{path}: a compile_config within the model")
    if isinstance(value, str) and len(value) > 1000:
        raise UnsafeModel(f"{path}: expected {name} of at most 1000 characters. Received: {len(value)}")
    if not isinstance(value, int | float) or isinstance(value, bool) or name in FREE:
        return
    most = 10**9 if node.compiled else MOST_NUMBER  # load compiles nothing: a schedule may have many steps
    if not abs(value) <= most:  # NaN is not
        raise UnsafeModel(f"{path}: expected {name} of at most {most}. Received: {str(value)[:40]}")


def _check_size(path: Path, objects: list[dict[str, Any]], nodes: list[Node], size: int) -> None:
    """No more weights than about the file holds: each object is charged for the widest that it could make."""
    widest = max((_width(node) for node in nodes), default=1)
    times = max((_width(node) for node in nodes if node.name == "members"), default=1)
    claimed = 0
    for one in objects:
        units = max(map(_width, _own(one.get("config"))), default=1)
        claimed += 16 * times * units * (units + widest)  # bytes: four gates, their kernels
    if claimed > 4 * size + SLACK:
        raise UnsafeModel(f"{path}: asks for up to {claimed} bytes of weights, and holds {size}")


def _own(config: Any) -> Iterator[Node]:
    """The values of an object itself, not those of the objects in it."""
    for name, value in config.items() if isinstance(config, dict) else ():
        for one in value if isinstance(value, list) else [value]:
            yield Node(one, name, 1, False)


def _width(node: Node) -> int:
    """How wide something might become by this number."""
    number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    return int(node.value) if number and not node.compiled and node.name not in NO_WIDTH else 1


def _nodes(value: Any) -> Iterator[Node]:
    """Every value, outermost first; no recursion, and no deeper than what was asked for."""
    pending = [Node(value, "", 0, False)]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node.value, dict):
            children = list(node.value.items())
        elif isinstance(node.value, list):
            children = [(node.name, child) for child in node.value]
        else:
            continue
        for name, child in reversed(children):
            compiled = node.compiled or (name == "compile_config" and node.depth == 0)
            pending.append(Node(child, name, node.depth + 1, compiled))
