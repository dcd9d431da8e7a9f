"""The contract of a cell: two affine projections and one pointwise rule."""

import inspect
import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import keras
from keras import ops
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell  # keras.layers.RNN looks for this class

from seqmem._configured import Configured
from seqmem.cells.activations import Activation

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
        gates: name -> activation function, in the order in which their weights stand.
        num_states: how many states of [B, U] the cell carries.
        state_names: what its paper calls them, for tables and plots; left out: h, and the others by number.
        recurrent_bias: whether the recurrent projection has a bias of its own (then bias is [2, G*U]).
        unit_bias: the gates whose bias starts at 1 (where `unit_forget_bias` is left True).
        pointwise: whether units meet in the kernels alone, so that an ensemble may be one wide cell.
        retain_gates, input_gates: the gates that keep the state where they are open, and those that write
            over it; where they are named, `chrono_init` can make the memory long.

    Args:
        units: U, the width of the state and output, at least 1.
        use_bias: whether the projections have biases.
        kernel_initializer, recurrent_initializer, bias_initializer: as in Keras.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: as in Keras.
        kernel_constraint, recurrent_constraint, bias_constraint: as in Keras.
        dropout: share of the inputs dropped while training, in [0, 1]; one mask for all steps of a sequence.
            1 drops nothing, as in Keras.
        recurrent_dropout: the same for h. One mask for all gates (Gal and Ghahramani 2016, tied
            weights; Keras draws one for each gate).
        seed: of the dropout masks, or what draws them.
        unit_forget_bias: start the biases of the gates in `unit_bias` at 1.

    Raises:
        ValueError: units below 1, a dropout outside [0, 1], an activation: see `ActivatedCell`.
    """

    gates: Mapping[str, Activation]
    num_states: ClassVar[int] = 1
    state_names: ClassVar[tuple[str, ...]] = ()
    recurrent_bias: bool = False
    unit_bias: ClassVar[tuple[str, ...]] = ()
    pointwise: ClassVar[bool] = True
    retain_gates: ClassVar[tuple[str, ...]] = ()
    input_gates: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        units: int,
        *,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | keras.random.SeedGenerator | None = None,
        unit_forget_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        who = type(self).__name__
        if isinstance(units, bool) or int(units) != units or units < 1:
            raise ValueError(f"{who}: units must be a whole number of at least 1. Received: units={units!r}")
        for name, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0 <= rate <= 1:
                raise ValueError(f"{who}: {name} must lie in [0, 1]. Received: {name}={rate!r}")
        for name in ("activation", "recurrent_activation"):
            if name in kwargs:
                raise ValueError(
                    f"{who}: takes no {name}: its step computes with what stands in `gates`. Write it there, "
                    f"or derive the cell from seqmem.cells.ActivatedCell. Received: {name}={kwargs[name]!r}"
                )
        super().__init__(**kwargs)
        self.units: int = int(units)
        self.use_bias = use_bias
        self.kernel_initializer: Any = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer: Any = keras.initializers.get(recurrent_initializer)
        self.bias_initializer: Any = keras.initializers.get(bias_initializer)
        self.kernel_regularizer: Any = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer: Any = keras.regularizers.get(recurrent_regularizer)
        self.bias_regularizer: Any = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint: Any = keras.constraints.get(kernel_constraint)
        self.recurrent_constraint: Any = keras.constraints.get(recurrent_constraint)
        self.bias_constraint: Any = keras.constraints.get(bias_constraint)
        self.unit_forget_bias = unit_forget_bias
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        drawn = isinstance(seed, keras.random.SeedGenerator)
        self.seed: int | Any | None = None if drawn else seed
        self.seed_generator: int | Any | None = seed if drawn else keras.random.SeedGenerator(seed)
        self.gates = dict(type(self).gates)
        self.output_size: int = self.units
        self.state_size: int | list[int] = (
            self.units if self.num_states == 1 else [self.units] * self.num_states
        )

    def step_key(self) -> tuple[Any, ...]:
        """What `step` depends on besides weights: cells of a class that agree in it share what is compiled.

        By default the arguments that are not those of every cell.
        """
        common = {*inspect.signature(Cell.__init__).parameters, "name", "dtype", "trainable"}
        return tuple(sorted((key, value) for key, value in self._arguments.items() if key not in common))

    @abstractmethod
    def step(self, x: Tensor, r: Tensor, states: tuple[Tensor, ...]) -> Step:
        """The equations: projected input and projected state, both [B, G*U], to the next step."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, in Keras's shapes, for inputs of [B, F]."""
        width = len(self.gates) * self.units
        self.kernel: Any = self._add("kernel", (input_shape[-1], width), self.kernel_initializer)
        self.recurrent_kernel: Any = self._add("recurrent", (self.units, width), self.recurrent_initializer)
        self.bias: Any = None
        if self.use_bias:
            shape = (2, width) if self.recurrent_bias else (width,)
            self.bias = self._add("bias", shape, self._bias_start())
        self.built = True

    def project(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Inputs [..., F] through kernel and bias: [..., G*U]; of one step or of a whole sequence."""
        if training and 0 < self.dropout < 1:
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
        if training and 0 < self.recurrent_dropout < 1:
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

    def _add(self, kind: str, shape: tuple[int | None, ...], initializer: Any) -> Any:
        return self.add_weight(
            name="recurrent_kernel" if kind == "recurrent" else kind,
            shape=shape,
            initializer=initializer,
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
        )

    def _bias_start(self) -> Any:
        rest = self.bias_initializer
        if not (self.unit_forget_bias and self.unit_bias):
            return rest

        def initialize(shape: tuple[int, ...], dtype: Any = None) -> Tensor:
            parts = []
            # Gates beside one another in one draw, as Keras has it: the same numbers from the same seed.
            for is_unit, gates in itertools.groupby(self.gates, self.unit_bias.__contains__):
                block = (*shape[:-1], len(list(gates)) * self.units)
                parts.append(ops.ones(block, dtype) if is_unit else rest(block, dtype=dtype))
            return ops.concatenate(parts, axis=-1)

        return initialize
