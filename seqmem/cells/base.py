"""The contract of a cell: two affine projections and one pointwise rule."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import keras
from keras import ops
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell  # keras.layers.RNN looks for this class

from seqmem._configured import Configured
from seqmem.cells.activations import Activation, as_activation, sigmoid, tanh

Tensor = Any


class Step(NamedTuple):
    """What a cell says of one time step.

    Attributes:
        output: [B, U].
        states: a tuple of [B, U]; the first is the h that meets the recurrent kernel next.
        gates: activation of each gate, name -> [B, U].
    """

    output: Tensor
    states: tuple[Tensor, ...]
    gates: Mapping[str, Tensor]


class Cell(Configured, DropoutRNNCell, keras.layers.Layer, ABC):
    """A recurrent cell: ``x = inputs @ kernel + bias``, ``r = h @ recurrent_kernel``, then `step`.

    A subclass names its gates and writes `step`; it is then a Keras RNN cell with weights, dropout,
    regularisers and serialisation, and works wherever Keras's and seqmem's own cells do. A cell that
    needs more weights adds them in `build`.

    Class attributes:
        gates: name -> default activation function, in the order in which their weights stand.
        num_states: how many states of [B, U] the cell carries.
        recurrent_bias: whether the recurrent projection has a bias of its own (then bias is [2, G*U]).
        unit_bias: the gates whose bias starts at 1 (where `unit_forget_bias` is left True).
        retain_gates, input_gates: the gates that keep the state where they are open, and those that write
            over it; where they are named, `chrono_init` can make the memory long.

    Args:
        units: U, the width of the state and output, at least 1.
        activation: in place of every tanh of the cell.
        recurrent_activation: in place of every sigmoid of the cell.
        use_bias: whether the projections have biases.
        kernel_initializer, recurrent_initializer, bias_initializer: as in Keras.
        unit_forget_bias: start the biases of the gates in `unit_bias` at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: as in Keras.
        kernel_constraint, recurrent_constraint, bias_constraint: as in Keras.
        dropout: share of the inputs dropped while training; one mask for all steps of a sequence.
        recurrent_dropout: the same for h. One mask for all gates (Gal and Ghahramani 2016, tied
            weights; Keras draws one for each gate).
        seed: of the dropout masks.

    Raises:
        ValueError: units below 1, a dropout outside [0, 1), an activation that Keras does not know or
            that the cell has no place for.
    """

    gates: Mapping[str, Activation]
    num_states: ClassVar[int] = 1
    recurrent_bias: ClassVar[bool] = False
    unit_bias: ClassVar[tuple[str, ...]] = ()
    retain_gates: ClassVar[tuple[str, ...]] = ()
    input_gates: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        who = type(self).__name__
        if isinstance(units, bool) or int(units) != units or units < 1:
            raise ValueError(f"{who}: units must be a whole number of at least 1. Received: units={units!r}")
        for name, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0 <= rate < 1:
                raise ValueError(f"{who}: {name} must be at least 0 and below 1. Received: {name}={rate!r}")
        super().__init__(**kwargs)
        self.units = int(units)
        self.activation = as_activation(activation)
        self.recurrent_activation = as_activation(recurrent_activation)
        self.use_bias = use_bias
        self.unit_forget_bias = unit_forget_bias
        self._weight_options = {
            "kernel": _weight_options(kernel_initializer, kernel_regularizer, kernel_constraint),
            "recurrent_kernel": _weight_options(
                recurrent_initializer, recurrent_regularizer, recurrent_constraint
            ),
            "bias": _weight_options(bias_initializer, bias_regularizer, bias_constraint),
        }
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.seed_generator = keras.random.SeedGenerator(seed)
        default = type(self).gates
        if sigmoid not in default.values() and self.recurrent_activation != sigmoid:
            raise ValueError(
                f"{who}: has no sigmoid gate for recurrent_activation to replace. "
                f"Received: recurrent_activation={recurrent_activation!r}"
            )
        replaced = {sigmoid: self.recurrent_activation, tanh: self.activation}
        self.gates = {name: replaced.get(gate, gate) for name, gate in default.items()}
        self.output_size = self.units
        self.state_size = self.units if self.num_states == 1 else [self.units] * self.num_states

    @abstractmethod
    def step(self, x: Tensor, r: Tensor, states: tuple[Tensor, ...]) -> Step:
        """The equations: projected input and projected state, both [B, G*U], to the next step."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, in Keras's shapes, for inputs of [B, F]."""
        width = len(self.gates) * self.units
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[-1], width), **self._weight_options["kernel"]
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=(self.units, width), **self._weight_options["recurrent_kernel"]
        )
        self.bias = None
        if self.use_bias:
            options = dict(self._weight_options["bias"])
            if self.unit_forget_bias and self.unit_bias:
                options["initializer"] = self._unit_bias_initializer(options["initializer"])
            shape = (2, width) if self.recurrent_bias else (width,)
            self.bias = self.add_weight(name="bias", shape=shape, **options)
        self.built = True

    def project(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Inputs [..., F] through kernel and bias: [..., G*U]; of one step or of a whole sequence."""
        if training and self.dropout:
            mask = self.get_dropout_mask(inputs if len(inputs.shape) == 2 else inputs[:, 0, :])
            inputs = inputs * (mask if len(inputs.shape) == 2 else mask[:, None, :])
        x = ops.matmul(inputs, self._weight(self.kernel))
        if self.bias is None:
            return x
        return ops.add(x, self._weight(self.bias[0] if self.recurrent_bias else self.bias))  # one kernel

    def recur(self, h: Tensor) -> Tensor:
        """The state h [B, U] through the recurrent kernel: [B, G*U]."""
        r = ops.matmul(h, self._weight(self.recurrent_kernel))
        if self.bias is not None and self.recurrent_bias:
            r = ops.add(r, self._weight(self.bias[1]))
        return r

    def advance(self, x: Tensor, states: tuple[Tensor, ...], training: bool = False) -> Step:
        """One step from the projected input [B, G*U] and the states."""
        h = states[0]
        if training and self.recurrent_dropout:
            h = h * self.get_recurrent_dropout_mask(h)
        return self.step(x, self.recur(h), states)

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, Any]:
        """Keras's protocol: inputs [B, F] and states to (output [B, U], new states)."""
        nested = isinstance(states, list | tuple)
        step = self.advance(self.project(inputs, training), tuple(states) if nested else (states,), training)
        return step.output, list(step.states) if nested else step.states[0]

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Zeros: a list of [B, U], one for each state."""
        return [ops.zeros((batch_size, self.units), dtype=self.compute_dtype) for _ in range(self.num_states)]

    def _weight(self, variable: Any) -> Tensor:
        return ops.cast(variable, self.compute_dtype)

    def _unit_bias_initializer(self, rest: Any) -> Any:
        def initialize(shape: tuple[int, ...], dtype: Any = None) -> Tensor:
            block = (*shape[:-1], self.units)
            parts = [
                ops.ones(block, dtype) if gate in self.unit_bias else rest(block, dtype=dtype)
                for gate in self.gates
            ]
            return ops.concatenate(parts, axis=-1)

        return initialize


def _weight_options(initializer: Any, regularizer: Any, constraint: Any) -> dict[str, Any]:
    return {
        "initializer": keras.initializers.get(initializer),
        "regularizer": keras.regularizers.get(regularizer),
        "constraint": keras.constraints.get(constraint),
    }
