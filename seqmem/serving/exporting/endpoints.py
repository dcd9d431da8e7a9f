"""The signatures of an exported model: what a client that knows nothing but prices may ask."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from seqmem.models.forecaster import Forecaster
from seqmem.recurrence import inference
from seqmem.serving.exporting.graph_checks import checked, enough

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
    names = columns(forecaster)
    window = [tf.TensorSpec((None, None), tf.float32, name=name) for name in names]
    asked = Window(forecaster)
    found = [Endpoint("serving_default", asked.forecast, window)]
    if forecaster.target.columns:
        found.append(Endpoint("volatility", asked.forecast, window))
    if streams(forecaster):
        stream = Stream(forecaster)
        found += [Endpoint("start", stream.start, window), Endpoint("step", stream.step, stream.inputs)]
    if explains(forecaster):
        found.append(Endpoint("explain", asked.explain, window))
    request = tf.TensorSpec((None,), tf.string, name="request")
    found.append(Endpoint("describe", lambda request: {"card": tf.fill(tf.shape(request), card)}, [request]))
    return found


def columns(forecaster: Forecaster) -> list[str]:
    """The names of what a server is given."""
    return ["high", "low", "close"] if forecaster.target.columns == (3,) else ["closes"]


def streams(forecaster: Forecaster) -> bool:
    """Whether the network can read on from where it ended."""
    return hasattr(forecaster.network, "memory")


def explains(forecaster: Forecaster) -> bool:
    """Whether the network has gates, and tells them."""
    if not hasattr(forecaster.network, "gates"):
        return False
    try:
        return bool(gate_widths(forecaster))
    except (TypeError, AttributeError):  # cells that are not ours; networks of networks that do not tell
        return False


def gate_widths(forecaster: Forecaster) -> dict[str, int]:
    """The gates that ``explain`` tells, and their widths."""
    rows = np.ones((1, forecaster.closes, *forecaster.target.columns), "float32")
    gates = forecaster.network.gates(forecaster.target.inputs(ops.convert_to_tensor(rows)))
    return {name: int(values.shape[-1]) for name, values in gates.items()}


class Window:
    """Answers from whole windows: prices [B, T], T at least `Forecaster.closes`; longer ones are cut."""

    def __init__(self, forecaster: Forecaster) -> None:
        self.forecaster = forecaster

    def history(self, prices: Sequence[Tensor]) -> Tensor:
        """All that is given, checked: closes [B, T], or bars [B, T, columns]."""
        needed = self.forecaster.closes
        named = list(zip(columns(self.forecaster), prices, strict=True))
        checks = [check for name, one in named for check in (enough(name, one, needed), checked(name, one))]
        with tf.control_dependencies(checks):
            whole = tf.stack(prices, -1) if self.forecaster.target.columns else tf.identity(prices[0])
        return whole

    def window(self, prices: Sequence[Tensor]) -> Tensor:
        """The last of it, as much as a window needs: [B, closes], or [B, closes, columns]."""
        needed = self.forecaster.closes
        return tf.ensure_shape(
            self.history(prices)[:, -needed:], (None, needed, *self.forecaster.target.columns)
        )

    def forecast(self, *prices: Tensor) -> dict[str, Tensor]:
        """`Forecaster.call`."""
        history = self.history(prices)
        with inference.export_graph(self.forecaster):
            found = self.forecaster(history, training=False)
        return self.forecaster.target.answer(found)

    def explain(self, *prices: Tensor) -> dict[str, Tensor]:
        """What each gate does at each step of the window: [B, lookback, U]."""
        inputs = self.forecaster.target.inputs(self.window(prices))
        gates: dict[str, Tensor] = self.forecaster.network.gates(inputs)
        return gates


class Stream:
    """Answers from one new row at a time; all that is remembered goes in and out, by name.

    A state is `history`, the last rows that the transform looks back on, and ``state_0`` ..., those of the
    cells. All zeros is the state of a stream that has seen nothing; until the history is full there is no
    forecast, but NaN. A stream of T rows says what a window of the same rows would.
    """

    def __init__(self, forecaster: Forecaster) -> None:
        self.forecaster = forecaster
        self.rows, self.columns = forecaster.target.lag, forecaster.target.columns
        self.widths = forecaster.network.memory
        self.names = [name.removesuffix("s") for name in columns(forecaster)]

    @property
    def inputs(self) -> list[tf.TensorSpec]:
        """One price each, then the state."""
        state = {"history": (None, self.rows, *self.columns)} if self.rows else {}
        state |= {f"state_{n}": (None, width) for n, width in enumerate(self.widths)}
        shapes = {name: (None,) for name in self.names} | state
        return [tf.TensorSpec(shape, tf.float32, name=name) for name, shape in shapes.items()]

    def start(self, *prices: Tensor) -> dict[str, Tensor]:
        """Begin with a window: its forecast, and the state after it."""
        history = Window(self.forecaster).window(prices)
        first = [tf.zeros((tf.shape(history)[0], width)) for width in self.widths]
        forecast, after = self._read(history, first)
        return self._answer(forecast, history, after)

    def step(self, *given: Tensor) -> dict[str, Tensor]:
        """Read one row more."""
        prices, state = given[: len(self.names)], list(given[len(self.names) :])
        with tf.control_dependencies([checked(*one) for one in zip(self.names, prices, strict=True)]):
            row = tf.stack(prices, -1) if self.columns else tf.identity(prices[0])
        row = row[:, None]
        rows = tf.concat([state.pop(0), row], 1) if self.rows else row
        seen = tf.reduce_all(rows > 0, range(1, len(rows.shape)))[:, None]
        forecast, after = self._read(rows, state)
        after = [tf.where(seen, new, old) for new, old in zip(after, state, strict=True)]
        return self._answer(tf.where(seen, forecast, np.nan), rows, after)

    def _read(self, rows: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        forecaster = self.forecaster
        said, after = forecaster.network.advance(forecaster.target.inputs(rows), states)
        return forecaster.target.restore(said, rows), after

    def _answer(self, forecast: Tensor, rows: Tensor, after: list[Tensor]) -> dict[str, Tensor]:
        state = {"history": rows[:, -self.rows :]} if self.rows else {}
        state |= {f"state_{n}": one for n, one in enumerate(after)}
        return self.forecaster.target.answer(forecast) | state
