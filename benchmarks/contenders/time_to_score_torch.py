"""`benchmarks.time_to_score` in PyTorch: windows, a hand-written loop."""

import json
import sys
import time

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.harness import THREADS
from benchmarks.time_to_score import BATCH, HORIZONS, LOOKBACK, PATIENCE, UNITS, span


class Variances(torch.nn.Module):
    """An LSTM and a dense head that begins at zero, as ours does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.LSTM(1, UNITS, batch_first=True)
        self.head = torch.nn.Linear(UNITS, len(HORIZONS))
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, T, 1] to log variances [B, H]."""
        return self.head(self.layer(x)[0][:, -1])


def main(file: str, seed: int, begun: float, average: bool = False) -> None:
    """Train until it gets no better, with an average of the last weights or without; a line an epoch."""
    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    data = np.load(file)
    squares = np.diff(np.log(data["closes"]), prepend=np.nan) ** 2  # [S, N], of the day of each row
    squares /= squares[:, 1 : data["train"][-1] + max(HORIZONS) + 1].mean()
    parts = [_windows(squares, data[name]) for name in ("train", "validation")]
    (x, y), (x_later, y_later) = parts
    network = Variances()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    scored = network
    if average:
        scored = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(span(len(x), BATCH)))
    best, since = float("inf"), 0
    while since < PATIENCE:
        for batch in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            said = network(x[batch])
            (said + y[batch] * torch.exp(-said)).mean().backward()
            optimizer.step()
            if average:
                scored.update_parameters(network)
        with torch.inference_mode():
            said = scored(x_later)
            score = float((said + y_later * torch.exp(-said)).mean())
        print(json.dumps([time.time() - begun, score]), flush=True)
        best, since = (score, 0) if score < best else (best, since + 1)


def _windows(squares: np.ndarray, at: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    x = squares[:, at[:, None] + np.arange(1 - LOOKBACK, 1)].reshape(-1, LOOKBACK, 1)
    y = np.stack([squares[:, at[:, None] + np.arange(1, h + 1)].mean(2).ravel() for h in HORIZONS], 1)
    return torch.from_numpy(x.astype("float32")), torch.from_numpy(y.astype("float32"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:] == ["average"])
