"""Fingerprint: all that the results of a search depend on."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import keras

from tuning.hypermodel import ForecastHyperModel
from tuning.journal.events import ProjectError
from tuning.journal.user_code import source_of

PACKAGES = ("seqmem", "keras", "keras-tuner", "numpy", "scikit-learn")


def fingerprint(hypermodel: ForecastHyperModel, tuner: type, seed: int, **options: Any) -> dict[str, Any]:
    """Everything that the results of a search depend on, by name, in what JSON can hold."""
    import tensorflow as tf

    task, space = hypermodel.task, hypermodel.space
    target = keras.saving.serialize_keras_object(task.target(hypermodel.prices))["config"]
    return {
        "data": _data(hypermodel.prices),
        "task": {"name": type(task).__name__, **_plain(vars(task))},
        "transform": _unnamed(_plain(target)),
        "folds": f"{hypermodel.walk!r}, test {hypermodel.test:g}, validation {hypermodel.validation:g}",
        "seeds": hypermodel.seeds,
        "space": _plain(asdict(space)),
        "cells": {name: source_of(name)[1] for name in space.cells if ":" in name},
        "training": {
            "epochs": hypermodel.epochs,
            "patience": hypermodel.patience,
            "batch_size": hypermodel.batch_size,
            "labels": hypermodel.labels,
        },
        "tuner": {"name": tuner.__name__, **_plain(options)},
        "seed": seed,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            **{package: version(package) for package in PACKAGES},
        },
    }


def require_same(was: Mapping[str, Any], now: Mapping[str, Any], project: str) -> None:
    """Refuse to go on with a search of something else.

    Raises:
        ProjectError: what changed, each with what it was and what it is.
    """
    changed = [words for name in {**was, **now} for words in _changes(name, was.get(name), now.get(name))]
    if changed:
        raise ProjectError(
            f"{project} is another search: {'; '.join(changed)}. Restore the old data or options to "
            "resume it, or give --fresh to start over, or another --directory"
        )


def _unnamed(config: Any) -> Any:
    """Without the names that Keras counts up."""
    if isinstance(config, dict):
        return {key: _unnamed(value) for key, value in config.items() if key != "name"}
    return [_unnamed(value) for value in config] if isinstance(config, list) else config


def _changes(name: str, was: Any, now: Any) -> list[str]:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return [
            words
            for part in {**was, **now}
            for words in _changes(f"{name}: {part}", was.get(part), now.get(part))
        ]
    return [] if was == now else [f"{name} was {was}, now {now}"]


def _data(prices: Any) -> dict[str, Any]:
    digest = hashlib.sha256("\n".join(map(str, prices.index)).encode())
    digest.update(prices.to_numpy(dtype="<f8").tobytes())
    return {
        "rows": len(prices),
        "first": str(prices.index[0]),
        "last": str(prices.index[-1]),
        "sha256": digest.hexdigest()[:16],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)
