"""The card: what a saved model is, what it was made from, and how good it was."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.series import fingerprint
from seqmem.models.forecaster import Forecaster
from seqmem.serving.card_schema import check_schema
from seqmem.serving.exporting.endpoints import columns, endpoints
from seqmem.serving.provenance import weights_hash
from seqmem.serving.safe_files import CARD, read_bytes

MOST_CARD = 2**22  # bytes
PACKAGES = ("seqmem", "keras", "keras-tuner", "numpy", "pandas")


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

    example = _example(forecaster, prices)
    versions = {package: version(package) for package in PACKAGES}
    about: dict[str, Any] = {
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": {name: ["batch", f"at least {forecaster.closes}"] for name in columns(forecaster)},
        "output": {name: ["batch", len(row)] for name, (row,) in example["outputs"].items()},
        "lookback": forecaster.lookback,
        "closes": forecaster.closes,
        "horizon": forecaster.horizon,
        **({"horizons": list(forecaster.target.horizons)} if forecaster.target.columns else {}),
        "signatures": [one.name for one in endpoints(forecaster, "")],
        "parameters": int(sum(np.prod(weight.shape) for weight in forecaster.trainable_weights)),
        "weights": weights_hash(forecaster.weights),
        "example": example,
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


def read_card(folder: Path) -> dict[str, Any]:
    """The card of an exported version.

    Raises:
        ValueError: none, or none that seqmem wrote: a field that is missing, or of the wrong type or value.
    """
    try:
        about: dict[str, Any] = json.loads(read_bytes(folder / CARD, MOST_CARD))
        check_schema(about)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{folder}: not a model that seqmem exported: {CARD}: {error}"[:500]) from error
    return about


def _example(forecaster: Forecaster, prices: pd.Series | pd.DataFrame | None) -> dict[str, Any]:
    """A window of prices, the last known or else made up, and what is forecast from it."""
    names, target = columns(forecaster), forecaster.target
    levels = None
    if prices is not None and (names == ["closes"] or isinstance(prices, pd.DataFrame)):
        levels = target.levels(prices)[-forecaster.closes :]
    if levels is None or len(levels) < forecaster.closes:
        wave = 100 + np.sin(np.arange(forecaster.closes))
        levels = np.stack([wave * up for up in (1.01, 0.99, 1.0)], 1) if names[1:] else wave
    levels = np.asarray(levels, "float32")
    history = levels.reshape(1, forecaster.closes, *target.columns)
    rows = levels.reshape(forecaster.closes, -1)
    answer = target.answer(forecaster(history, training=False))
    return {
        "inputs": {name: rows[None, :, n].tolist() for n, name in enumerate(names)},
        "outputs": {name: np.asarray(values).tolist() for name, values in answer.items()},
    }


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
