"""To trace and compile where nothing is going on.

What is compiled is shared by all layers of a kind for as long as the process lives, so it must not hold what
happened to be going on when it was first needed: an accumulator of forward derivatives, a tape, a vectorised
map, an outer graph, a scope of Keras's. All of these belong to a thread, so it is done in a fresh one.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import keras
import tensorflow as tf

Result = TypeVar("Result")


def isolated(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call it in a thread of its own; raises what it raises."""
    with ThreadPoolExecutor(1, "seqmem-trace") as pool:
        return pool.submit(function, *arguments).result()


class Compiled:
    """A function of tensors, compiled by XLA for each set of shapes, traced in isolation."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = tf.function(function, jit_compile=True, autograph=False)
        self._traced: dict[tuple[Any, ...], Any] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Arguments are tensors, None, and lists of them."""
        flat = keras.tree.flatten(arguments)
        key = tuple(None if one is None else (tuple(one.shape), one.dtype) for one in flat)
        traced = self._traced.get(key)
        if traced is None:
            specs = [one if one is None else tf.TensorSpec(one.shape, one.dtype) for one in flat]
            structured = keras.tree.pack_sequence_as(arguments, specs)
            traced = isolated(self._function.get_concrete_function, *structured)
            self._traced[key] = traced
        found = traced(*arguments)
        if tf.executing_eagerly():
            return found
        # In a graph they may become outputs of it, of which TensorFlow then takes the derivative.
        return keras.tree.map_structure(tf.stop_gradient, found)
