"""Export: a fitted model as a versioned SavedModel, complete or absent."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seqmem.data.dataset import PriceData
from seqmem.models.base import Model
from seqmem.models.classics.graphs.together import as_forecaster
from seqmem.models.forecaster import Forecaster
from seqmem.serving.card import card, to_json
from seqmem.serving.card_markdown import PAGE, page
from seqmem.serving.card_schema import read_card
from seqmem.serving.exporting import warmup
from seqmem.serving.exporting.drafts import draft_in
from seqmem.serving.exporting.endpoints import endpoints
from seqmem.serving.exporting.onnx import to_onnx
from seqmem.serving.folders import check_destination, is_version, versions_in
from seqmem.serving.loading.safety import check_keras_file
from seqmem.serving.provenance import check_files, operations, write_tensors
from seqmem.serving.safe_files import CARD, KERAS_FILE, file_hashes

ONNX_FILE = "model.onnx"
FLEETING = ("created", "operations", "files", "name", "shared_object_id")


def export(
    model: Model,
    root: str | Path = "saved_models",
    *,
    name: str,
    version: int | None = None,
    prices: PriceData | None = None,
    onnx: bool = False,
    files: Mapping[str, str] | None = None,
    **more: Any,
) -> Path:
    """Write ``<root>/<name>/<version>/``, as TensorFlow Serving wants it.

    Signatures, all of named float32 tensors with the batch B free:

        serving_default   the columns that the target reads, each [B, at least T + warm-up] (`closes`; or
                          `high`, `low` and `close`; ...) -> what is forecast, [B, H] (`forecast`; or
                          `variance` and annualised `volatility`); and `quantiles` [B, H, Q] where the head
                          has them
        volatility        the same again, of a variance
        paths             as serving_default -> of a head that samples, joint `paths` [B, S, H]; quantiles of
                          their `minimum` and `maximum` up to each horizon, [B, H, Q]; the `band` [B, H, 2]
                          that holds 90% of whole paths
        start             as serving_default, and the state of a stream after the window
        step              one `close` [B] (or bar) and a state -> the forecast and the state after it
        explain           as serving_default -> every gate at every step of the window [B, T, U]
        describe          `request` [B], any string -> `card` [B], this card as JSON

    Longer histories are cut, shorter ones and prices that are not above 0 and finite are errors from the
    graph. It holds standard operations alone: no XLA, no GPU kernel, no Python. Beside it stand
    ``model.keras`` for `load`, ``card.json`` and ``CARD.md``, and ``tensors.tsv`` with the names of tensors.
    All is written to a temporary folder and renamed: a server that polls the root never sees half a model.

    Args:
        model: a fitted forecaster, or any other model with a graph: a classic of variances, a geometric
            mean of such models; see `Model.to_forecaster`.
        root: the folder of all models.
        name: of the model: letters, digits, ``_``, ``-`` and ``.``.
        version: a whole number of at least 1 that is not taken. None: the next free one.
        prices: what the model was made from, for the card; see `seqmem.read`.
        onnx: write ``model.onnx`` too: `serving_default` for ONNX Runtime; see `to_onnx`.
        files: further files of text beside it, by name.
        **more: goes into the card.

    Returns:
        The folder of the version: the newest there, if it is this very model with this very card.

    Raises:
        ImportError: `onnx` without tf2onnx.
        ValueError: a name that is no folder name, a version below 1, a model never fitted or without a graph.
        UnsafeModel: what `load` would refuse: a class that it cannot find again, weights that are not finite.
        FileExistsError: the version is taken.
        OSError: a folder that cannot be written, a disk that is full.
    """
    check_destination(root, name)
    if version is not None and not (isinstance(version, int) and version >= 1):
        raise ValueError(f"export: version must be a whole number of at least 1. Received: {version!r}")
    home = Path(root) / name
    if version is not None and (home / str(version)).exists():
        raise FileExistsError(f"export: {home / str(version)} exists; versions are never overwritten")
    forecaster = as_forecaster(model)
    _check_fitted(forecaster)
    about = card(forecaster, name=name, prices=prices, **more)
    if version is None and (same := _newest_if_same(home, about, onnx)):
        return same
    try:
        home.mkdir(parents=True, exist_ok=True)
        with draft_in(home) as draft:
            _write_saved_model(forecaster, draft, to_json(about))
            warmup.write(draft, context_length=forecaster.context_length, name=name)
            forecaster.save(draft / KERAS_FILE)
            check_keras_file(draft / KERAS_FILE)
            if onnx:
                (draft / ONNX_FILE).write_bytes(to_onnx(forecaster))
            write_tensors(draft)
            for file, text in (files or {}).items():
                (draft / file).write_text(text, encoding="utf-8")
            (draft / PAGE).write_text(page(about))
            about |= {"operations": operations(draft), "files": file_hashes(draft)}
            (draft / CARD).write_text(to_json(about))
            read_card(draft)
            draft.chmod(0o755)  # mkdtemp makes it ours alone; the server may be someone else
            _to_disk(draft)
            return _publish(draft, home, version)
    except tf.errors.OpError as error:  # how TensorFlow says that the disk is full
        raise OSError(f"export: {home} cannot be written: {str(error.message)[:300]}") from error


def _newest_if_same(home: Path, about: dict[str, Any], onnx: bool) -> Path | None:
    """The newest version, if it is what is exported now: the command was given again."""
    if not (versions := versions_in(home)):
        return None
    folder = home / str(versions[-1])
    try:
        there = read_card(folder)
        check_files(folder, there)
    except (OSError, ValueError):
        return None
    same = _lasting(there) == _lasting(json.loads(to_json(about))) and onnx == (ONNX_FILE in there["files"])
    return folder if same else None


def _lasting(node: Any) -> Any:
    """A card without what is new each time: when it was made, Keras's counts of layers and of objects."""
    if isinstance(node, dict):
        return {key: _lasting(value) for key, value in node.items() if key not in FLEETING}
    return [_lasting(value) for value in node] if isinstance(node, list) else node


def _check_fitted(forecaster: Forecaster) -> None:
    rows = np.linspace(100, 101, forecaster.context_length)
    window = np.repeat(rows[None, :, None], len(forecaster.target.columns), axis=2)
    if not np.isfinite(np.asarray(forecaster(window))).all():
        raise ValueError("export: the forecast is not finite: never fitted, or its weights diverged")


def _write_saved_model(forecaster: Forecaster, folder: Path, about: str) -> None:
    """Trace each function once: Keras's ExportArchive does it twice, to find variables and to save."""
    model, signatures, functions = tf.Module(), {}, {}
    model.weights = [variable.value for variable in forecaster.variables]
    for name, function, inputs in endpoints(forecaster, about):
        if function not in functions:  # a variance has one under two names
            functions[function] = tf.function(function, input_signature=inputs, autograph=False)
        signatures[name] = functions[function]
        setattr(model, name, signatures[name])
    tf.saved_model.save(model, str(folder), signatures)


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
        (int(folder.name) for folder in home.iterdir() if is_version(folder.name)), default=0
    )
    while True:
        try:
            return draft.rename(home / str(number))
        except OSError:
            if version is not None or not (home / str(number)).exists():
                raise
            number += 1
