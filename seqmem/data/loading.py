"""Tables: from a file of any kind, a frame of any library, or what is bundled."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from zipfile import BadZipFile

import pandas as pd

from seqmem.data.faults import PriceError
from seqmem.data.files import peek
from seqmem.data.formats import Format, recognise

BUNDLED = {"sp500": "Close", "nasdaq": "Close", "wti": "DCOILWTICO"}
"""The series that the package `arch` carries, and what the column of their closes is called there."""
ROWS = 30  # that a format is recognised by


@runtime_checkable
class ArrowStream(Protocol):
    """A frame or a series of any library that speaks Arrow's PyCapsule protocol: polars, pyarrow, duckdb."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Its batches."""


@dataclass(frozen=True)
class Table:
    """A table as it was found.

    Attributes:
        data: its columns; what a frame has in its index stays there.
        name: what to call it in an error.
        format: how it is written; None where it is plain.
        header: its names of columns as they were, two of one name among them.
        file: whether it was a file.
        notes: what was done.
    """

    data: pd.DataFrame
    name: str
    format: Format | None = None
    header: Sequence[str] = ()
    file: bool = False
    notes: list[str] = field(default_factory=list)


def load(
    source: Any, *, separator: str | None = None, encoding: str | None = None, sheet: str | None = None
) -> Table:
    """The table of a file, a frame, or a bundled series.

    Raises:
        PriceError: no such file, bundled series or package, or a file that does not parse.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source, "DataFrame")
    if isinstance(source, str | Path):
        check_source(source)
    if isinstance(source, str) and source.startswith("bundled:"):
        return _of_frame(_bundled(source), source)
    if isinstance(source, str | Path):
        return _of_file(source, separator, encoding, sheet)
    if isinstance(source, ArrowStream):
        import pyarrow

        return _of_frame(pyarrow.table(source).to_pandas(), type(source).__name__)
    raise PriceError(
        f"expected a path, 'bundled:NAME', a DataFrame, a Series or an array. Received: {type(source)}"
    )


def check_source(source: str | Path) -> None:
    """Refuse what cannot be a source, before it is read: no bundled series, no file.

    Raises:
        PriceError: no such file, bundled series or package.
    """
    text = str(source)
    if text.startswith("bundled:"):
        name = text.removeprefix("bundled:")
        if name not in (*BUNDLED, "stocks"):
            known = ", ".join((*BUNDLED, "stocks"))
            raise PriceError(f"no bundled series {name!r}. Expected one of: {known}")
        if name == "stocks" and find_spec("skfolio") is None:
            raise PriceError(f"{text}: needs skfolio, which is not installed: pip install 'seqmem[stocks]'")
        return
    if "://" in text:
        raise PriceError(
            f"{text}: expected a file. Received: an address: download it first, or read it with pandas and "
            f"give the frame: pandas.read_csv({text!r})"
        )
    path = Path(text).expanduser()
    if not path.is_file():
        hint = f" (is it bundled:{text}?)" if text in (*BUNDLED, "stocks") else ""
        raise PriceError(f"{text}: {'is a folder' if path.is_dir() else 'no such file'}{hint}")
    if not path.stat().st_size:
        raise PriceError(f"{text}: the file is empty")


def _of_frame(frame: pd.DataFrame, name: str, *, file: bool = False) -> Table:
    names = [one for one in frame.index.names if one is not None]
    rows = [[str(value) for value in row] for row in frame.head(ROWS).itertuples(index=False, name=None)]
    found = recognise([*names, *frame.columns], rows)
    header = [str(one) for one in frame.columns] if frame.columns.nlevels == 1 else []
    notes: list[str] = []
    if found is not None:
        if not isinstance(frame.index, pd.RangeIndex):
            frame = frame.rename_axis(index=names or "Date").reset_index()
        frame = found.plain(frame)
    return Table(frame, name, found, header, file, notes)


def _of_file(source: str | Path, separator: str | None, encoding: str | None, sheet: str | None) -> Table:
    path = Path(source).expanduser()
    reader = _binary_reader(path, sheet)
    if reader is not None:
        try:
            return _of_frame(reader(), str(source), file=True)
        except ImportError as error:
            raise PriceError(f"{source}: {error}") from error
        except (ValueError, OSError, KeyError, BadZipFile) as error:
            raise PriceError(f"{source}: cannot be read: {error}") from error
    text = peek(path, separator=separator, encoding=encoding)
    if not text.rows:
        raise PriceError(f"{source}: expected a table. Received: no rows")
    found = recognise(text.rows[0], text.rows[1 : ROWS + 1])
    lines, names = (1, list(text.rows[0])) if found is None else found.header(text.rows)
    if found is None and _looks_like_data(names):
        raise PriceError(
            f"{source}: expected the names of the columns in line {text.skipped + 1}. "
            f"Received: {', '.join(names)}: "
            "put a line before it, such as Date,Close"
        )
    frame = text.read(lines, names)
    notes = [f"the first {text.skipped} lines are no table: left out"] if text.skipped else []
    return Table(frame if found is None else found.plain(frame), str(source), found, names, True, notes)


def _binary_reader(path: Path, sheet: str | None) -> Callable[[], pd.DataFrame] | None:
    """What reads a file that is not text, by how it begins."""
    with path.open("rb") as file:
        begin = file.read(8)
    if begin.startswith(b"PAR1"):
        return lambda: pd.read_parquet(path)
    if begin.startswith((b"ARROW1", b"FEA1")):
        return lambda: pd.read_feather(path)
    excel = path.suffix.lower() in (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
    if excel and begin.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return lambda: pd.read_excel(path, sheet_name=sheet or 0)
    return None


def _looks_like_data(names: list[str]) -> bool:
    """Whether what should be names are numbers and dates."""
    filled = [one for one in names if one]
    return sum(bool(re.fullmatch(r"[$+-]?[0-9][0-9.,:/ -]*", one)) for one in filled) > len(filled) / 2


def _bundled(source: str) -> pd.DataFrame:
    name = source.removeprefix("bundled:")
    if name == "stocks":
        table: pd.DataFrame = import_module("skfolio.datasets").load_sp500_dataset()
        return table.drop(columns="RRC")  # one price for 69 rows in 1990: a variance of 0
    (home,) = find_spec("arch").submodule_search_locations  # type: ignore[union-attr, misc]
    # as `arch.data` reads it, and without importing arch: that takes longer than all else of a check
    frame = pd.read_csv(Path(home, "data", name, f"{name}.csv.gz"), parse_dates=["Date"], index_col="Date")
    frame = frame.apply(pd.to_numeric, errors="coerce")
    if name == "wti":  # from FRED, which has an empty row for each holiday
        frame = frame.dropna()
    return frame.rename(columns={BUNDLED[name]: "Close"})
