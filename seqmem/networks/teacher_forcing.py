"""Teacher forcing: how often, while training, the decoder is fed the truth instead of its own output."""

from abc import ABC, abstractmethod
from typing import Any

from keras import ops

from seqmem._configured import Configured


class Schedule(Configured, ABC):
    """The probability of feeding the truth at a training step (Bengio et al. 2015, scheduled sampling)."""

    @abstractmethod
    def probability(self, iteration: Any) -> Any:
        """The probability in [0, 1] at training step `iteration`, a float scalar from 0."""


class Constant(Schedule):
    """The same probability for ever: 1 is plain teacher forcing.

    >>> float(Constant(0.5).probability(ops.array(7.0)))
    0.5
    """

    def __init__(self, probability: float) -> None:
        _check(self, probability, "probability")
        self._value = probability

    def probability(self, iteration: Any) -> Any:
        """The constant."""
        return ops.full_like(iteration, self._value)


class Linear(Schedule):
    """From `start` to `end` in a straight line over the first `steps` training steps.

    >>> float(Linear(steps=100).probability(ops.array(25.0)))
    0.75
    """

    def __init__(self, steps: int, start: float = 1.0, end: float = 0.0) -> None:
        _check(self, start, "start")
        _check(self, end, "end")
        if steps < 1:
            raise ValueError(f"Linear: steps must be at least 1. Received: steps={steps}")
        self._steps, self._start, self._end = steps, start, end

    def probability(self, iteration: Any) -> Any:
        """The line, then its end."""
        done = ops.minimum(iteration / self._steps, 1.0)
        return self._start + (self._end - self._start) * done


class InverseSigmoid(Schedule):
    """k / (k + exp(i / k)): slow, fast, slow (Bengio et al. 2015, section 2.4). Larger k decays later.

    >>> round(float(InverseSigmoid(100.0).probability(ops.array(0.0))), 4)
    0.9901
    """

    def __init__(self, k: float) -> None:
        if k < 1:
            raise ValueError(f"InverseSigmoid: k must be at least 1. Received: k={k}")
        self._k = k

    def probability(self, iteration: Any) -> Any:
        """The curve."""
        return self._k / (self._k + ops.exp(ops.minimum(iteration / self._k, 80.0)))


def _check(schedule: Schedule, value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{type(schedule).__name__}: {name} must lie in [0, 1]. Received: {name}={value}")
