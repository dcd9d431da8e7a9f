"""Where prices come from: files, frames and the series that the package `arch` carries."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from seqmem.data.faults import PriceError as PriceError

# name -> (module of the package `arch` that carries the file, the column of its closes there)
BUNDLED = {
    "sp500": ("arch.data.sp500", "Close"),
    "nasdaq": ("arch.data.nasdaq", "Close"),
    "wti": ("arch.data.wti", "DCOILWTICO"),
}


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {".csv": pd.read_csv, ".parquet": pd.read_parquet}


def open_table(source: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The raw table of a file, a frame or a bundled series, and what to call it in an error.

    Raises:
        PriceError: no such file, bundled series or package, or a file that does not parse.
    """
    if isinstance(source, pd.DataFrame):
        return source, "DataFrame"
    if source == "bundled:stocks":
        return wide_table(source), source
    if isinstance(source, str) and source.startswith("bundled:"):
        return _bundled(source), source
    return _file(Path(source)), str(source)


def raw_table(source: Any, column: str) -> tuple[pd.DataFrame, str, str]:
    """The raw table, what to call it in an error, and its column of prices.

    Raises:
        PriceError: no such file, bundled series or column, or a file that does not parse.
    """
    if isinstance(source, pd.Series):
        return source.to_frame(name=source.name or column), "Series", source.name or column
    if isinstance(source, pd.DataFrame):
        frame, name = source, "DataFrame"
    elif isinstance(source, str) and source.startswith("bundled:"):
        frame, name = _bundled(source), source
    elif isinstance(source, str | Path):
        frame, name = _file(Path(source)), str(source)
    else:
        raise PriceError(
            f"expected a path, 'bundled:NAME', a DataFrame or a Series. Received: {type(source)}"
        )
    if frame.columns.nlevels > 1:  # (Close, AAPL), as some downloads give: with one ticker it is plain enough
        kept = [label for label in frame.columns if label[0] == column]
        if len(kept) != 1:
            raise PriceError(
                f"{name}: expected one column {column!r}. Received: columns {list(frame.columns)}"
            )
        frame = frame[kept].set_axis([column], axis=1)
    columns = [str(one) for one in frame.columns]
    if columns.count(column) != 1:
        raise PriceError(
            f"{name}: {'no' if column not in columns else 'more than one'} column {column!r}. "
            f"Received: columns {columns}{_column_hint(column, columns)}"
        )
    return frame, name, column


def wide_table(source: Any) -> pd.DataFrame:
    """A table with a column of closes for each series, as it is.

    Raises:
        PriceError: no such file or package, or a file that does not parse.
    """
    if isinstance(source, pd.DataFrame):
        return source
    if source != "bundled:stocks":
        return _file(Path(source))
    try:
        from skfolio.datasets import load_sp500_dataset
    except ImportError as error:
        raise PriceError(f"bundled:stocks: {error}: pip install 'seqmem[stocks]'") from error
    return load_sp500_dataset()


def _column_hint(column: str, columns: list[str]) -> str:
    alike = [one for one in columns if one.lower() == column.lower()]
    if alike:
        return f" (is it {alike[0]!r}?)"
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        return " (are the values separated by something else than commas?)"
    return ""


def _bundled(source: str) -> pd.DataFrame:
    name = source.removeprefix("bundled:")
    _check_bundled(name)
    module, close = BUNDLED[name]
    frame: pd.DataFrame = import_module(module).load()
    if name == "wti":  # from FRED, which has an empty row for each holiday
        frame = frame.dropna()
    return frame.rename(columns={close: "Close"})


def check_source(source: str | Path) -> None:
    """Refuse what cannot be a source, before it is read: neither a bundled series nor a CSV or Parquet file.

    Raises:
        PriceError: no such file, bundled series or package.
    """
    text = str(source)
    if text == "bundled:stocks":
        if find_spec("skfolio") is None:
            raise PriceError(f"{text}: needs skfolio, which is not installed: pip install 'seqmem[stocks]'")
    elif text.startswith("bundled:"):
        _check_bundled(text.removeprefix("bundled:"))
    else:
        _kind(Path(text).expanduser())


def _check_bundled(name: str) -> None:
    if name not in BUNDLED:
        raise PriceError(f"no bundled series {name!r}. Expected one of: {', '.join(BUNDLED)}")


def _kind(path: Path) -> str:
    """The suffix that says how a file is read."""
    if not path.is_file():
        hint = f" (is it bundled:{path}?)" if str(path) in BUNDLED else ""
        raise PriceError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}{hint}")
    for suffix in path.suffixes[-2:]:
        if suffix.lower() in READERS:
            return suffix.lower()
    raise PriceError(f"{path}: expected a name that ends in .csv or .parquet. Received: {path.name}")


def _file(path: Path) -> pd.DataFrame:
    path = path.expanduser()
    kind = _kind(path)
    try:
        return READERS[kind](path)
    except (ValueError, OSError) as error:  # pandas's and pyarrow's parser errors are ValueErrors
        raise PriceError(f"{path}: cannot be read as {kind[1:]}: {error}") from error
