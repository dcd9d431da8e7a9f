"""Several networks of one kind, trained apart, as one: the mean of what they say."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from seqmem._configured import Configured

Tensor = Any


class EnsembleMean(Configured, keras.Model):
    """The mean of networks that share inputs and outputs: [B, T, F] -> [B, H, features].

    The mean squared error of the mean is at most the mean of theirs (Krogh and Vedelsby 1995), less how
    much they differ.

    Args:
        networks: at least one, each with an attribute `horizon`, the same in all.

    Raises:
        ValueError: no networks, or horizons that differ.

    >>> from seqmem.cells import GRUCell
    >>> from seqmem.networks import EncoderDecoder
    >>> both = EnsembleMean([EncoderDecoder(GRUCell(4), GRUCell(4), horizon=3) for _ in range(2)])
    >>> both(ops.zeros((2, 30, 1))).shape
    TensorShape([2, 3, 1])
    """

    def __init__(self, networks: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        horizons = {network.horizon for network in networks}
        if len(horizons) != 1:
            raise ValueError(
                f"EnsembleMean: expected networks of one horizon. Received: horizons {sorted(horizons)}"
            )
        self.networks = list(networks)
        self.horizon = int(horizons.pop())

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights of all for inputs of [B, T, F]."""
        for network in self.networks:
            if not network.built:
                network.build(input_shape)
        self.built = True

    def call(self, inputs: Tensor, training: bool = False, labels: int = 1) -> Tensor:
        """The mean over the networks: [B, T, F] -> [B, H, features]; of L labels, [B * L, H, features]."""
        options = {"training": training, **({"labels": labels} if labels > 1 else {})}
        return ops.mean(ops.stack([network(inputs, **options) for network in self.networks]), axis=0)

    @property
    def memory(self) -> list[int]:
        """The widths of the states that `advance` hands on: those of each network in turn."""
        return [width for network in self.networks for width in network.memory]

    def advance(self, inputs: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Read on from where an earlier call ended; see `EncoderDecoder.advance`."""
        said, after, rest = [], [], list(states)
        for network in self.networks:
            own = [rest.pop(0) for _ in network.memory]
            answer, following = network.advance(inputs, own)
            said.append(answer)
            after += following
        return ops.mean(ops.stack(said), axis=0), after

    def gates(self, inputs: Tensor) -> dict[str, Tensor]:
        """What the gates of each network do, its number before their names, as in ``network_0_forget``."""
        return {
            f"network_{number}_{name}": values
            for number, network in enumerate(self.networks)
            for name, values in network.gates(inputs).items()
        }

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
        """That of the first network."""
        return self.networks[0].compute_output_shape(input_shape)
