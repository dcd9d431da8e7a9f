"""The same in PyTorch (which runs its LSTM through oneDNN on a CPU)."""

from collections.abc import Callable

import numpy as np
import torch

from benchmarks.data import BATCH, EPOCHS, windows
from benchmarks.harness import THREADS

torch.set_num_threads(THREADS)
torch.set_flush_denormal(True)  # else gradients that vanish over 252 steps make it five times slower

LAYERS = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "SimpleRNN": torch.nn.RNN}


class Network(torch.nn.Module):
    """A recurrent layer and a dense head of 5 on its last output."""

    def __init__(self, layer: str, features: int, units: int) -> None:
        super().__init__()
        self.layer = LAYERS[layer](features, units, batch_first=True)
        self.head = torch.nn.Linear(units, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, T, F] to [B, 5]."""
        outputs, _ = self.layer(x)
        return self.head(outputs[:, -1])


def step(layer: str, lookback: int, units: int, features: int, batch: int) -> Callable[[], float]:
    """Forward, backward and Adam, of a layer with a dense head of 5 on squared error."""
    x, y = random_batch(batch, lookback, features)
    network = Network(layer, features, units)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def train() -> float:
        optimizer.zero_grad()
        loss = ((network(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return train


def forward(layer: str, lookback: int, units: int, batch: int) -> Callable[[], None]:
    """A forward pass of a layer."""
    x, _ = random_batch(batch, lookback, 1)
    made = LAYERS[layer](1, units, batch_first=True)

    def run() -> None:
        with torch.inference_mode():
            made(x)

    return run


def answer(layer: str, lookback: int, units: int) -> Callable[[], None]:
    """One request as ours: closes in, standardised log returns, a layer and a head, prices out."""
    network = Network(layer, 1, units).eval()
    closes = 100 * torch.exp(torch.randn(1, lookback + 1).cumsum(1) / 100)
    mean, scale = torch.tensor(0.0), torch.tensor(0.01)

    def run() -> None:
        with torch.inference_mode():
            returns = torch.log1p((closes[:, 1:] - closes[:, :-1]) / closes[:, :-1])
            said = network(((returns - mean) / scale)[..., None])
            closes[:, -1:] * torch.exp(torch.cumsum(said * scale + mean, 1))

    return run


def random_batch(batch: int, lookback: int, features: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs [B, T, F] and labels [B, 5], of noise."""
    draw = np.random.default_rng(0)
    shapes = (batch, lookback, features), (batch, 5)
    x, y = (torch.from_numpy(draw.normal(size=shape).astype("float32")) for shape in shapes)
    return x, y


def fit_loop(units: int) -> Callable[[], int]:
    """A hand-written training loop over windows that are already tensors, shuffled."""
    inputs, labels = (torch.from_numpy(array) for array in windows())
    network = Network("LSTM", 1, units)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def train() -> int:
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(inputs)).split(BATCH):
                optimizer.zero_grad()
                loss = ((network(inputs[batch]) - labels[batch]) ** 2).mean()
                loss.backward()
                optimizer.step()
        return EPOCHS * len(inputs)

    return train
