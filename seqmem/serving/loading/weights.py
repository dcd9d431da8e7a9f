"""The weights in a ``.keras`` file, looked at before Keras reads them: numbers, all there, all finite."""

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np

MOST_ITEMS = 5000


class UnsafeModel(ValueError):
    """A model file that was not loaded."""


def check_weights(path: Path, data: bytes) -> None:
    """The numbers must be in the file: none elsewhere, none implied, none that is not finite.

    Raises:
        UnsafeModel: another kind of thing in the file; more numbers than bytes; a weight of NaN or infinity.
    """
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            _visit(path, file, len(data))
    except UnsafeModel:
        raise
    except Exception as error:  # HDF5 has an error of each kind for a damaged file
        raise UnsafeModel(f"{path}: weights that cannot be read: {str(error)[:200]}") from error


def _visit(path: Path, file: Any, most: int) -> None:
    """Each thing once: a group that is linked from many places would otherwise be walked from each."""
    seen: set[int] = set()
    pending, found = [file], 0
    while pending:
        group = pending.pop()
        for name in group:
            shown = f"weights {group.name}/{name}"[:200]
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise UnsafeModel(f"{path}: {shown} lie outside of the file")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                raise UnsafeModel(f"{path}: {shown} are linked twice")
            seen.add(address)
            if len(seen) > MOST_ITEMS:
                raise UnsafeModel(f"{path}: expected at most {MOST_ITEMS} weights")
            if isinstance(item, h5py.Group):
                pending.append(item)
                continue
            if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiub":
                raise UnsafeModel(f"{path}: {shown} are no numbers")
            if (
                item.id.get_create_plist().get_nfilters()
            ):  # HDF5 looks for a plugin where it does not know one
                raise UnsafeModel(f"{path}: {shown} are packed")
            found += item.nbytes
            if item.external or item.is_virtual or found > most:
                raise UnsafeModel(f"{path}: {shown} are not in the file: {item.nbytes} bytes")
            if item.dtype.kind == "f" and not np.isfinite(item[()]).all():
                raise UnsafeModel(f"{path}: {shown} are not finite")
