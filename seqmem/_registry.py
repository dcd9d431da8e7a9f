"""Where Keras finds our classes in a file, though nobody has imported their modules.

Keras looks up a class in a table that a module fills when it is imported. `import seqmem` imports none, so it
puts stand-ins there, as soon as Keras itself is imported: each imports its class when a file has it.
"""

import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
HOMES = {
    "seqmem.cells": (
        "EMACell",
        "GARCHCell",
        "GRUCell",
        "LSTMCell",
        "LayerNormLSTMCell",
        "MinGRUCell",
        "MinLSTMCell",
        "PeepholeLSTMCell",
        "RNNCell",
        "SLSTMCell",
        "Zoneout",
    ),
    "seqmem.recurrence": ("GRU", "LSTM", "Recurrent", "SimpleRNN"),
    "seqmem.transforms": ("Chain", "Difference", "LogReturn", "Standardize"),
    "seqmem.losses": ("QLIKE", "VarianceStudentT"),
    "seqmem.recipe": ("CosineEachFit",),
    "seqmem.heads": ("LogVariance", "Point", "Quantiles", "ShapedVariance", "StudentT"),
    "seqmem.targets": ("CumulativeReturn", "PricePath", "RawVariance", "ScaleFreeVariance"),
    "seqmem.networks": (
        "BlockDiagonal",
        "Constant",
        "DenseBridge",
        "EncoderDecoder",
        "EnsembleMean",
        "InverseSigmoid",
        "KerasNetwork",
        "Linear",
        "PerMemberInitializer",
        "ResidualRecurrent",
    ),
    "seqmem.models.forecaster": ("Forecaster",),
    "seqmem.models.interpolated": ("InterpolatedVariance",),
    "seqmem.models.classics.graphs.inputs": (
        "LogHARInputs",
        "LogMeasure",
        "RangeMeans",
        "ReturnInputs",
        "SquareMeans",
    ),
    "seqmem.models.classics.graphs.together": ("ForecastersTogether", "WholeWindow"),
    "seqmem.models.classics.graphs.recurrence": ("EGARCHCell", "VarianceRecurrence"),
}


class StandIn:
    """A class that is imported once it is needed."""

    def __init__(self, home: str, name: str) -> None:
        self.home, self.name = home, name

    def from_config(self, config: dict[str, Any]) -> Any:
        """What the class itself makes of a config."""
        return getattr(import_module(self.home), self.name).from_config(config)


def register() -> None:
    """Put a stand-in into Keras's table for each class that is not there."""
    import keras

    logging.getLogger("tensorflow").addFilter(_is_news)
    table = keras.saving.get_custom_objects()
    for home, names in HOMES.items():
        for name in names:
            table.setdefault(f"seqmem>{name}", StandIn(home, name))


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of TensorFlow is news: of many models, each is traced and saved."""
    text = record.getMessage()
    return not text.startswith("Assets written to:") and "triggered tf.function retracing" not in text


@contextmanager
def _quiet_tensorflow() -> Iterator[None]:
    """Let TensorFlow, which Keras imports, log errors alone; unless somebody has said what it should log.

    It reads the variable once, as it is imported: afterwards the environment is as it was.
    """
    if LEVEL in os.environ or "tensorflow" in sys.modules:
        yield
        return
    os.environ[LEVEL] = "2"  # no CPU features, XLA devices, or odd sizes of a fused LSTM
    try:
        yield
    finally:
        del os.environ[LEVEL]


class _Watch:
    """Waits for Keras: an entry of `sys.meta_path` that leaves with the first import of it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with _quiet_tensorflow():
                    execute(module)
                register()

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def register_with_keras() -> None:
    """Now, or when Keras is imported."""
    if "keras" in sys.modules:
        register()
    else:
        sys.meta_path.insert(0, _Watch())
