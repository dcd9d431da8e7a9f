"""Which versions a folder asks to have served, as it is on disk now."""

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from seqmem.serving.folders import versions_in
from seqmem.serving.server.configs import MODELS, read_models

LOG = logging.getLogger(__name__)


class Aspired(NamedTuple):
    """Of one model: the versions, oldest first, what the labels stand for, what will do where all fail."""

    versions: list[int]
    labels: dict[str, int]
    older: list[int] = []  # newest first


class AspiredVersions:
    """The versions and labels of a folder's ``models.config``, and else the newest version of each model.

    Args:
        path: ``saved_models/NAME``, or ``saved_models``.

    Raises:
        FileNotFoundError: no folder, or no model in it.
    """

    def __init__(self, path: Path) -> None:
        path = path.resolve()
        if not path.is_dir():
            raise FileNotFoundError(f"{path}: no such folder")
        self._only: str | None = path.name if versions_in(path) else None
        self.root: Path = path.parent if self._only else path
        self._complaint = ""
        if not self.now(()):
            raise FileNotFoundError(f"{path}: no SavedModel there, nor in numbered folders below it")

    def now(self, served: Collection[str]) -> dict[str, Aspired]:
        """What is asked for of each model, and nothing of those that are served and no longer there.

        While ``models.config`` cannot be read, that is said once, and all stays as it is.
        """
        try:
            configured = read_models(self.root / MODELS)
            self._complaint = ""
        except (OSError, ValueError) as error:
            if str(error) != self._complaint:
                LOG.error("%s", error)
            self._complaint, configured = str(error), {}
            if served:
                return {}
        folders = (each.name for each in self.root.iterdir() if each.is_dir())
        found = dict.fromkeys(served, Aspired([], {}))
        for name in [self._only] if self._only else sorted(folders):
            if there := versions_in(self.root / name):
                found[name] = _aspired(configured.get(name), there)
        return found


def _aspired(model: Any, there: list[int]) -> Aspired:
    """What a ModelConfig asks for, of the versions that are there; the newest where it does not say."""
    if model is None:
        return Aspired(there[-1:], {}, there[-2::-1])
    policy, labels = model.model_version_policy, dict(model.version_labels)
    if policy.HasField("specific"):
        return Aspired([number for number in there if number in policy.specific.versions], labels)
    if policy.HasField("all"):
        return Aspired(there, labels)
    return Aspired(there[-max(1, policy.latest.num_versions) :], labels)
