"""One version of a model in memory: a session on its graph, as TensorFlow Serving has it. No Keras."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seqmem.serving.exporting import warmup
from seqmem.serving.protocol.protos import PredictionLog
from seqmem.serving.protocol.signatures import Signature, signature
from seqmem.serving.protocol.tensors import to_array
from seqmem.serving.server.errors import STATUSES, RequestError, invalid

_REMEMBERED = 100  # shapes of a row


class Version:
    """A SavedModel that answers.

    Args:
        folder: of the version.
        name: of the model.

    Raises:
        Exception: whatever TensorFlow says of a folder that is no SavedModel.
    """

    def __init__(self, folder: Path, name: str) -> None:
        import tensorflow as tf

        self.name: str = name
        self.number: int = int(folder.name)
        self._lock, self._running, self._retired = threading.Lock(), 0, False
        self._row_sizes: dict[Any, int] = {}  # numbers that a row is answered with, by signature and shapes
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        try:
            with graph.as_default():
                meta = tf.compat.v1.saved_model.load(self._session, ["serve"], str(folder))
            self._definitions = {
                key: found for key, found in meta.signature_def.items() if not key.startswith("__")
            }
            self.signatures: dict[str, Signature] = {
                key: signature(found) for key, found in self._definitions.items()
            }
            self._calls = {key: self._call(found) for key, found in self._definitions.items() if found.inputs}
            self._warm(folder / warmup.PLACE)
        except BaseException:
            self._session.close()
            raise

    @property
    def forecast_names(self) -> set[str]:
        """The outputs of the default signature: what a forecast is made of."""
        return (
            set(self.signatures["serving_default"].outputs) if "serving_default" in self.signatures else set()
        )

    def signature(self, name: str) -> Signature:
        """One of the signatures; the default one for an empty name.

        Raises:
            RequestError: there is none of this name.
        """
        name = name or "serving_default"
        if name not in self._calls:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]

    def run(self, name: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What a signature says of its inputs, by name.

        Raises:
            RequestError: the graph's own error.
        """
        import tensorflow as tf

        found = self.signature(name)
        call = self._calls[name or "serving_default"]
        for each, spec in found.inputs.items():
            shape = inputs[each].shape
            free = spec.shape is None or (
                len(shape) == len(spec.shape)
                and all(own in (-1, size) for own, size in zip(spec.shape, shape, strict=True))
            )
            if not free:
                wanted = ", ".join("any" if own < 0 else str(own) for own in spec.shape or ())
                raise invalid(f"{each}: expected shape [{wanted}]. Received: {list(shape)}")
        try:
            values = call(*(inputs[each] for each in found.inputs))
        except tf.errors.OpError as error:
            raise RequestError(STATUSES.get(error.error_code, 500), _words(error)) from None
        return dict(zip(found.outputs, values, strict=True))

    def answer_size(self, name: str, inputs: Mapping[str, np.ndarray]) -> int:
        """How many numbers the answer will have: asked of its first row, once for each shape of a row.

        Where the inputs have no rows in common, nothing is known before it is run: 0.

        Raises:
            RequestError: the graph's own error.
        """
        rows = {len(array) if array.ndim else 0 for array in inputs.values()}
        if rows == {1} or len(rows) != 1 or 0 in rows:
            return 0
        shapes = (name, *(array.shape[1:] for array in inputs.values()))
        if shapes not in self._row_sizes:
            first = self.run(name, {each: array[:1] for each, array in inputs.items()})
            if len(self._row_sizes) >= _REMEMBERED:
                self._row_sizes.clear()
            self._row_sizes[shapes] = size_of(first)
        return self._row_sizes[shapes] * rows.pop()

    def metadata(self) -> dict[str, Any]:
        """The signatures as TensorFlow Serving's JSON has them."""
        from google.protobuf.json_format import MessageToDict

        return {
            key: MessageToDict(
                found, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
            for key, found in self._definitions.items()
        }

    @contextmanager
    def lease(self) -> Iterator["Version"]:
        """Hold it: a version that is retired meanwhile stays until the last one lets go."""
        with self._lock:
            self._running += 1
        try:
            yield self
        finally:
            with self._lock:
                self._running -= 1
                last = self._retired and not self._running
            if last:
                self._session.close()

    def retire(self) -> None:
        """Take no more requests, and free the memory once the running ones have ended."""
        with self._lock:
            self._retired, idle = True, not self._running
        if idle:
            self._session.close()

    def _call(self, definition: Any) -> Any:
        """A function of the inputs, in the order of their names."""
        given = [definition.inputs[name].name for name in sorted(definition.inputs)]
        wanted = [definition.outputs[name].name for name in sorted(definition.outputs)]
        tensor = self._session.graph.get_tensor_by_name
        return self._session.make_callable(
            [tensor(name) for name in wanted], [tensor(name) for name in given]
        )

    def _warm(self, path: Path) -> None:
        import tensorflow as tf

        if not path.is_file():
            return
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            request = PredictionLog.FromString(record).predict_log.request
            inputs = {name: to_array(proto) for name, proto in request.inputs.items()}
            self.run(request.model_spec.signature_name, inputs)


def size_of(outputs: Mapping[str, np.ndarray]) -> int:
    """The numbers in an answer; a string counts as those that would take its place."""
    return sum(
        array.size if array.dtype != object else sum(1 + len(one) // 8 for one in array.ravel())
        for array in outputs.values()
    )


def _words(error: Any) -> str:
    """What went wrong, without where in the graph."""
    words = str(error.message).removeprefix("Graph execution error:\n\n")
    return re.split(r"\n\s+\[\[|\n\nOriginal stack trace|\n\nDetected at node", words)[0]
