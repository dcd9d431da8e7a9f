"""The log of a server's forecasts: Parquet, rotating and bounded, written off the path of a request."""

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from seqmem.files import written_whole
from seqmem.serving.forecast_files import PATTERN, ROWS, schema

LOG = logging.getLogger(__name__)
MOST_WAITING = 100_000  # rows that are not written yet; more are dropped, and counted
ROWS_PER_FILE = 20_000
SIDES = ("inputs", "outputs")


class ForecastLog:
    """Keeps what a server forecast: when, by which version, from which last prices.

    A request hands its arrays over and goes on; a thread writes. The file of the day is written whole every
    few seconds and takes its name by rename, so that a reader never sees half of one. Where the files become
    more than their bytes, the oldest goes. With a killed process the rows of the last few seconds are lost.

    Args:
        folder: it is made where it is missing.
        most_bytes: of all files together.
        every: seconds between writes.
        on_written: told how many rows were written.
        on_dropped: told how many were not: too many at once, or a disk that is full.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most_bytes: int = 256_000_000,
        every: float = 5.0,
        on_written: Callable[[int], object] = lambda rows: None,
        on_dropped: Callable[[int], object] = lambda rows: None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._most_bytes, self._every = folder, most_bytes, every
        self._on_written, self._on_dropped = on_written, on_dropped
        self._waiting: deque[dict[str, Any]] = deque()
        self._rows, self._complaint = 0, ""
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._table: Any = None  # of the file that is being filled
        self._path, self._day, self._number = folder, "", 0
        self._thread = threading.Thread(target=self._run, name="seqmem-log", daemon=True)
        self._thread.start()

    def note(
        self, model: str, version: int, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> None:
        """Take what was asked, [B, T] each, and what was answered, [B, ...] each, to be written later."""
        if not inputs or any(array.ndim != 2 for array in inputs.values()):
            return
        rows = len(next(iter(inputs.values())))
        with self._lock:
            full = self._rows + rows > MOST_WAITING
            self._rows += 0 if full else rows
        if full:
            self._on_dropped(rows)
            return
        last = {name: np.array(array[:, -ROWS:], "float32") for name, array in inputs.items()}
        self._waiting.append(
            {"time": time.time(), "model": model, "version": version, "inputs": last, "outputs": outputs}
        )

    def close(self, timeout: float = 5.0) -> None:
        """Write what is waiting, and end."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        ending = False
        while not ending:
            ending = self._stop.wait(self._every)
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not batch:
                continue
            rows = sum(len(next(iter(one["inputs"].values()))) for one in batch)
            with self._lock:
                self._rows -= rows
            try:
                self._write(batch)
                self._on_written(rows)
                self._complaint = ""
            except Exception as error:  # a full disk must not end the log, and less so the server
                self._on_dropped(rows)
                if str(error) != self._complaint:
                    LOG.exception("the log of forecasts: %d rows are lost", rows)
                self._complaint = str(error)

    def _write(self, batch: list[dict[str, Any]]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        day = datetime.now(UTC).strftime("%Y%m%d")
        if self._table is None or self._day != day or len(self._table) >= ROWS_PER_FILE:
            self._day, self._number = day, self._number + 1
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            self._path = self.folder / f"forecasts-{stamp}-{os.getpid()}-{self._number:04d}.parquet"
            self._table = schema().empty_table()
        table = pa.concat_tables([self._table, *map(_table, _alike(batch))])
        with written_whole(self._path) as draft:
            parquet.write_table(table, draft, compression="zstd")
        self._table = table
        self._bound()

    def _bound(self) -> None:
        """Remove the oldest files where all together are too many bytes."""
        sizes = {}
        for path in sorted(self.folder.glob(PATTERN)):  # by date, as they are named
            with contextlib.suppress(OSError):  # another server's bound
                sizes[path] = path.stat().st_size
        for path, size in list(sizes.items()):
            if sum(sizes.values()) <= self._most_bytes or path == self._path:
                break
            path.unlink(missing_ok=True)
            del sizes[path]
            LOG.info("%s (%d bytes) is gone: the log is bounded", path, size)


def _alike(batch: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Requests of one version and of the same shapes together: a table of each request costs far more."""
    found: dict[Any, list[dict[str, Any]]] = {}
    for one in batch:
        shapes = [(name, np.shape(array)[1:]) for side in SIDES for name, array in one[side].items()]
        found.setdefault((one["model"], one["version"], *shapes), []).append(one)
    return list(found.values())


def _table(alike: list[dict[str, Any]]) -> Any:
    """A row for each forecast of requests; no loop over rows, which would hold up the requests of now."""
    import pyarrow as pa

    counts = [len(next(iter(one["inputs"].values()))) for one in alike]
    times = np.repeat([int(one["time"] * 1e6) for one in alike], counts)
    same = (times, [alike[0]["model"]] * len(times), [alike[0]["version"]] * len(times))
    columns = [pa.array(values, field.type) for values, field in zip(same, schema(), strict=False)]
    named = [
        _named({name: np.concatenate([one[side][name] for one in alike]) for name in alike[0][side]})
        for side in SIDES
    ]
    return pa.table([*columns, *named], schema=schema())


def _named(arrays: Mapping[str, np.ndarray]) -> Any:
    """Arrays [B, ...] by name as B maps from name to list."""
    import pyarrow as pa

    flat = [np.asarray(array, "float32").reshape(len(array), -1) for array in arrays.values()]
    rows, names = len(flat[0]), len(flat)
    lengths = np.tile([array.shape[1] for array in flat], rows)
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype("int32")
    numbers = pa.ListArray.from_arrays(ends, np.concatenate(flat, axis=1).ravel())
    keys = pa.array([*arrays] * rows, pa.string())
    return pa.MapArray.from_arrays(np.arange(0, rows * names + 1, names, dtype="int32"), keys, numbers)
