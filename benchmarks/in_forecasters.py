"""The same training in neuralforecast and darts: one layer of LSTM, squared error, Adam."""

import logging
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from darts import TimeSeries
from darts.models import BlockRNNModel
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MSE
from neuralforecast.models import LSTM

from benchmarks.arena import THREADS
from benchmarks.data import BATCH, EPOCHS, HORIZON, LOOKBACK, WINDOWS, returns

torch.set_num_threads(THREADS)
torch.set_flush_denormal(True)
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
QUIET = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_checkpointing": False}


def fit_neuralforecast(units: int) -> Callable[[], int]:
    """Train neuralforecast's LSTM, its decoder as small as it gets."""
    values = returns()[: WINDOWS + LOOKBACK + HORIZON]
    days = pd.date_range("2000-01-01", periods=len(values))
    frame = pd.DataFrame({"unique_id": "a", "ds": days, "y": values})
    steps = EPOCHS * (WINDOWS // BATCH)

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
            **QUIET,
        )
        NeuralForecast([model], freq="D").fit(frame)
        return steps * BATCH

    return train


def fit_darts(units: int) -> Callable[[], int]:
    """Train darts' BlockRNNModel."""
    series = TimeSeries.from_values(np.asarray(returns()[: WINDOWS + LOOKBACK + HORIZON - 1]))

    def train() -> int:
        model = BlockRNNModel(
            input_chunk_length=LOOKBACK,
            output_chunk_length=HORIZON,
            model="LSTM",
            hidden_dim=units,
            n_rnn_layers=1,
            batch_size=BATCH,
            n_epochs=EPOCHS,
            pl_trainer_kwargs=QUIET,
        )
        model.fit(series, verbose=False)
        return EPOCHS * WINDOWS

    return train
