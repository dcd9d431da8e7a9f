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


def checked(name: str, prices: Tensor) -> tf.Operation:
    """Refuse prices [B] or [B, T] that are not above 0 and finite; say where the first of them stand."""
    good = (prices > 0) & (prices < float("inf"))  # NaN is neither
    where = "[row, position]" if len(prices.shape) > 1 else "[row]"
    return tf.raw_ops.Assert(
        condition=tf.reduce_all(good),
        data=[f"{name}: expected finite prices above 0. Not so at {where}:", tf.where(~good)],
        summarize=6,
    )
