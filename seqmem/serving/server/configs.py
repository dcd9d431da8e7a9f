"""The two files that TensorFlow Serving is started with: which models, and how requests are batched."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqmem.serving.folders import versions_in
from seqmem.serving.protocol.protos import BatchingParameters, ModelServerConfig
from seqmem.serving.safe_files import read_bytes

MOST_CONFIG = 2**20  # bytes
MODELS, BATCHING = "models.config", "batching_parameters.txt"


def models_below(root: Path) -> dict[str, list[int]]:
    """The versions of each model in the folder of all models, oldest first.

    Raises:
        FileNotFoundError: no folder, or no model in it.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder")
    found = {home.name: versions_in(home) for home in sorted(root.iterdir()) if home.is_dir()}
    found = {name: versions for name, versions in found.items() if versions}
    if not found:
        raise FileNotFoundError(f"{root}: no model there: expected NAME/VERSION/saved_model.pb below it")
    return found


def read_models(path: Path) -> dict[str, Any]:
    """What a models.config says of each model, by name; nothing where there is no such file.

    Raises:
        ValueError: not a models.config.
    """
    from google.protobuf import text_format

    if not path.is_file():
        return {}
    try:
        config = text_format.Parse(
            read_bytes(path, MOST_CONFIG).decode(), ModelServerConfig(), allow_unknown_field=True
        )
    except (text_format.ParseError, ValueError) as error:
        raise ValueError(f"{path}: not a models.config: {error}") from error
    return {model.name: model for model in config.model_config_list.config}


def models_config(
    root: Path,
    *,
    seen_at: str | None = None,
    stable: Mapping[str, int] | None = None,
    latest: int | None = None,
) -> str:
    """The text of models.config for all models below a folder.

    `canary` is the newest version of each model. `stable` is what it was before, if that version is still
    there, and else the newest too: a new export answers as canary until somebody makes it stable.

    Args:
        root: the folder of all models.
        seen_at: where the server sees that folder. None: where it is.
        stable: versions to be made stable, by name: forwards, or back.
        latest: serve this many of the newest versions of each model, as they come. None: serve the
            two that are labelled, and no other.

    Raises:
        FileNotFoundError: no models below `root`.
        ValueError: a version that is not there, or not among the newest `latest`.
    """
    from google.protobuf import text_format

    stable, found, before = dict(stable or {}), models_below(root), read_models(root / MODELS)
    if strange := sorted(set(stable) - set(found)):
        raise ValueError(f"stable: no model {strange[0]!r} below {root}. There are: {', '.join(found)}")
    config = ModelServerConfig()
    for name, versions in found.items():
        was = before[name].version_labels.get("stable") if name in before else None
        chosen = stable.get(name, was if was in versions else versions[-1])
        served = versions[-latest:] if latest else versions
        if chosen not in served:
            why = f"the newest {latest}" if latest and chosen in versions else "its versions"
            raise ValueError(f"stable: {name}: {chosen} is not among {why}: {', '.join(map(str, served))}")
        model = config.model_config_list.config.add(
            name=name, base_path=f"{seen_at or root.resolve()}/{name}", model_platform="tensorflow"
        )
        if latest:
            model.model_version_policy.latest.num_versions = latest
        else:
            model.model_version_policy.specific.versions.extend(sorted({chosen, versions[-1]}))
        model.version_labels.update({"stable": chosen, "canary": versions[-1]})
    return text_format.MessageToString(config)


def batching_parameters(*, max_batch: int = 64, wait_micros: int = 1000, threads: int | None = None) -> str:
    """The text of batching_parameters.txt.

    Nothing is padded: a window padded with zeros is another window. So only requests whose windows are of
    one length may share a batch, which is what `Client` sends.

    Args:
        max_batch: rows in one run of the graph; larger requests are refused by the server.
        wait_micros: how long the first request of a batch waits for others, in microseconds.
        threads: batches that run at once. None: one for each core.
    """
    from google.protobuf import text_format

    parameters = BatchingParameters()
    parameters.max_batch_size.value = max_batch
    parameters.batch_timeout_micros.value = wait_micros
    parameters.max_enqueued_batches.value = 100
    parameters.num_batch_threads.value = threads or os.cpu_count() or 1
    return text_format.MessageToString(parameters)
