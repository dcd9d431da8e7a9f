"""A cell trained on a problem until it is solved."""

import time
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from seqmem.cells import Cell, chrono_init
from seqmem.experiments.studies.problems import Problem
from seqmem.recurrence import Recurrent

RECENT = 2000  # sequences that must be right, one after the other, before they were learnt from


class Solved(NamedTuple):
    """How a training ended.

    Attributes:
        sequences: that were learnt from; of a problem that was not solved, all.
        wrong: the share of wrong answers to the last 2,000 and some.
        seconds: of training, the first compilation not counted.
        step_ms: of a step of training.
    """

    sequences: int
    wrong: float
    seconds: float
    step_ms: float


def solve(
    cell: Cell,
    problem: Problem,
    *,
    most: int,
    batch_size: int = 32,
    learning_rate: float = 1e-2,
    clip: float | None = 1.0,
    chrono: int | None = None,
    seed: int = 0,
) -> Solved:
    """Train a cell with a dense layer on fresh sequences, by Adam, until 2,000 in a row are right.

    The criterion of Hochreiter and Schmidhuber 1997: the most recent 2,000, each answered before it is learnt
    from; here looked at every 2,000 and some.

    Args:
        cell: not built.
        problem: what is asked.
        most: sequences to try.
        batch_size: sequences to a step.
        learning_rate: of Adam.
        clip: the norm that the gradient is cut to. None: it is not.
        chrono: the longest memory to begin with (`chrono_init`). None: Keras's first biases.
        seed: of the sequences and of the chrono biases; the weights follow `keras.utils.set_random_seed`.
    """
    inputs = keras.Input((problem.steps, problem.features), batch_size=batch_size)
    read = Recurrent(cell, return_sequences=True)(inputs)[:, -problem.answers :]
    model = keras.Model(inputs, keras.layers.Dense(problem.outputs)(read))
    if chrono is not None:
        chrono_init(cell, chrono, seed=seed)
    optimizer = keras.optimizers.Adam(learning_rate, global_clipnorm=clip)
    optimizer.build(model.trainable_variables)

    @tf.function
    def turn(first: Any, steps: Any) -> Any:
        """Learn from `steps` batches; the share of wrong answers."""
        wrong = tf.constant(0.0)
        for number in tf.range(steps):
            given, target = problem.batch(batch_size, tf.stack([seed, 3 * (first + number)]))
            with tf.GradientTape() as tape:
                said = model(given, training=True)
                loss = problem.loss(target, said)
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
            wrong += tf.reduce_mean(tf.cast(problem.wrong(target, said), "float32"))
        return wrong / tf.cast(steps, "float32")

    size = -(-RECENT // batch_size)
    turn(tf.constant(0), tf.constant(1))  # compiles
    done, wrong, begun = 1, 1.0, time.perf_counter()
    while wrong > 0 and np.isfinite(wrong) and done * batch_size < most:
        wrong = float(turn(tf.constant(done), tf.constant(size)))
        done += size
    seconds = time.perf_counter() - begun
    return Solved(done * batch_size, wrong, seconds, 1000 * seconds / (done - 1))
