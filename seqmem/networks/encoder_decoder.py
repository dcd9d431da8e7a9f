"""The encoder-decoder: a window in, a path out."""

from typing import Any

import keras
from keras import ops

from seqmem._configured import Configured
from seqmem.heads import Head, Point
from seqmem.networks.base import Network
from seqmem.networks.teacher_forcing import Schedule
from seqmem.recurrence import Recurrent, one_cell

Tensor = Any


class EncoderDecoder(Network):
    """Encoder cell -> vector v (its whole final state) -> decoder cell, H steps, each fed its own output.

    Sutskever et al. 2014, "Sequence to sequence learning with neural networks". The first decoder step
    is fed the last input; each later one the output before it, as the head reads it. The readout is one
    dense layer, the same at every step.

        inputs       [B, T, F]
        v            the states of the encoder after step T, each [B, U]
        decoder in   [B, 1]: inputs[:, -1, :1], then the feedback of the step before
        outputs      [B, H, 1, K], with K the width of the head

    Args:
        encoder: a cell, or a list of stacked cells, bottom first. Any Keras RNN cell will do.
        decoder: the same; its states must have the shapes of the encoder's, unless there is a bridge.
        horizon: H, the number of steps to decode; the horizons are 1, ..., H.
        head: what an output is; by default a `Point`. The first of the F inputs is what is forecast.
        teacher_forcing: a `Schedule` of feeding the truth, while training only and only where the caller
            passes it as `teacher`. None: never.
        bridge: a layer from the list of the encoder's states to the list of the decoder's, such as
            `DenseBridge(decoder)`, for two sides of different kind or width.
        seed: of the draws of teacher forcing.

    Raises:
        ValueError: a horizon below 1, states that do not fit and no bridge, inputs that are not [B, T, F],
            a teacher that is not [B, H, 1].

    >>> from seqmem.cells import GRUCell
    >>> network = EncoderDecoder(GRUCell(8), GRUCell(8), horizon=5)
    >>> network(keras.ops.zeros((2, 30, 1))).shape
    TensorShape([2, 5, 1, 1])
    """

    trains_on_chunks = True

    def __init__(
        self,
        encoder: Any,
        decoder: Any,
        horizon: int = 5,
        head: Head | None = None,
        teacher_forcing: Schedule | None = None,
        bridge: keras.layers.Layer | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if horizon < 1:
            raise ValueError(f"EncoderDecoder: horizon must be at least 1. Received: horizon={horizon}")
        if not isinstance(teacher_forcing, Schedule | None):
            raise ValueError(
                f"EncoderDecoder: teacher_forcing must be a Schedule, such as Constant(0.5). "
                f"Received: {teacher_forcing!r}"
            )
        if encoder is decoder:
            raise ValueError("EncoderDecoder: encoder and decoder must be two cells. Received: the same one")
        self.horizons: tuple[int, ...] = tuple(range(1, horizon + 1))
        self.head: Head = head or Point()
        self.encoder: Recurrent = Recurrent(encoder, return_state=True, dtype=self.dtype_policy)
        self.decoder: Any = one_cell(decoder)
        self.bridge = bridge
        self.readout: Any = keras.layers.Dense(self.head.width, dtype=self.dtype_policy, name="readout")
        self.teacher_forcing = teacher_forcing
        self.seed_generator: Any = keras.random.SeedGenerator(seed)
        self.iteration: Any = self.add_weight(
            name="iteration", shape=(), dtype="int64", initializer="zeros", trainable=False
        )
        given, needed = _sizes(self.encoder.cell), _sizes(self.decoder)
        if bridge is None and given != needed:
            raise ValueError(
                f"EncoderDecoder: the decoder's states must have the widths of the encoder's. "
                f"Expected: {given}. Received: {needed}. "
                "Use cells of the same kind and units, or pass bridge=seqmem.DenseBridge(decoder)."
            )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of [B, T, F]."""
        self._check_inputs(input_shape)
        batch = input_shape[0]
        _build(self.encoder, input_shape)
        if self.bridge is not None:
            _build(self.bridge, [(batch, width) for width in _sizes(self.encoder.cell)])
        _build(self.decoder, (batch, 1))
        _build(self.readout, (batch, self.decoder.output_size))
        self.built = True

    def call(
        self, inputs: Tensor, training: bool = False, teacher: Tensor | None = None, chunk_length: int = 1
    ) -> Tensor:
        """Decode H steps: [B, T, F] -> [B, H, 1, K]; see `Network.call`."""
        self._check_inputs(inputs.shape)
        if chunk_length == 1:
            _, *states = self.encoder(inputs, training=training)
        else:
            trajectory = self.encoder.trajectory(inputs, training=training)
            last = [one[:, -chunk_length:] for one in trajectory]
            states = [ops.reshape(one, (-1, one.shape[-1])) for one in last]  # [B * L, U]
        fed = ops.reshape(inputs[:, -chunk_length:, :1], (-1, 1))
        return self._decode(states, fed, teacher, training)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Those of the encoder."""
        return tuple(_sizes(self.encoder.cell))

    def advance(self, inputs: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Read on from where an earlier call ended; see `Network.advance`."""
        _, *after = self.encoder(inputs, initial_state=_like(self.encoder.cell, states))
        return self._decode(after, inputs[:, -1, :1]), _flatten(after)

    def gates(self, inputs: Tensor) -> dict[str, Tensor]:
        """What the gates of the encoder do over [B, T, F]: name -> [B, T, U]."""
        return self.encoder.gates(inputs)

    def _decode(
        self, states: Any, fed: Tensor, teacher: Tensor | None = None, training: bool = False
    ) -> Tensor:
        if self.bridge is not None:
            states = self.bridge(_flatten(states))
        states, outputs = _like(self.decoder, states), []
        take_truth = self._draws(fed, teacher) if training else None
        _forget_masks(self.decoder)
        for h in range(len(self.horizons)):
            hidden, states = self.decoder(fed, states, training=training)
            output = self.readout(hidden)  # [B, K]
            outputs.append(output)
            fed = self.head.feedback(output)
            if take_truth is not None and teacher is not None:
                fed = ops.where(take_truth[h], teacher[:, h], fed)
        _forget_masks(self.decoder)
        return ops.stack(outputs, axis=1)[:, :, None]

    def _draws(self, fed: Tensor, teacher: Tensor | None) -> Tensor | None:
        """For each step and example whether the truth is fed next: [H, B, 1], or None for never."""
        if teacher is None or self.teacher_forcing is None:
            return None
        expected = (len(self.horizons), 1)
        if tuple(teacher.shape[1:]) != expected:
            raise ValueError(
                f"EncoderDecoder: teacher must be [B, {expected[0]}, {expected[1]}]. "
                f"Received: {tuple(teacher.shape)}"
            )
        probability = self.teacher_forcing.probability(ops.cast(self.iteration, "float32"))
        self.iteration.assign_add(1)
        shape = (len(self.horizons), ops.shape(fed)[0], 1)
        return keras.random.uniform(shape, seed=self.seed_generator) < probability

    def _check_inputs(self, shape: Any) -> None:
        shape = tuple(shape)
        if len(shape) != 3 or (shape[-1] or 0) < 1:
            raise ValueError(f"EncoderDecoder: inputs must be [B, T, F]. Received: {shape}")


class DenseBridge(Configured, keras.layers.Layer):
    """A dense layer from all encoder states together to each decoder state.

    Args:
        decoder: the cell (or list of cells) whose states are to be made.

    >>> from seqmem.cells import GRUCell, LSTMCell
    >>> decoder = GRUCell(4)
    >>> network = EncoderDecoder(LSTMCell(8), decoder, horizon=2, bridge=DenseBridge(decoder))
    >>> network(keras.ops.zeros((3, 30, 1))).shape
    TensorShape([3, 2, 1, 1])
    """

    def __init__(self, decoder: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads: list[Any] = [
            keras.layers.Dense(width, dtype=self.dtype_policy) for width in _sizes(one_cell(decoder))
        ]

    def build(self, input_shape: Any) -> None:
        """Make the weights for a list of states, each [B, U]."""
        width = sum(shape[-1] for shape in input_shape)
        for head in self.heads:
            _build(head, (None, width))
        self.built = True

    def call(self, states: list[Tensor]) -> list[Tensor]:
        """The encoder's states, flat, to the decoder's, flat."""
        together = ops.concatenate(states, axis=-1)
        return [head(together) for head in self.heads]


def _build(layer: Any, shape: Any) -> None:
    """Build once: a layer that comes out of a saved model brings its weights along."""
    if not layer.built:
        layer.build(shape)
        layer.built = True


def _sizes(cell: Any) -> list[int]:
    return _flatten(cell.state_size)


def _flatten(nested: Any) -> list[Any]:
    return keras.tree.flatten(nested)


def _like(cell: Any, states: Any) -> Any:
    """States, however nested, in the nesting that the cell expects."""
    sizes = cell.state_size if isinstance(cell.state_size, list | tuple) else [cell.state_size]
    return keras.tree.pack_sequence_as(list(sizes), _flatten(states))


def _forget_masks(cell: Any) -> None:
    """Drop the cached dropout masks, as Keras's RNN layer does around its own loop."""
    for one in getattr(cell, "cells", [cell]):
        if hasattr(one, "reset_dropout_mask"):
            one.reset_dropout_mask()
            one.reset_recurrent_dropout_mask()
