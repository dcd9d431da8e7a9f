"""Export: a fitted forecaster as a versioned SavedModel, complete or absent."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from seqmem.forecaster import Forecaster
from seqmem.serving import warmup
from seqmem.serving.card import NAME, card, columns, to_json


def export(
    forecaster: Forecaster,
    root: str | Path = "saved_models",
    *,
    name: str,
    version: int | None = None,
    prices: pd.Series | pd.DataFrame | None = None,
    **more: Any,
) -> Path:
    """Write ``<root>/<name>/<version>/``, as TensorFlow Serving wants it.

    ``serving_default`` takes `closes` [B, at least T + lag] float32 and gives `forecast` [B, H] float32
    in the units of the closes. A forecaster of variances takes `closes`, or `high`, `low` and `close`,
    and gives `variance` and annualised `volatility` [B, H], also as signature ``volatility``. Longer
    histories are cut, shorter ones and prices that are not above 0 and finite are errors from the graph.
    Beside the SavedModel stand ``model.keras``, for `load`, and ``card.json``. All is written to a
    temporary folder and renamed, so a server that polls the root never sees half a model.

    Args:
        forecaster: a fitted forecaster.
        root: the folder of all models.
        name: of the model: letters, digits, ``_``, ``-`` and ``.``.
        version: a whole number of at least 1 that is not taken. None: the next free one.
        prices: the series, or the bars, that the model was made from, for the card.
        **more: goes into the card.

    Returns:
        The folder of the version.

    Raises:
        ValueError: a name that is no folder name, a version below 1, a forecaster never fitted.
        FileExistsError: the version is taken.
    """
    check_name(name)
    if version is not None and not (isinstance(version, int) and version >= 1):
        raise ValueError(f"export: version must be a whole number of at least 1. Received: {version!r}")
    home = Path(root) / name
    if version is not None and (home / str(version)).exists():
        raise FileExistsError(f"export: {home / str(version)} exists; versions are never overwritten")
    rows = np.linspace(100, 101, forecaster.closes)
    forecaster.forecast(rows if not columns(forecaster)[1:] else np.stack([rows] * 3, 1))  # is there one?
    home.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=home))
    try:
        _write_saved_model(forecaster, draft)
        warmup.write(draft, closes=forecaster.closes, name=name)
        forecaster.save(draft / "model.keras")
        (draft / NAME).write_text(to_json(card(forecaster, name=name, prices=prices, **more)))
        draft.chmod(0o755)  # mkdtemp makes it ours alone; the server may be someone else
        return _publish(draft, home, version)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_name(name: str) -> None:
    """Refuse what is no name of a model.

    Raises:
        ValueError: anything but letters, digits, ``_``, ``-`` and ``.``, the first a letter or digit.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ValueError(f"export: a name is letters, digits, '_', '-' and '.'. Received: {name!r}")


def _write_saved_model(forecaster: Forecaster, folder: Path) -> None:
    archive = keras.export.ExportArchive()
    archive.track(forecaster)

    names, target = columns(forecaster), forecaster.target

    def serve(*prices: Any) -> dict[str, Any]:
        given = zip(prices, names, strict=True)
        with tf.control_dependencies([c for each in given for c in _checks(*each, forecaster.closes)]):
            history = tf.stack(prices, -1) if target.columns else tf.identity(prices[0])
        return target.answer(forecaster(history, training=False))

    signature = [tf.TensorSpec((None, None), tf.float32, name=name) for name in names]
    for endpoint in ("serving_default", *(["volatility"] if target.columns else [])):
        archive.add_endpoint(endpoint, serve, input_signature=signature)
    archive.write_out(str(folder), verbose=False)


def _checks(closes: Any, name: str, needed: int) -> list[Any]:
    """Errors from the graph itself, for clients that know nothing but prices."""
    received = tf.shape(closes)[1]
    bad = tf.where(~((closes > 0) & tf.math.is_finite(closes)))
    return [
        tf.debugging.Assert(
            received >= needed, [f"{name}: expected at least {needed} a row. Received:", received]
        ),
        tf.debugging.Assert(
            tf.equal(tf.shape(bad)[0], 0),
            [f"{name}: expected finite prices above 0. Not so at [row, position]:", bad],
            summarize=6,
        ),
    ]


def _publish(draft: Path, home: Path, version: int | None) -> Path:
    """Rename to the version asked for, or to the next free one: rename fails where a folder stands."""
    number = version or 1 + max(
        (int(folder.name) for folder in home.iterdir() if folder.name.isdecimal()), default=0
    )
    while True:
        try:
            return draft.rename(home / str(number))
        except OSError:
            if version is not None or not (home / str(number)).exists():
                raise
            number += 1
