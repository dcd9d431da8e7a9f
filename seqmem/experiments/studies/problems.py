"""The problems of long time lags: sequences drawn in the graph, and what is right."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import keras
import tensorflow as tf

Tensor = Any
SHORTEST = 22  # of the adding problems


class Problem(Protocol):
    """Sequences that can only be answered from far back."""

    @property
    def features(self) -> int:
        """F of the inputs."""

    @property
    def outputs(self) -> int:
        """The numbers that answer at each step."""

    @property
    def answers(self) -> int:
        """So many last steps answer."""

    @property
    def steps(self) -> int:
        """The length of a sequence."""

    def batch(self, size: int, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Draw inputs [B, steps, F] and targets [B, answers, ...]; `seed` is [2]."""

    def loss(self, target: Tensor, said: Tensor) -> Tensor:
        """What is learnt by, a number; `said` is [B, answers, outputs]."""

    def wrong(self, target: Tensor, said: Tensor) -> Tensor:
        """Whether each sequence is answered wrongly, [B]."""


@dataclass(frozen=True)
class _Sum(ABC):
    """Two marked numbers of a sequence are added."""

    length: int

    features: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    answers: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.length < SHORTEST:
            raise ValueError(
                f"{type(self).__name__}: length must be at least {SHORTEST}. Received: {self.length}"
            )

    @abstractmethod
    def places(self, size: int, seed: Tensor) -> tuple[Tensor, Tensor]:
        """The steps that are marked, [B] each, drawn by `seed + 1` and `seed + 2`."""

    @property
    def steps(self) -> int:
        """T."""
        return self.length

    def batch(self, size: int, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Numbers and markers [B, T, 2], sums [B, 1]."""
        numbers = tf.random.stateless_uniform((size, self.length), seed, -1, 1)
        marks = sum(tf.one_hot(place, self.length) for place in self.places(size, seed))
        return tf.stack([numbers, marks], -1), 0.5 + tf.reduce_sum(numbers * marks, 1, keepdims=True) / 4

    def loss(self, target: Tensor, said: Tensor) -> Tensor:
        """Mean squared error."""
        return tf.reduce_mean((said[..., 0] - target) ** 2)

    def wrong(self, target: Tensor, said: Tensor) -> Tensor:
        """An error of 0.04 or more."""
        return tf.abs(said[:, 0, 0] - target[:, 0]) >= 0.04


@dataclass(frozen=True)
class Adding(_Sum):
    """Add two marked numbers: experiment 4 of Hochreiter and Schmidhuber 1997, "Long Short-Term Memory".

    Each step has a number uniform in [-1, 1] and a marker; one of the first ten steps is marked and one of
    the first T/2 - 1, so that at least T/2 steps lie between the last mark and the answer, 0.5 + sum / 4.
    Right is an error below 0.04. Theirs have T to 1.1 T steps and markers of -1 at both ends; these have T.

    Args:
        length: T, at least 22.

    Raises:
        ValueError: a shorter one, in which ten steps and half of T leave no other to mark.
    """

    def places(self, size: int, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Both in the first half."""
        last = self.length // 2 - 1
        first = tf.random.stateless_uniform((size,), seed + 1, 0, 10, "int32")
        second = tf.random.stateless_uniform((size,), seed + 2, 0, last - 1, "int32")
        return first, second + tf.cast(second >= first, "int32")  # another one


@dataclass(frozen=True)
class AddingHalves(_Sum):
    """The easier form that is common now: a mark in each half (Le, Jaitly and Hinton 2015, section 4.1).

    The second mark may be near the answer: what a memory of a few steps gains there teaches the longer ones.
    Numbers, answers and what is right are those of `Adding`, so that only the places of the marks differ.

    Args:
        length: T, at least 22.

    Raises:
        ValueError: a shorter one.
    """

    def places(self, size: int, seed: Tensor) -> tuple[Tensor, Tensor]:
        """One in each half."""
        half = self.length // 2
        first = tf.random.stateless_uniform((size,), seed + 1, 0, half, "int32")
        return first, tf.random.stateless_uniform((size,), seed + 2, half, self.length, "int32")


@dataclass(frozen=True)
class Copying:
    """Say again what was said T steps before (Hochreiter and Schmidhuber 1997; Arjovsky et al. 2016).

    `count` symbols of an alphabet, T - 1 blanks, a sign to begin, and blanks while the symbols are said in
    their order. Right is every one of them.

    Args:
        length: T, from the last symbol to the sign.
        count: symbols to remember.
        alphabet: how many kinds there are.
    """

    length: int
    count: int = 3
    alphabet: int = 4

    @property
    def features(self) -> int:
        """The symbols, the blank and the sign, one hot."""
        return self.alphabet + 2

    @property
    def outputs(self) -> int:
        """A logit for each symbol."""
        return self.alphabet

    @property
    def answers(self) -> int:
        """One for each symbol."""
        return self.count

    @property
    def steps(self) -> int:
        """From the first symbol to the last answer."""
        return self.length + 2 * self.count - 1

    def batch(self, size: int, seed: Tensor) -> tuple[Tensor, Tensor]:
        """One-hot steps [B, steps, alphabet + 2], symbols [B, count]."""
        symbols = tf.random.stateless_uniform((size, self.count), seed, 0, self.alphabet, "int32")
        rest = [self.alphabet] * (self.length - 1) + [self.alphabet + 1] + [self.alphabet] * (self.count - 1)
        said = tf.concat([symbols, tf.repeat([rest], size, axis=0)], 1)
        return tf.one_hot(said, self.features), symbols

    def loss(self, target: Tensor, said: Tensor) -> Tensor:
        """Cross-entropy of the symbols."""
        return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(target, said, from_logits=True))

    def wrong(self, target: Tensor, said: Tensor) -> Tensor:
        """Any symbol missed."""
        return tf.reduce_any(tf.argmax(said, -1, "int32") != target, -1)
