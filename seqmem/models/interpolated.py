"""Variances over other horizons than a model's own: linear between them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from seqmem.heads import Head, LogVariance
from seqmem.networks import Network

Tensor = Any


def interpolate_variances(
    variances: np.ndarray, horizons: Sequence[int], wanted: Sequence[int]
) -> np.ndarray:
    """Variances over some horizons [N, K] as those over others [N, H]: linear between, from 0 at 0.

    >>> interpolate_variances(np.array([[1.0, 9.0]]), (1, 5), (1, 2, 3, 4, 5)).tolist()
    [[1.0, 3.0, 5.0, 7.0, 9.0]]
    """
    nodes = np.array([0, *horizons])
    values = np.concatenate([np.zeros((len(variances), 1)), variances], axis=1)
    above = np.clip(np.searchsorted(nodes, wanted), 1, len(nodes) - 1)
    share = (np.array(wanted) - nodes[above - 1]) / (nodes[above] - nodes[above - 1])
    return (1 - share) * values[:, above - 1] + share * values[:, above]


class InterpolatedVariance(Network):
    """A network of log variances, over other horizons: `interpolate_variances` in its graph.

    Its members answer together, so that what is interpolated is the forecast.

    Args:
        network: its raw outputs are logarithms of mean daily variances over a scale.
        horizons: rows ahead, none beyond the network's.
        head: what an output is; by default the logarithm of a variance.
    """

    def __init__(
        self, network: Network, horizons: Sequence[int], head: Head | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.network = network
        self.horizons = tuple(int(h) for h in horizons)
        self.head: Head = head or LogVariance()
        inner = np.array(network.horizons)
        shares = interpolate_variances(np.eye(len(inner)), network.horizons, self.horizons)  # [K, H]
        self._shares = (shares * inner[:, None] / np.array(self.horizons)).T.astype("float32")  # of means

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights of the network."""
        if not self.network.built:
            self.network.build(input_shape)
        self.built = True

    def call(
        self, inputs: Tensor, training: bool = False, teacher: Tensor | None = None, chunk_length: int = 1
    ) -> Tensor:
        """[B, T, F] -> [B, H, 1, 1]; see `Network.call`."""
        return self._over(self.network.head.merge(self.network(inputs, training=training)))

    @property
    def state_sizes(self) -> tuple[int, ...] | None:
        """Those of the network."""
        return self.network.state_sizes

    def advance(self, inputs: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Read on from where an earlier call ended; see `Network.advance`."""
        raw, after = self.network.advance(inputs, states)
        return self._over(self.network.head.merge(raw)), after

    def gates(self, inputs: Tensor) -> dict[str, Tensor]:
        """Those of the network."""
        return self.network.gates(inputs)

    def _over(self, merged: Tensor) -> Tensor:
        """The forecast of all members together [B, K, 1], over the horizons: [B, H, 1, 1]."""
        merged = ops.cast(merged, "float32")
        top = ops.max(merged, axis=1, keepdims=True)  # exponents stay in range
        return (top + ops.log(ops.einsum("hk,bko->bho", self._shares, ops.exp(merged - top))))[:, :, None]
