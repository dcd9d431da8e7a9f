"""The folders of exported models, ``ROOT/NAME/VERSION``: names, and the newest. Imports nothing slow."""

import re
from pathlib import Path


def newest(path: str | Path) -> Path:
    """The folder of the version itself, or of the newest version in the folder of a model.

    Raises:
        FileNotFoundError: no model there.
    """
    folder = Path(path)
    if not (folder / "saved_model.pb").is_file():
        versions = [file.parent for file in folder.glob("*/saved_model.pb") if file.parent.name.isdecimal()]
        if not versions:
            raise FileNotFoundError(f"{folder}: no SavedModel there, nor in a numbered folder in it")
        folder = max(versions, key=lambda version: int(version.name))
    return folder


def check_name(name: str) -> None:
    """Refuse what is no name of a model.

    Raises:
        ValueError: anything but letters, digits, ``_``, ``-`` and ``.``, the first a letter or digit.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ValueError(f"export: a name is letters, digits, '_', '-' and '.'. Received: {name!r}")
