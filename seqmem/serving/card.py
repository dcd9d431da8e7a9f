"""The card: what a saved model is, what it was made from, and how good it was."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from seqmem.forecaster import Forecaster
from seqmem.series import fingerprint

NAME = "card.json"
PACKAGES = ("seqmem", "keras", "keras-tuner", "numpy", "pandas")


def columns(forecaster: Forecaster) -> list[str]:
    """The names of what a server is given."""
    return ["high", "low", "close"] if forecaster.target.columns == (3,) else ["closes"]


def card(
    forecaster: Forecaster, *, name: str, prices: pd.Series | pd.DataFrame | None = None, **more: Any
) -> dict[str, Any]:
    """What `card.json` holds.

    Args:
        forecaster: a fitted forecaster.
        name: of the model.
        prices: the series that it was made from.
        **more: hyperparameters, scores, seed, ...: anything that JSON can hold.
    """
    import tensorflow as tf

    width = forecaster.compute_output_shape((None,))[1]
    versions = {package: version(package) for package in PACKAGES}
    about: dict[str, Any] = {
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": {name: ["batch", f"at least {forecaster.closes}"] for name in columns(forecaster)},
        "output": {name: ["batch", width] for name in forecaster.target.answer(np.ones((1, width)))},
        "lookback": forecaster.lookback,
        "closes": forecaster.closes,
        "horizon": forecaster.horizon,
        **({"horizons": list(forecaster.target.horizons)} if forecaster.target.columns else {}),
        "parameters": int(sum(np.prod(weight.shape) for weight in forecaster.trainable_weights)),
        "config": forecaster.get_config(),
        "transform": {weight.path: float(weight) for weight in forecaster.target.weights},
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, **versions},
    }
    if prices is not None:
        prices = prices["Close"] if isinstance(prices, pd.DataFrame) else prices
        about["data"] = {
            "fingerprint": fingerprint(prices),
            "column": str(prices.name),
            "rows": len(prices),
            "first": str(prices.index[0]),
            "last": str(prices.index[-1]),
        }
    return about | more


def to_json(about: dict[str, Any]) -> str:
    """The card as text; NaN, which JSON has no word for, as null."""
    return json.dumps(_plain(about), indent=2, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
