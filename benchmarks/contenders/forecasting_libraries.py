"""The same training in neuralforecast and darts: one layer of LSTM, squared error, Adam.

As they come, with the logger, the checkpoints and the progress bars of their defaults; or bare, without them
and with denormals flushed, which neither does by itself.
"""

import logging
import os
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from darts import TimeSeries
from darts.models import BlockRNNModel
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MSE
from neuralforecast.models import LSTM

from benchmarks.data import BATCH, EPOCHS, HORIZON, LOOKBACK, WINDOWS, returns
from benchmarks.harness import THREADS

torch.set_num_threads(THREADS)
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


def _trainer(bare: bool) -> dict[str, Any]:
    torch.set_flush_denormal(bare)
    os.chdir(tempfile.mkdtemp())  # for what is logged
    quiet = {"logger": False, "enable_progress_bar": False, "enable_checkpointing": False} if bare else {}
    return {"accelerator": "cpu", **quiet}


def fit_neuralforecast(units: int, bare: bool) -> Callable[[], int]:
    """Train neuralforecast's LSTM, its decoder as small as it gets."""
    values = returns()[: WINDOWS + LOOKBACK + HORIZON]
    days = pd.date_range("2000-01-01", periods=len(values))
    frame = pd.DataFrame({"unique_id": "a", "ds": days, "y": values})
    steps, trainer = EPOCHS * (WINDOWS // BATCH), _trainer(bare)

    def train() -> int:
        model = LSTM(
            h=HORIZON,
            input_size=LOOKBACK,
            encoder_n_layers=1,
            encoder_hidden_size=units,
            decoder_hidden_size=units,
            decoder_layers=1,
            loss=MSE(),
            max_steps=steps,
            batch_size=1,
            windows_batch_size=BATCH,
            scaler_type="identity",
            **trainer,
        )
        NeuralForecast([model], freq="D").fit(frame)
        return steps * BATCH

    return train


def fit_darts(units: int, bare: bool) -> Callable[[], int]:
    """Train darts' BlockRNNModel."""
    series = TimeSeries.from_values(np.asarray(returns()[: WINDOWS + LOOKBACK + HORIZON - 1]))
    trainer = _trainer(bare)

    def train() -> int:
        model = BlockRNNModel(
            input_chunk_length=LOOKBACK,
            output_chunk_length=HORIZON,
            model="LSTM",
            hidden_dim=units,
            n_rnn_layers=1,
            batch_size=BATCH,
            n_epochs=EPOCHS,
            pl_trainer_kwargs=trainer,
        )
        model.fit(series, verbose=False if bare else None)
        return EPOCHS * WINDOWS

    return train
