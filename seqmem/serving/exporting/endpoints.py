"""The signatures of an exported model: what a client that knows nothing but prices may ask."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from seqmem.heads import LabelForecast
from seqmem.models.forecaster import Forecaster
from seqmem.recurrence import inference
from seqmem.serving.exporting.graph_checks import checked, enough
from seqmem.serving.exporting.path_outputs import path_outputs
from seqmem.serving.questions import input_names

Tensor = Any


class Endpoint(NamedTuple):
    """One thing that may be asked.

    Attributes:
        name: of its signature.
        function: from tensors, in the order of `inputs`, to named tensors.
        inputs: names, types and shapes.
    """

    name: str
    function: Callable[..., dict[str, Tensor]]
    inputs: list[tf.TensorSpec]


def endpoints(forecaster: Forecaster, card: str) -> list[Endpoint]:
    """All that a forecaster can answer; `card` is what ``describe`` says."""
    names = input_names(forecaster.target.columns)
    window = [tf.TensorSpec((None, None), tf.float32, name=name) for name in names]
    answers = Window(forecaster)
    found = [Endpoint("serving_default", answers.forecast, window)]
    if forecaster.quantity.signature:
        found.append(Endpoint(forecaster.quantity.signature, answers.forecast, window))
    if forecaster.network.head.sampled:
        found.append(Endpoint("paths", answers.paths, window))
    if forecaster.network.state_sizes is not None:
        stream = Stream(forecaster)
        found += [Endpoint("start", stream.start, window), Endpoint("step", stream.step, stream.inputs)]
    if gate_widths(forecaster):
        found.append(Endpoint("explain", answers.explain, window))
    request = tf.TensorSpec((None,), tf.string, name="request")
    found.append(Endpoint("describe", lambda request: {"card": tf.fill(tf.shape(request), card)}, [request]))
    return found


def gate_widths(forecaster: Forecaster) -> dict[str, int]:
    """The gates that ``explain`` tells, and their widths; none of a network that tells of none."""
    rows = np.ones((1, forecaster.context_length, len(forecaster.target.columns)), "float32")
    try:
        gates = forecaster.network.gates(forecaster.target.inputs(ops.convert_to_tensor(rows)))
    except (TypeError, AttributeError):  # cells that are not ours have none
        return {}
    return {name: int(values.shape[-1]) for name, values in gates.items()}


class Window:
    """Answers from whole windows: prices [B, T], T at least the context length; longer ones are cut."""

    def __init__(self, forecaster: Forecaster) -> None:
        self.forecaster = forecaster

    def history(self, prices: Sequence[Tensor]) -> Tensor:
        """All rows that are given, checked: [B, T, C]."""
        forecaster = self.forecaster
        columns, positive = forecaster.target.columns, forecaster.target.positive_columns
        checks = [
            check
            for name, column, one in zip(input_names(columns), columns, prices, strict=True)
            for check in (
                enough(name, one, forecaster.context_length),
                checked(name, one, column in positive),
            )
        ]
        with tf.control_dependencies(checks):
            return tf.stack(prices, -1)

    def window(self, prices: Sequence[Tensor]) -> Tensor:
        """The last of them, as many as a window needs: [B, rows, C]."""
        needed, width = self.forecaster.context_length, len(self.forecaster.target.columns)
        return tf.ensure_shape(self.history(prices)[:, -needed:], (None, needed, width))

    def forecast(self, *prices: Tensor) -> dict[str, Tensor]:
        """`Forecaster.respond`, by name."""
        history = self.history(prices)
        with inference.export_graph(self.forecaster):
            found = self.forecaster.respond(history, training=False)
        return self.forecaster.outputs(found)

    def paths(self, *prices: Tensor) -> dict[str, Tensor]:
        """Sampled paths and what they do as a whole; see `path_outputs`."""
        history, forecaster = self.window(prices), self.forecaster
        head = forecaster.network.head
        with inference.export_graph(forecaster):
            raw = forecaster.network(forecaster.target.inputs(history), training=False)
        samples = head.sample(head.merge(ops.cast(raw, history.dtype)))
        return path_outputs(forecaster.target.inverse(samples, history), head.levels)

    def explain(self, *prices: Tensor) -> dict[str, Tensor]:
        """What each gate does at each step of the window: [B, lookback, U]."""
        inputs = self.forecaster.target.inputs(self.window(prices))
        return self.forecaster.network.gates(inputs)


class Stream:
    """Answers from one new row at a time; all that is remembered goes in and out, by name.

    A state is `history`, the last rows that the transform looks back on, and ``state_0`` ..., those of the
    cells. All zeros is the state of a stream that has read nothing; until the history is full there is no
    forecast, but NaN. After T rows a stream answers what a window of the same rows would.
    """

    def __init__(self, forecaster: Forecaster) -> None:
        self.forecaster = forecaster
        self.rows: int = forecaster.target.warmup
        self.width: int = len(forecaster.target.columns)
        self.widths: tuple[int, ...] | tuple[()] = forecaster.network.state_sizes or ()
        self.names: list[str] = list(forecaster.target.columns)

    @property
    def inputs(self) -> list[tf.TensorSpec]:
        """One price each, then the state."""
        state: dict[str, tuple[int | None, ...]] = {}
        if self.rows:
            state["history"] = (None, self.rows) if self.width == 1 else (None, self.rows, self.width)
        state |= {f"state_{n}": (None, width) for n, width in enumerate(self.widths)}
        shapes = {name: (None,) for name in self.names} | state
        return [tf.TensorSpec(shape, tf.float32, name=name) for name, shape in shapes.items()]

    def start(self, *prices: Tensor) -> dict[str, Tensor]:
        """Begin with a window: its forecast, and the state after it."""
        history = Window(self.forecaster).window(prices)
        first = [tf.zeros((tf.shape(history)[0], width)) for width in self.widths]
        return self._answer(*self._read(history, first), history)

    def step(self, *given: Tensor) -> dict[str, Tensor]:
        """Read one row more."""
        prices, state = given[: len(self.names)], list(given[len(self.names) :])
        positive = self.forecaster.target.positive_columns
        with tf.control_dependencies(
            [checked(name, one, name in positive) for name, one in zip(self.names, prices, strict=True)]
        ):
            row = tf.stack(prices, -1)[:, None]  # [B, 1, C]
        rows = row
        if self.rows:
            before = state.pop(0)
            rows = tf.concat([before[..., None] if self.width == 1 else before, row], 1)
        seen = tf.reduce_all(tf.reduce_any(rows != 0, -1), 1)[:, None]  # a row of zeros has not come yet
        found, after = self._read(rows, state)
        after = [tf.where(seen, new, old) for new, old in zip(after, state, strict=True)]
        known = [None if one is None else _where(seen, one) for one in found]
        return self._answer(LabelForecast(*known), after, rows)

    def _read(self, rows: Tensor, states: list[Tensor]) -> tuple[LabelForecast, list[Tensor]]:
        forecaster = self.forecaster
        raw, after = forecaster.network.advance(forecaster.target.inputs(rows), states)
        return forecaster.read(raw, rows), after

    def _answer(self, found: LabelForecast, after: list[Tensor], rows: Tensor) -> dict[str, Tensor]:
        state = {}
        if self.rows:
            state["history"] = rows[:, -self.rows :, 0] if self.width == 1 else rows[:, -self.rows :]
        state |= {f"state_{n}": one for n, one in enumerate(after)}
        return self.forecaster.outputs(found) | state


def _where(seen: Tensor, values: Tensor) -> Tensor:
    """Values [B, H] or [B, H, Q] where a row has been read; NaN elsewhere."""
    return tf.where(seen if len(values.shape) == 2 else seen[..., None], values, np.nan)
