"""Errors from the graph itself, for clients that know nothing but prices.

The operation itself, not `tf.debugging.Assert`: that one branches, which costs as much as a step of a cell.
"""

from typing import Any

import tensorflow as tf

Tensor = Any


def enough(name: str, prices: Tensor, needed: int) -> tf.Operation:
    """Refuse a history [B, T] with T below `needed`."""
    received = tf.shape(prices)[1]
    return tf.raw_ops.Assert(
        condition=received >= needed, data=[f"{name}: expected at least {needed} a row. Received:", received]
    )


def checked(name: str, prices: Tensor, positive: bool = True) -> tf.Operation:
    """Refuse values [B] or [B, T] that are not finite, or not above 0; say where the first of them stand.

    Args:
        name: of the values.
        prices: the values.
        positive: whether they must be above 0.
    """
    good = (prices < float("inf")) & (prices > (0 if positive else -float("inf")))  # NaN is neither
    where = "[row, position]" if len(prices.shape) > 1 else "[row]"
    words = "prices above 0" if positive else "numbers"
    return tf.raw_ops.Assert(
        condition=tf.reduce_all(good),
        data=[f"{name}: expected finite {words}. Not so at {where}:", tf.where(~good)],
        summarize=6,
    )
