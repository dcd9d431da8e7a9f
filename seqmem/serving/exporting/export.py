"""Export: a fitted forecaster as a versioned SavedModel, complete or absent."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from seqmem.models.forecaster import Forecaster
from seqmem.serving.card import card, to_json
from seqmem.serving.card_markdown import PAGE, page
from seqmem.serving.exporting import warmup
from seqmem.serving.exporting.endpoints import columns, endpoints
from seqmem.serving.exporting.onnx import to_onnx
from seqmem.serving.folders import check_name
from seqmem.serving.provenance import CARD, file_hashes, operations, write_tensors

KERAS_FILE, ONNX_FILE = "model.keras", "model.onnx"
DRAFT = ".draft-"
STALE = 3600  # seconds after which a draft is nobody's: its export was killed


def export(
    forecaster: Forecaster,
    root: str | Path = "saved_models",
    *,
    name: str,
    version: int | None = None,
    prices: pd.Series | pd.DataFrame | None = None,
    onnx: bool = False,
    **more: Any,
) -> Path:
    """Write ``<root>/<name>/<version>/``, as TensorFlow Serving wants it.

    Signatures, all of named float32 tensors with the batch B free:

        serving_default   `closes` [B, at least T + lag] -> `forecast` [B, H] in the units of the closes; of a
                          forecaster of variances `closes`, or `high`, `low` and `close` -> `variance` and
                          annualised `volatility` [B, H]
        volatility        the same again, of a forecaster of variances
        start             as serving_default, and the state of a stream after the window
        step              one `close` [B] (or bar) and a state -> the forecast and the state after it
        explain           as serving_default -> every gate at every step of the window [B, T, U]
        describe          `request` [B], any string -> `card` [B], this card as JSON

    Longer histories are cut, shorter ones and prices that are not above 0 and finite are errors from the
    graph. It holds standard operations alone: no XLA, no GPU kernel, no Python. Beside it stand
    ``model.keras`` for `load`, ``card.json`` and ``CARD.md``, and ``tensors.tsv`` with the names of tensors.
    All is written to a temporary folder and renamed: a server that polls the root never sees half a model.

    Args:
        forecaster: a fitted forecaster.
        root: the folder of all models.
        name: of the model: letters, digits, ``_``, ``-`` and ``.``.
        version: a whole number of at least 1 that is not taken. None: the next free one.
        prices: the series, or the bars, that the model was made from, for the card.
        onnx: write ``model.onnx`` too: `serving_default` for ONNX Runtime; see `to_onnx`.
        **more: goes into the card.

    Returns:
        The folder of the version.

    Raises:
        ImportError: `onnx` without tf2onnx.
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
    _sweep(home)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=home))
    try:
        about = card(forecaster, name=name, prices=prices, **more)
        _write_saved_model(forecaster, draft, to_json(about))
        warmup.write(draft, closes=forecaster.closes, name=name)
        forecaster.save(draft / KERAS_FILE)
        if onnx:
            (draft / ONNX_FILE).write_bytes(to_onnx(forecaster))
        write_tensors(draft)
        (draft / PAGE).write_text(page(about))
        about |= {"operations": operations(draft), "files": file_hashes(draft, leave_out=())}
        (draft / CARD).write_text(to_json(about))
        draft.chmod(0o755)  # mkdtemp makes it ours alone; the server may be someone else
        _to_disk(draft)
        return _publish(draft, home, version)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_saved_model(forecaster: Forecaster, folder: Path, about: str) -> None:
    archive = keras.export.ExportArchive()
    archive.track(forecaster)
    for name, function, inputs in endpoints(forecaster, about):
        archive.add_endpoint(name, function, input_signature=inputs)
    archive.write_out(str(folder), verbose=False)


def _sweep(home: Path) -> None:
    """Remove what exports that were killed left behind."""
    for left in home.glob(f"{DRAFT}*"):
        if time.time() - left.stat().st_mtime > STALE:
            shutil.rmtree(left, ignore_errors=True)


def _to_disk(folder: Path) -> None:
    """Have every file on the disk before the folder gets its name: a power cut leaves a draft, or all."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
