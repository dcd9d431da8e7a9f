"""The card: what a saved model is, what it was made from, and how good it was."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from seqmem.data.dataset import Dataset, PriceData, day
from seqmem.data.reading import as_dataset
from seqmem.models.forecaster import Forecaster
from seqmem.serving.exporting.endpoints import endpoints
from seqmem.serving.provenance import weights_hash
from seqmem.serving.questions import input_names

FORMAT = 2  # of the card
PACKAGES = ("seqmem", "keras", "keras-tuner", "numpy", "pandas")


def card(
    forecaster: Forecaster,
    *,
    name: str,
    prices: PriceData | None = None,
    dates: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What `card.json` holds.

    Args:
        forecaster: a fitted forecaster.
        name: of the model.
        prices: what it was made from.
        dates: where they are not those of the forecaster and the prices: `trained`, the last that training
            knows; `scored`, the first and the last of the scores; `data`, the last of all.
        **more: hyperparameters, scores, seed, ...: anything that JSON can hold.
    """
    import tensorflow as tf

    data = None if prices is None else as_dataset(prices, allow_negative=not forecaster.positive)
    example = _example(forecaster, data)
    versions = {package: version(package) for package in PACKAGES}
    levels = forecaster.network.head.levels
    about: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": {
            each: ["batch", f"at least {forecaster.context_length}"]
            for each in input_names(forecaster.target.columns)
        },
        "output": {each: ["batch", *np.shape(row)[1:]] for each, row in example["outputs"].items()},
        "columns": list(forecaster.target.columns),
        "positive": forecaster.positive,
        "quantity": forecaster.quantity.to_config(),
        "lookback": forecaster.lookback,
        "context_length": forecaster.context_length,
        "horizons": list(forecaster.horizons),
        "point": "mean" if forecaster.network.head.has_mean else "median",
        **({"levels": list(levels)} if levels else {}),
        "signatures": [one.name for one in endpoints(forecaster, "")],
        "parameters": int(sum(np.prod(weight.shape) for weight in forecaster.trainable_weights)),
        "weights": weights_hash(forecaster.weights),
        "example": example,
        "config": forecaster.get_config(),
        **({} if forecaster.fitted_by is None else {"training": asdict(forecaster.fitted_by)}),
        "transform": {weight.path: float(weight) for weight in forecaster.target.weights},
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, **versions},
    }
    known = {"trained": forecaster.fitted_until} if forecaster.fitted_until else {}
    if data is not None:
        known |= {"data": day(max(frame.index[-1] for frame in data.frames.values()))}
        about |= {"calendar": data.calendar.to_config(), "data": _of_data(data)}
    return about | {"dates": known | dict(dates or {})} | more


def _of_data(data: Dataset) -> dict[str, Any]:
    """What a model was made from: a fingerprint, rows and dates; of a panel those of each series."""
    about = {
        name: {
            "fingerprint": data[name].fingerprint(),
            "rows": len(frame),
            "first": str(frame.index[0]),
            "last": str(frame.index[-1]),
        }
        for name, frame in data.frames.items()
    }
    doubts = {"doubts": list(data.doubts)} if data.doubts else {}
    return {
        "column": data.column,
        **doubts,
        **(next(iter(about.values())) if len(about) == 1 else {"series": about}),
    }


def _example(forecaster: Forecaster, data: Dataset | None) -> dict[str, Any]:
    """A window of prices, the last known or else made up, and what is forecast from it."""
    names, columns = input_names(forecaster.target.columns), forecaster.target.columns
    rows = np.empty((0, len(columns)))
    if data is not None and data.has(*columns):
        rows = data.values(data.ids[0], columns)[-forecaster.context_length :]
    if len(rows) < forecaster.context_length:
        wave = 100 + np.sin(np.arange(forecaster.context_length))
        rows = np.stack([wave * {"high": 1.01, "low": 0.99}.get(name, 1.0) for name in columns], 1)
    rows = np.asarray(rows, "float32")
    answer = forecaster.outputs(forecaster.respond(rows[None], training=False))
    return {
        "inputs": {name: rows[None, :, column].tolist() for column, name in enumerate(names)},
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
