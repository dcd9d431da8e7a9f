"""Several networks of one kind, trained one by one, as the members of one."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from seqmem.heads import Head
from seqmem.networks.base import Network

Tensor = Any


class EnsembleMean(Network):
    """Networks that share inputs, horizons and head, as one: the mean of their outputs is the forecast.

    The mean squared error of the mean is at most the mean of theirs (Krogh and Vedelsby 1995), less how
    much they differ.

    Args:
        networks: at least one, all of the same horizons and head.

    Raises:
        ValueError: no networks, or horizons that differ.

    >>> from seqmem.cells import GRUCell
    >>> from seqmem.networks import EncoderDecoder
    >>> both = EnsembleMean([EncoderDecoder(GRUCell(4), GRUCell(4), horizon=3) for _ in range(2)])
    >>> both(ops.zeros((2, 30, 1))).shape
    TensorShape([2, 3, 2, 1])
    """

    trains_on_chunks = True

    def __init__(self, networks: Sequence[Network], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        horizons = {network.horizons for network in networks}
        if len(horizons) != 1:
            raise ValueError(
                f"EnsembleMean: expected networks of the same horizons. Received: {sorted(horizons)}"
            )
        self.networks: list[Network] = list(networks)
        self.horizons: tuple[int, ...] = networks[0].horizons
        self.head: Head = networks[0].head
        self.members: int = sum(network.members for network in networks)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights of all for inputs of [B, T, F]."""
        for network in self.networks:
            if not network.built:
                network.build(input_shape)
        self.built = True

    def call(
        self, inputs: Tensor, training: bool = False, teacher: Tensor | None = None, chunk_length: int = 1
    ) -> Tensor:
        """The outputs of all, side by side: [B, T, F] -> [B, H, M, K]; see `Network.call`."""
        options: dict[str, Any] = {"training": training, "teacher": teacher, "chunk_length": chunk_length}
        return ops.concatenate([network(inputs, **options) for network in self.networks], axis=2)

    @property
    def state_sizes(self) -> tuple[int, ...] | None:
        """Those of each network in turn."""
        sizes = [network.state_sizes for network in self.networks]
        if any(size is None for size in sizes):
            return None
        return tuple(width for size in sizes for width in size or ())

    def advance(self, inputs: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Read on from where an earlier call ended; see `Network.advance`."""
        outputs, after, rest = [], [], list(states)
        for network in self.networks:
            own = [rest.pop(0) for _ in network.state_sizes or ()]
            output, following = network.advance(inputs, own)
            outputs.append(output)
            after += following
        return ops.concatenate(outputs, axis=2), after

    def gates(self, inputs: Tensor) -> dict[str, Tensor]:
        """What the gates of each network do, its number before their names, as in ``network_0_forget``."""
        return {
            f"network_{number}_{name}": values
            for number, network in enumerate(self.networks)
            for name, values in network.gates(inputs).items()
        }
