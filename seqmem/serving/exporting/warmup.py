"""Requests that a server sends to itself before it answers anybody: the first one is slow."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqmem.serving.protocol.protos import PredictionLog
from seqmem.serving.protocol.signatures import Spec, signatures
from seqmem.serving.protocol.tensors import DTYPES, to_proto

PLACE = Path("assets.extra") / "tf_serving_warmup_requests"


def write(
    folder: Path,
    *,
    context_length: int,
    name: str,
    batches: Sequence[int] = (1, 32),
    signature: str = "serving_default",
) -> Path:
    """Write ``assets.extra/tf_serving_warmup_requests`` beside a SavedModel.

    A TFRecord of PredictionLog, one for each batch size, which TensorFlow Serving replays as it loads the
    version (at most 1,000 are allowed).

    Args:
        folder: of the SavedModel.
        context_length: rows that a window reads: the length of every free axis but the first.
        name: of the model, as a server has it.
        batches: the sizes of the first axis.
        signature: the entry to be warmed.

    Returns:
        The file.

    Raises:
        KeyError: the SavedModel has no such signature.
    """
    import tensorflow as tf

    inputs = signatures(folder)[signature].inputs
    path = folder / PLACE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as records:
        for batch in batches:
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.name, request.model_spec.signature_name = name, signature
            for each, spec in inputs.items():
                request.inputs[each].CopyFrom(to_proto(_example(spec, batch, context_length)))
            records.write(log.SerializeToString(deterministic=True))
    return path


def _example(spec: Spec, batch: int, context_length: int) -> np.ndarray:
    """Something of the right shape that every graph accepts: prices that rise from 100 to 101."""
    free = [batch, *[context_length] * (len(spec.shape or ()) - 1)]
    shape = tuple(own if own >= 0 else size for own, size in zip(spec.shape or (), free, strict=False))
    if spec.dtype == "DT_STRING":
        return np.full(shape, b"", object)
    last = np.linspace(100, 101, shape[-1]) if shape else 100.0
    return np.broadcast_to(last, shape).astype(DTYPES[spec.dtype])
