"""The same forecaster as an ONNX model: our cells as ONNX's own operators, the transforms in the graph.

The rest of the graph is tf2onnx's work.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqmem.cells import Cell, GRUCell, LSTMCell, RNNCell
from seqmem.cells.activations import sigmoid, tanh
from seqmem.models.forecaster import Forecaster
from seqmem.recurrence import inference
from seqmem.serving.questions import input_names

Tensor = Any
OPSET = 17
# Each cell's operator, its gates in the order of ONNX, and its attributes.
OPERATORS: dict[type[Cell], tuple[str, tuple[int, ...], dict[str, int]]] = {
    LSTMCell: ("LSTM", (0, 3, 1, 2), {}),
    GRUCell: ("GRU", (0, 1, 2), {"linear_before_reset": 1}),
    RNNCell: ("RNN", (0,), {}),
}
MARK = "seqmem_cell_"


def to_onnx(forecaster: Forecaster) -> bytes:
    """A forecaster as a serialised ONNX model: `serving_default`, without its checks.

    LSTM, GRU and simple cells with their usual activations become ONNX's operators LSTM, GRU and RNN; other
    cells become its Loop. ONNX has no errors: from prices that are not above 0 and finite follows NaN.

    Args:
        forecaster: a fitted forecaster.

    Raises:
        ImportError: tf2onnx is not there.
    """
    try:
        from tf2onnx import convert
    except ImportError as error:
        raise ImportError("to_onnx: needs tf2onnx: pip install 'seqmem[onnx]'") from error
    names, cells = input_names(forecaster.target.columns), _Cells(forecaster)

    def serve(*prices: Tensor) -> dict[str, Tensor]:
        history = tf.stack(prices, -1)
        with inference.export_graph(forecaster, inference.FusedKernel(cells.fits, cells.mark)):
            answer = forecaster.outputs(forecaster.respond(history, training=False))
        # Where it must be above 0: of what is not, and not finite, there is no logarithm.
        positive = forecaster.target.positive_columns
        named = zip(forecaster.target.columns, prices, strict=True)
        numbers = [tf.math.log(one) if name in positive else one for name, one in named]
        total = tf.add_n([tf.reduce_sum(one, axis=1, keepdims=True) for one in numbers])
        finite = tf.abs(total) < np.inf
        return {
            name: tf.where(finite if len(values.shape) == 2 else finite[..., None], values, np.nan)
            for name, values in answer.items()
        }

    inputs = [tf.TensorSpec((None, None), tf.float32, name=name) for name in names]
    function = tf.function(serve, input_signature=inputs, autograph=False)
    handlers: dict[str, Any] = {"BlockLSTMV2": (cells.convert, []), "Log1p": (_log1p, [])}
    model, _ = convert.from_function(function, inputs, opset=OPSET, custom_op_handlers=handlers)
    written: bytes = model.SerializeToString()
    return written


class _Cells:
    """Cells on their way through TensorFlow's graph: a marked operation stands for each until ONNX has it."""

    def __init__(self, model: keras.Model) -> None:
        self.seen: list[tuple[Cell, bool]] = []  # and whether it starts from zeros
        # Now: inside of tf2onnx a variable does not tell its values.
        self.weights = {id(layer): _weights(layer) for layer in model._flatten_layers() if _has(layer)}

    def fits(self, cell: Any) -> bool:
        """Whether ONNX has this very cell."""
        return id(cell) in self.weights

    def mark(
        self, cell: Cell, inputs: Tensor, states: Sequence[Tensor], sequences: bool
    ) -> tuple[Tensor, list[Tensor]]:
        """Put the mark of a cell into the graph: an operation of the right shapes, and of no meaning."""
        units, features = cell.units, inputs.shape[-1]
        none = dict.fromkeys(("wci", "wcf", "wco"), tf.zeros((units,)))
        found = tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.constant(inputs.shape[1], "int64"),
            x=tf.transpose(inputs, (1, 0, 2)),
            cs_prev=states[-1],
            h_prev=states[0],
            w=tf.zeros((features + units, 4 * units)),
            b=tf.zeros((4 * units,)),
            **none,
            cell_clip=0.0,
            use_peephole=False,
            name=f"{MARK}{len(self.seen)}_",
        )
        self.seen.append((cell, all(map(_is_zero, states))))
        outputs = tf.transpose(found.h, (1, 0, 2)) if sequences else found.h[-1][:, None]
        return outputs, [found.h[-1], found.cs[-1]][: len(states)]

    def convert(self, context: Any, node: Any, name: str, _: Any) -> None:
        """Replace a mark by its operator (tf2onnx's protocol)."""
        cell, from_zeros = self.seen[int(name.rpartition(MARK)[2].split("_")[0])]
        operator, _, attributes = OPERATORS[type(cell)]
        _, x, c, h, *_ = node.input
        h_output, c_output = node.output[6], node.output[1]
        shapes = [context.get_shape(h_output), context.get_shape(c_output)]
        dtype = context.get_dtype(h_output)
        context.remove_node(name)

        def make(kind: str, inputs: list[str], count: int = 1, **options: Any) -> Any:
            return context.make_node(kind, inputs, output_count=count, **options)

        def constant(part: str, values: np.ndarray) -> str:
            output: str = context.make_const(f"{name}_{part}", values).output[0]
            return output

        front = constant("front", np.array([0], "int64"))
        state = [make("Unsqueeze", [one, front]).output[0] for one in (h, c) if not from_zeros]
        weights = [constant(part, values) for part, values in self.weights[id(cell)].items()]
        inputs = [x, *weights, "", *state[: cell.num_states]]
        found = make(operator, inputs, 1 + cell.num_states, attr={"hidden_size": cell.units, **attributes})
        direction = constant("direction", np.array([1], "int64"))
        context.make_node(
            "Squeeze", [found.output[0], direction], outputs=[h_output], shapes=[shapes[0]], dtypes=[dtype]
        )
        # Of c only the last is asked for, and only the last is known: a sequence of one.
        context.make_node(
            "Identity", [found.output[-1]], outputs=[c_output], shapes=[shapes[1]], dtypes=[dtype]
        )


def _log1p(context: Any, node: Any, name: str, _: Any) -> None:
    """log(1 + x) = 2 artanh(x / (2 + x)), which ONNX has, and which is as exact for small x."""
    (x,), (output,) = node.input, node.output
    shape, dtype = context.get_shape(output), context.get_dtype(output)
    context.remove_node(name)
    two = context.make_const(f"{name}_two", np.float32(2)).output[0]
    above = context.make_node("Add", [x, two]).output[0]
    half = context.make_node("Atanh", [context.make_node("Div", [x, above]).output[0]]).output[0]
    context.make_node("Mul", [half, two], outputs=[output], shapes=[shape], dtypes=[dtype])


def _is_zero(state: Tensor) -> bool:
    return state.op.type == "Fill" and tf.get_static_value(state.op.inputs[1]) == 0


def _has(cell: Any) -> bool:
    usual = type(cell) in OPERATORS and cell.compute_dtype == cell.variable_dtype == "float32"
    return usual and cell.activations == (sigmoid, tanh)


def _weights(cell: Cell) -> dict[str, np.ndarray]:
    """Kernel [1, G*U, F], recurrent kernel [1, G*U, U] and both biases [1, 2*G*U], as ONNX wants them."""
    _, order, _ = OPERATORS[type(cell)]

    def ordered(weight: Any) -> np.ndarray:
        gates = np.split(np.asarray(weight), len(order), axis=-1)
        return np.concatenate([gates[gate] for gate in order], axis=-1)

    width = len(order) * cell.units
    biases = np.zeros((2, width), "float32")
    if cell.bias is not None:
        biases[: 1 + cell.recurrent_bias] = ordered(cell.bias)
    return {
        "W": ordered(cell.kernel).T[None],
        "R": ordered(cell.recurrent_kernel).T[None],
        "B": biases.reshape(1, 2 * width),
    }
