"""The files that a server writes its forecasts to: what stands in them, and how they are read back."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PATTERN = "forecasts-*.parquet"
ROWS = 8  # last rows of each input that are kept: enough to find them again in the series


def schema() -> Any:
    """A row for each forecast: when, by what, from which last values, and what was answered, each by name."""
    import pyarrow as pa

    named = pa.map_(pa.string(), pa.list_(pa.float32()))
    return pa.schema(
        [
            ("time", pa.timestamp("us", tz="UTC")),
            ("model", pa.string()),
            ("version", pa.int64()),
            ("inputs", named),
            ("outputs", named),
        ]
    )


def read_log(folder: str | Path, model: str) -> pd.DataFrame:
    """The forecasts of a model in a log, oldest first: time, version, inputs and outputs (name -> numbers).

    Raises:
        ValueError: no log there, or a file in it that is none.
    """
    from pyarrow import ArrowInvalid, parquet

    paths = sorted(Path(folder).glob(PATTERN))
    if not paths:
        raise ValueError(
            f"{folder}: expected a log of forecasts (seqmem serve --log). Received: no {PATTERN}"
        )
    parts = []
    for path in paths:
        try:
            table = parquet.read_table(path, schema=schema(), filters=[("model", "=", model)])
        except (ArrowInvalid, OSError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: expected a log of forecasts: {str(error)[:200]}") from error
        parts.append(table.to_pandas(maps_as_pydicts="strict"))
    found = pd.concat(parts, ignore_index=True).sort_values("time", kind="stable", ignore_index=True)
    return found.drop(columns="model")


def find_rows(last: list[np.ndarray], closes: np.ndarray) -> np.ndarray:
    """The row of a series at which each window of last values ends, [N]; -1 where it does not occur.

    Args:
        last: windows of at most `ROWS` float32 closes each.
        closes: of the series.

    >>> find_rows([np.float32([2, 3]), np.float32([9, 3])], np.array([1.0, 2.0, 3.0])).tolist()
    [2, -1]
    """
    series = closes.astype("float32")
    known: dict[int, dict[bytes, int]] = {}
    found = np.full(len(last), -1)
    for number, window in enumerate(last):
        width = len(window)
        if width not in known:
            views: Any = (
                np.lib.stride_tricks.sliding_window_view(series, width) if width <= len(series) else []
            )
            known[width] = {view.tobytes(): width - 1 + row for row, view in enumerate(views)}
        found[number] = known[width].get(np.asarray(window, "float32").tobytes(), -1)
    return found
