"""What is looked at before Keras sees a ``.keras`` file: whose classes it names, and how large it would grow.

Keras's safe mode refuses code, but not size: eleven kilobytes that ask for a layer of 3e8 units cost 18 GB
before Keras says no.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras

MOST_BYTES = 2**30  # of a whole file; ours have some hundred thousand
MOST_CONFIG = 2**20  # bytes of config.json
MOST_OBJECTS = 500
MOST_NUMBER = 10**9  # a loop counter may be large
LIMITS = dict.fromkeys(
    ("units", "members", "horizon", "horizons", "features", "lookback", "memory", "input_shape"), 4096
)
FREE = ("seed", "shared_object_id")  # numbers that nothing is made as large as
MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
# What our configs name of Keras. Ours, and those of cells that the caller imported, are in Keras's registry.
KERAS = {
    "keras": {"DTypePolicy"},
    "keras.layers": {"Dense", "GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"},
    "keras.initializers": None,
    "keras.regularizers": None,
    "keras.constraints": None,
    "keras.losses": None,
    "keras.metrics": None,
    "keras.optimizers": None,
    "keras.optimizers.schedules": None,
}  # None: all that it has
PLAIN = {"__tuple__"}  # how Keras writes what is no object at all


class UnsafeModel(ValueError):
    """A model file that was not loaded."""


def check_keras_file(path: Path) -> None:
    """Refuse a ``.keras`` file before anything in it is made.

    Raises:
        UnsafeModel: no zip, members that do not belong there, a class that is neither ours nor on the list,
            or a size beyond what the file itself could hold.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {item.filename: item.file_size for item in archive.infolist()}
            if set(sizes) != MEMBERS or len(archive.infolist()) != len(MEMBERS):
                raise UnsafeModel(f"{path}: expected {', '.join(sorted(MEMBERS))}. Received: {sorted(sizes)}")
            if sum(sizes.values()) > MOST_BYTES or sizes["config.json"] > MOST_CONFIG:
                raise UnsafeModel(f"{path}: expected at most {MOST_BYTES} bytes. Received: {sizes}")
            config = json.loads(archive.read("config.json"))
            weights = archive.read("model.weights.h5")
    except (zipfile.BadZipFile, OSError, KeyError, ValueError, RecursionError) as error:
        if isinstance(error, UnsafeModel | FileNotFoundError):
            raise
        raise UnsafeModel(f"{path}: not a whole .keras file: {error}") from error
    _check_weights(path, weights)
    _check_config(path, config, len(weights))


def _check_weights(path: Path, data: bytes) -> None:
    """The numbers must be in the file: none elsewhere, none implied."""
    found = 0

    def visit(group: Any) -> None:
        nonlocal found
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise UnsafeModel(f"{path}: weights {name!r} lie outside of the file")
            item = group[name]
            if isinstance(item, h5py.Group):
                visit(item)
            else:
                found += item.nbytes
                if item.external or item.is_virtual or found > len(data):
                    raise UnsafeModel(
                        f"{path}: weights {item.name!r} are not in the file: {item.nbytes} bytes"
                    )

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            visit(file)
    except (OSError, RuntimeError, RecursionError) as error:
        raise UnsafeModel(f"{path}: weights that cannot be read: {error}") from error


def _check_config(path: Path, config: Any, size: int) -> None:
    objects = list(_objects(config))
    if len(objects) > MOST_OBJECTS:
        raise UnsafeModel(f"{path}: expected at most {MOST_OBJECTS} objects. Received: {len(objects)}")
    for one in objects:
        _check_class(path, one)
    for name, value in _numbers(config):
        if name not in FREE and abs(value) > LIMITS.get(name, MOST_NUMBER):
            raise UnsafeModel(
                f"{path}: expected {name} of at most {LIMITS.get(name, MOST_NUMBER)}. Received: {value}"
            )
    times = max([1, *(int(value) for name, value in _numbers(config) if name == "members")])
    claimed = 0
    for one in objects:
        units = one["config"].get("units", 0) if isinstance(one.get("config"), dict) else 0
        width = int(units) * times if isinstance(units, int | float) else 0
        # At the least: the recurrent kernel of a cell, the bias of anything else.
        claimed += 4 * width * (width if str(one["class_name"]).endswith("Cell") else 1)
    if claimed > size:
        raise UnsafeModel(f"{path}: asks for {claimed} bytes of weights, and holds {size}")


def _check_class(path: Path, one: dict[str, Any]) -> None:
    name, module, registered = one["class_name"], one.get("module"), one.get("registered_name")
    if name in PLAIN:
        return
    if registered is not None and keras.saving.get_registered_object(registered) is not None:
        return
    allowed = KERAS.get(str(module), set())
    if registered is None and (allowed is None or name in allowed):
        return
    raise UnsafeModel(
        f"{path}: {registered or f'{module}.{name}'} is no class that seqmem loads. A cell of your own is, "
        "once the module that defines it was imported"
    )


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """All serialised objects, outermost first."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield node
        for child in node.values():
            yield from _objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from _objects(child)


def _numbers(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """All numbers with the key that they stand under."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield from _numbers(child, key)
    elif isinstance(node, list):
        for child in node:
            yield from _numbers(child, name)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield name, node
