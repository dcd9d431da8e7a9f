"""A forward pass in plain operations, several steps to a turn of the loop.

For what is not trained: it may be exported, and any server runs it. A turn of TensorFlow's loop costs about
as much as a small step of a cell: five steps to a turn save up to a quarter of the time at batch 1.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

Tensor = Any
STEPS_PER_TURN = 5  # steps; ten gained no more


def run(
    cell: Any, inputs: Tensor, states: Any, *, sequences: bool, turn: int = STEPS_PER_TURN, **options: Any
) -> tuple[Tensor, Tensor, Any]:
    """Run any Keras cell over inputs [B, T, F]; T may be unknown, but not 0.

    Args:
        cell: it is called with (inputs [B, F], states, **options).
        inputs: [B, T, F], or whatever the cell takes a step of: [B, T, ...].
        states: initial states.
        sequences: whether all outputs are wanted.
        turn: steps to a turn of the loop. As many as T or more, where T is known: no loop at all.
        **options: `training`, for a cell that takes it.

    Returns:
        The last output [B, U]; all of them [B, T, U], or the last one alone [B, 1, U]; the last states.
    """
    if inputs.shape[1] == 1:
        last, after = cell(inputs[:, 0], states, **options)
        return last, last[:, None], after
    steps = _swapped(inputs)
    length = tf.shape(steps)[0] if steps.shape[0] is None else steps.shape[0]

    def advance(t: Tensor, flat: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        last, after = cell(read(t), keras.tree.pack_sequence_as(states, flat), **options)
        return last, keras.tree.flatten(after)

    if isinstance(length, int) and length <= turn:
        read, flat, found = tf.unstack(steps).__getitem__, keras.tree.flatten(states), []
        for t in range(length):
            last, flat = advance(t, flat)
            found.append(last)
        outputs = tf.stack(found, 1) if sequences else last[:, None]
        return last, outputs, keras.tree.pack_sequence_as(states, flat)
    source = tf.TensorArray(steps.dtype, length, element_shape=steps.shape[1:]).unstack(steps)
    read = source.read

    # The first step before the loop: it tells the shape of the output.
    last, flat = advance(0, keras.tree.flatten(states))
    arrays = []
    if sequences:
        arrays = [tf.TensorArray(last.dtype, length, element_shape=last.shape).write(0, last)]

    def step(t: Tensor, flat: Sequence[Tensor], last: Tensor, arrays: Any) -> tuple[Any, ...]:
        last, flat = advance(t, flat)
        return t + 1, flat, last, [array.write(t, last) for array in arrays]

    def several(*now: Any) -> tuple[Any, ...]:
        for _ in range(turn):
            now = step(*now)
        return now

    now: tuple[Any, ...] = (1, flat, last, arrays)
    now = tf.while_loop(
        lambda t, *_: t + turn <= length, several, now, maximum_iterations=(length - 1) // turn
    )
    if isinstance(length, int):
        for _ in range((length - 1) % turn):
            now = step(*now)
    else:
        now = tf.while_loop(lambda t, *_: t < length, step, now, maximum_iterations=turn)
    _, flat, last, arrays = now
    outputs = _swapped(arrays[0].stack()) if sequences else last[:, None]
    return last, outputs, keras.tree.pack_sequence_as(states, flat)


def _swapped(sequence: Tensor) -> Tensor:
    """[B, T, ...] to [T, B, ...], or back."""
    return tf.transpose(sequence, (1, 0, *range(2, len(sequence.shape))))
