"""Fingerprint: all that the results of a search depend on."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import keras

from seqmem.data.dataset import Dataset
from tuning.hypermodel import ForecastHyperModel
from tuning.journal.events import ProjectError
from tuning.journal.user_code import is_foreign, source_of
from tuning.tasks import Task

PACKAGES = ("seqmem", "keras", "keras-tuner", "numpy", "scikit-learn")


def fingerprint(hypermodel: ForecastHyperModel, tuner: type, seed: int, **options: Any) -> dict[str, Any]:
    """Everything that the results of a search depend on, by name, in what JSON can hold."""
    import tensorflow as tf

    task, space, data = hypermodel.task, hypermodel.space, hypermodel.data
    target = task.target(data)
    return {
        "data": data_fingerprint(data, target.columns),
        "task": {"name": type(task).__name__, **_plain(vars(task))},
        "transform": _unnamed(_plain(keras.saving.serialize_keras_object(target)["config"])),
        "folds": f"{hypermodel.folds!r}, test {hypermodel.test:g}, validation {hypermodel.validation:g}",
        "seeds": hypermodel.seeds,
        "space": _plain(asdict(space)),
        "code": {name: source_of(name)[1] for name in (*space.cells, _name(task)) if is_foreign(name)},
        "recipe": asdict(hypermodel.recipe),
        "tuner": {"name": tuner.__name__, **_plain(options)},
        "seed": seed,
        **({} if hypermodel.starts_with_default else {"first": _plain(hypermodel.first)}),
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


def data_fingerprint(data: Dataset, columns: Sequence[str]) -> dict[str, Any]:
    """The rows, the first and the last date, and a hash of the columns that a target reads."""
    digest = hashlib.sha256()
    for unique_id in data.ids:
        digest.update("\n".join([unique_id, *map(str, data.dates(unique_id))]).encode())
        digest.update(data.values(unique_id, columns).astype("<f8").tobytes())
    dates = [date for unique_id in data.ids for date in data.dates(unique_id)[[0, -1]]]
    return {
        "rows": len(data),
        "first": str(min(dates)),
        "last": str(max(dates)),
        "sha256": digest.hexdigest()[:16],
    }


def _name(task: Task) -> str:
    return f"{type(task).__module__}:{type(task).__qualname__}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)
