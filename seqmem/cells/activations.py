"""Activation functions that know their own slope."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops


@dataclass(frozen=True)
class Activation:
    """An activation function and its slope, the slope in terms of the function's *output*.

    The slope is what a gate lets through of a gradient, and it can be read off a trace of gate
    activations alone: 0.25 at the middle of a sigmoid, 0 where it saturates.

    >>> float(sigmoid(0.0)), float(sigmoid.slope(0.5)), float(tanh.slope(0.0))
    (0.5, 0.25, 1.0)
    """

    # No tuple: Keras wraps the tuples that a layer holds.
    function: Callable[[Any], Any]
    slope: Callable[[Any], Any] | None  # None where the output does not determine it

    def __call__(self, z: Any) -> Any:
        """Apply the function elementwise."""
        way = _way.get()
        return self.function(z) if way is None else way(self, z)

    def __str__(self) -> str:
        return str(getattr(self.function, "__name__", self.function))


_way: ContextVar[Callable[[Activation, Any], Any] | None] = ContextVar(
    "way of intercept_activations", default=None
)


@contextmanager
def intercept_activations(way: Callable[[Activation, Any], Any]) -> Iterator[None]:
    """Within it, each call of an activation is ``way(activation, z)``: to watch values, or to supply them."""
    token = _way.set(way)
    try:
        yield
    finally:
        _way.reset(token)


sigmoid: Activation = Activation(keras.activations.sigmoid, lambda y: y * (1 - y))
tanh: Activation = Activation(keras.activations.tanh, lambda y: 1 - y * y)
linear: Activation = Activation(keras.activations.linear, lambda y: ops.ones_like(y))
relu: Activation = Activation(keras.activations.relu, lambda y: ops.cast(y > 0, y.dtype))
softsign: Activation = Activation(keras.activations.softsign, lambda y: (1 - ops.abs(y)) ** 2)
hard_sigmoid: Activation = Activation(
    keras.activations.hard_sigmoid, lambda y: ops.cast((y > 0) & (y < 1), y.dtype) / 6
)
exponential: Activation = Activation(keras.activations.exponential, lambda y: y)

ACTIVATIONS = {
    str(known): known for known in (sigmoid, tanh, linear, relu, softsign, hard_sigmoid, exponential)
}


def as_activation(identifier: Any) -> Activation:
    """The `Activation` that a Keras activation identifier (a name, a function, a layer or None) means.

    Raises:
        ValueError: Keras does not know the activation.

    >>> as_activation("tanh") is tanh
    True
    """
    if isinstance(identifier, Activation):
        return identifier
    function = keras.activations.get(identifier)
    known = ACTIVATIONS.get(getattr(function, "__name__", ""))  # a user's function may have the name of one
    return known if known and known.function is function else Activation(function, None)
