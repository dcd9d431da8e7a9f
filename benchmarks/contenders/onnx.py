"""ONNX Runtime on an exported model."""

from collections.abc import Callable

import numpy as np
import onnxruntime

from benchmarks.data import LOOKBACK
from benchmarks.harness import THREADS


def run(file: str, batch: int = 1) -> Callable[[], None]:
    """One request: windows of closes, or of returns for a model that takes them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    values = np.random.default_rng(0).normal(size=(batch, LOOKBACK + 1)).astype("float32")
    closes = 100 * np.exp(values.cumsum(1) / 100)
    given = {entry.name: closes if len(entry.shape) == 2 else values[:, 1:, None]}
    return lambda: session.run(None, given)
