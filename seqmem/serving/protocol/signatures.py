"""What a SavedModel says that it takes and gives: read from its own file."""

from pathlib import Path
from typing import NamedTuple

from seqmem.serving.protocol.protos import SignatureDef
from seqmem.serving.protocol.tensors import NAMES


class Spec(NamedTuple):
    """One named tensor of a signature: TensorFlow's name of its type, and its shape, -1 where it is free."""

    dtype: str
    shape: tuple[int, ...] | None  # None: not even the rank is known


class Signature(NamedTuple):
    """The named inputs and outputs of one entry of a SavedModel."""

    inputs: dict[str, Spec]
    outputs: dict[str, Spec]


def signature(message: SignatureDef) -> Signature:
    """What a SignatureDef says, TensorFlow's own or ours."""
    return Signature(
        *(
            {
                name: Spec(
                    NAMES.get(info.dtype, f"type {info.dtype}"),
                    None if info.tensor_shape.unknown_rank else tuple(d.size for d in info.tensor_shape.dim),
                )
                for name, info in sorted(side.items())
            }
            for side in (message.inputs, message.outputs)
        )
    )


def signatures(folder: Path) -> dict[str, Signature]:
    """The signatures of the SavedModel in a folder, by name.

    Raises:
        OSError: no SavedModel there.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    served = [graph for graph in saved.meta_graphs if "serve" in graph.meta_info_def.tags]
    return {
        name: signature(found)
        for graph in served
        for name, found in graph.signature_def.items()
        if not name.startswith("__")  # TensorFlow's own, for restoring
    }
