"""Files of prices, opened by what is in them, whatever they are called; text by its first lines."""

import bz2
import csv
import gzip
import io
import lzma
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from seqmem.data.faults import PriceError

HEAD = 2**17  # bytes that are looked at
SEPARATORS = (",", ";", "\t", "|")
NOTHING = ("", "nan", "NaN", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "<NA>")
OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
PANDAS = tuple(int(number) for number in pd.__version__.split(".")[:2])
# numbers as Python reads them, to the last digit: what pandas does by itself from 3.1 on
EXACT: dict[str, Any] = {} if PANDAS >= (3, 1) else {"float_precision": "round_trip"}
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Text:
    """A file of text with a table in it.

    Attributes:
        path: of the file.
        separator: between the values of a row.
        encoding: of the text.
        skipped: lines before the table: remarks, an address, ``sep=,``.
        rows: the values of the first lines of the table, its header among them.
    """

    path: Path
    separator: str
    encoding: str
    skipped: int
    rows: tuple[tuple[str, ...], ...]

    def read(self, header: int, names: list[str]) -> pd.DataFrame:
        """The whole table.

        Args:
            header: lines of it that are its header.
            names: of the columns.

        Raises:
            PriceError: rows with more values than the header has names.
        """
        data = [row for row in self.rows[header:] if any(row)]
        width = max((len(row) for row in data), default=len(names))
        long = next((row for row in data if any(row[len(names) :])), None)
        if long is not None:
            raise PriceError(
                f"{self.path}: expected as many values as the header has names, {len(names)}. Received: rows "
                f"that have {_count(len(long) - len(names))} more than the header: {', '.join(long)}"
            )
        unique = [
            f"{name}.{names[:n].count(name)}" if name in names[:n] else name for n, name in enumerate(names)
        ]
        columns = [
            *unique,
            *(f"\x00{n}" for n in range(width - len(names))),
        ]  # empty: commas that end the rows
        try:
            with open_bytes(self.path) as file:
                table = pd.read_csv(
                    file,
                    sep=self.separator,
                    header=None,
                    names=columns,
                    index_col=False,
                    skiprows=self.skipped + header,
                    skip_blank_lines=True,
                    skipinitialspace=True,
                    encoding=self.encoding,
                    keep_default_na=False,
                    na_values=list(NOTHING),
                    low_memory=False,
                    **EXACT,
                )
        except (ValueError, OSError) as error:  # pandas's parser errors are ValueErrors
            raise PriceError(f"{self.path}: cannot be read as a table: {error}") from error
        spare = [name for name in table.columns if name.startswith("\x00")]
        if table[spare].notna().to_numpy().any():
            raise PriceError(f"{self.path}: some rows have more values than the header has names")
        return table.drop(columns=spare)


@contextmanager
def open_bytes(path: Path) -> Iterator[Any]:
    """A file open for reading; what is compressed is unpacked on the way.

    Raises:
        PriceError: an archive of more than one file.
    """
    with path.open("rb") as file:
        begin = file.read(8)
    opener = next((one for mark, one in OPENERS.items() if begin.startswith(mark)), None)
    if opener is not None:
        with opener(path, "rb") as file:
            yield file
    elif begin.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise PriceError(f"{path}: expected an archive of one file. Received: {', '.join(names[:9])}")
            with archive.open(names[0]) as file:
                yield file
    else:
        with path.open("rb") as file:
            yield file


def peek(path: Path, *, separator: str | None = None, encoding: str | None = None) -> Text:
    """Look at the first lines of a file of text.

    Raises:
        PriceError: no text, no table, or a page of HTML.
    """
    try:
        with open_bytes(path) as file:
            head = file.read(HEAD)
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise PriceError(f"{path}: cannot be unpacked: {error}") from error
    if not head.strip():
        raise PriceError(f"{path}: the file is empty: cannot be read as csv")
    encoding = encoding or next((name for mark, name in MARKS if head.startswith(mark)), "utf-8")
    text = _decode(head, encoding, path)
    _refuse_other(text, path)
    lines = re.split(r"\r\n|\n|\r", text)
    if len(head) == HEAD:
        lines = lines[:-1]  # it may be cut
    if not lines:
        raise PriceError(f"{path}: expected rows. Received: a line of more than {HEAD} characters")
    separator = separator or _separator(lines)
    rows = [
        tuple(value.strip() for value in row)
        for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=separator)
    ]
    skipped = _preamble(rows)
    return Text(path, separator, encoding, skipped, tuple(rows[skipped:]))


def _decode(head: bytes, encoding: str, path: Path) -> str:
    try:
        return head.decode(encoding, errors="strict")
    except LookupError as error:
        raise PriceError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        if len(head) == HEAD and error.start > HEAD - 8:  # a character is cut
            return head[: error.start].decode(encoding)
        line = head[: error.start].count(b"\n") + 1
        raise PriceError(
            f"{path}: line {line}: expected text in {encoding}. Received: byte 0x{head[error.start]:02x}: "
            "save it as UTF-8, or say how it is written: --encoding cp1252"
        ) from error


def _refuse_other(text: str, path: Path) -> None:
    begin = text[:2000].lstrip("\ufeff \t\r\n").lower()
    if begin.startswith(("<!doctype", "<html", "<?xml", "<head", "<table", "<!--")):
        raise PriceError(
            f"{path}: expected a table. Received: a page of HTML or XML (a log-in, an error of the "
            "site?): open the address in a browser and save the file that it gives"
        )
    if begin.startswith(("{", "[{", "[[")):
        raise PriceError(
            f"{path}: expected a table. Received: JSON: give a frame: pandas.read_json({str(path)!r})"
        )
    if begin.startswith("version https://git-lfs"):
        raise PriceError(
            f"{path}: expected a table. Received: a pointer of Git LFS: git lfs pull fetches the file"
        )
    if "\x00" in text:
        raise PriceError(f"{path}: expected text, Parquet, Feather or Excel. Received: other binary data")


def _separator(lines: list[str]) -> str:
    """The separator that cuts most lines into the same number of values, two at least."""
    some = [line for line in lines[:60] if line.strip()]
    scores = {}
    for one in SEPARATORS:
        widths = [len(row) for row in csv.reader(some, delimiter=one)]
        usual = max(set(widths), key=widths.count) if widths else 1
        scores[one] = (usual > 1) * widths.count(usual) / max(1, len(widths)) + 0.01 * (usual > 1) * usual
    best = max(scores, key=lambda one: scores[one])
    if best == "," and scores[";"] > 0.9:  # 2024-01-02;101,5: the comma is a decimal mark
        return ";"
    return best if scores[best] else ","


def _preamble(rows: list[tuple[str, ...]]) -> int:
    """How many lines stand before the table: remarks, an address, sep=, and empty ones."""
    widths = [len(row) for row in rows[:60] if any(row)]
    usual = max(set(widths), key=widths.count) if widths else 1
    for n, row in enumerate(rows[:20]):
        text = ",".join(row)
        if text.startswith("#") or text.lower().startswith("sep=") or not any(row):
            continue
        if len(row) == 1 < usual:
            continue
        return n
    return 0


def _count(number: int) -> str:
    return "one value" if number == 1 else f"{number} values"
