"""What an exported folder says of itself: its operations, its tensors, its card, its hashes."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from seqmem.serving.folders import GRAPH
from seqmem.serving.safe_files import CARD, DamagedModel, file_hashes, files_in, read_bytes

TENSORS = "tensors.tsv"
MOST_GRAPH = 2**26  # bytes
ADDED = ("operations", "files")  # to the card, once the graph is written


def operations(folder: Path) -> list[str]:
    """The kinds of operation in the graph of a SavedModel, its functions included."""
    graph = _meta_graph(folder).graph_def
    functions = {function.signature.name for function in graph.library.function}
    return sorted({node.op for node in _nodes(graph)} - functions)


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


def check_files(folder: Path, about: Mapping[str, Any]) -> None:
    """Compare the files of a folder with the hashes in its card, and the card with the graph's own.

    Nothing is loaded, and nothing is hashed before the names are those of the card.

    Raises:
        DamagedModel: a file that is missing, changed, or not of this model; a card that is not the graph's.
    """
    expected, there = about["files"], set(files_in(folder)) - {CARD}
    wrong = {"missing": set(expected) - there, "not of this model": there - set(expected)}
    if not any(wrong.values()):
        found = file_hashes(folder, leave_out=[CARD])
        wrong["changed"] = {name for name in expected if expected[name] != found[name]}
    said = "; ".join(f"{what}: {_few(sorted(names))}" for what, names in wrong.items() if names)
    if said:
        raise DamagedModel(f"{folder}: not as it was exported: {said}")
    _check_card(folder, about)


def _check_card(folder: Path, about: Mapping[str, Any]) -> None:
    """The graph holds the card that `describe` answers: no hash covers the file, but this does."""
    expected = _graph_card(folder)
    found = {name: value for name, value in about.items() if name not in ADDED}
    if expected != found:
        names = {name for name in {*expected, *found} if expected.get(name) != found.get(name)}
        raise DamagedModel(f"{folder}: {CARD} is not the card in the graph: {_few(sorted(names))} differ")


def _graph_card(folder: Path) -> dict[str, Any]:
    for node in _nodes(_meta_graph(folder).graph_def):
        value = node.attr["value"].tensor
        if node.op == "Const" and value.dtype == tf.string.as_datatype_enum:
            for text in value.string_val:
                if text.startswith(b"{"):
                    try:
                        found = json.loads(text)
                    except (ValueError, RecursionError):
                        continue
                    if isinstance(found, dict) and "weights" in found:
                        return found
    raise DamagedModel(f"{folder}: no card in the graph: export it again")


def _nodes(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _few(names: Iterable[str], most: int = 5) -> str:
    names = [name if len(name) <= 60 else f"{name[:60]}..." for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _meta_graph(folder: Path) -> Any:
    try:
        return saved_model_pb2.SavedModel.FromString(read_bytes(folder / GRAPH, MOST_GRAPH)).meta_graphs[0]
    except (DecodeError, IndexError) as error:
        raise DamagedModel(f"{folder}: {GRAPH} is no SavedModel: {error}") from error
