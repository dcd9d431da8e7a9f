"""What an exported folder says of itself: its operations, its tensors, its hashes."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

CARD = "card.json"
TENSORS = "tensors.tsv"
GRAPH = "saved_model.pb"


def operations(folder: Path) -> list[str]:
    """The kinds of operation in the graph of a SavedModel, its functions included."""
    graph = _meta_graph(folder).graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return sorted(
        {node.op for node in nodes} - {function.signature.name for function in graph.library.function}
    )


def write_tensors(folder: Path) -> None:
    """Write ``tensors.tsv``: which tensor stands behind which name, for languages without protobuf.

    A line each: signature, ``input`` or ``output``, name, type, shape (-1 for any), tensor.
    """
    lines = []
    for signature, about in sorted(_meta_graph(folder).signature_def.items()):
        if signature.startswith("__"):  # TensorFlow's own
            continue
        for side, tensors in (("input", about.inputs), ("output", about.outputs)):
            for name, tensor in sorted(tensors.items()):
                shape = "x".join(str(dim.size) for dim in tensor.tensor_shape.dim)
                dtype = tf.as_dtype(tensor.dtype).name
                lines.append("\t".join((signature, side, name, dtype, shape, tensor.name)))
    (folder / TENSORS).write_text("\n".join(lines) + "\n")


def weights_hash(weights: Iterable[Any]) -> str:
    """The SHA-256 of weights: shapes, types and values, in their order.

    Two exports of one model differ in their files, but not in this.
    """
    found = hashlib.sha256()
    for weight in weights:
        values = np.ascontiguousarray(weight)
        found.update(f"{values.shape} {values.dtype.str}\n".encode())
        found.update(values.tobytes())
    return found.hexdigest()


class DamagedModel(ValueError):
    """A folder that is not as it was exported."""


def check_files(folder: Path, about: Mapping[str, Any]) -> None:
    """Compare the files of a folder with the hashes in its card, if the card has them, before any is loaded.

    Raises:
        DamagedModel: a file that is missing, changed, or not of this model.
    """
    expected, found = about.get("files"), file_hashes(folder, leave_out={CARD})
    if expected is None or expected == found:
        return
    wrong = {
        "missing": sorted(set(expected) - set(found)),
        "changed": sorted(name for name in set(expected) & set(found) if expected[name] != found[name]),
        "not of this model": sorted(set(found) - set(expected)),
    }
    said = "; ".join(f"{what}: {', '.join(names)}" for what, names in wrong.items() if names)
    raise DamagedModel(f"{folder}: not as it was exported: {said}")


def file_hashes(folder: Path, *, leave_out: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in named.items()
        if name not in leave_out
    }


def _meta_graph(folder: Path) -> Any:
    saved = saved_model_pb2.SavedModel.FromString((folder / GRAPH).read_bytes())
    return saved.meta_graphs[0]
