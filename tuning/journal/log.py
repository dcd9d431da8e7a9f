"""The log of a search: one line for everything that happened, from which all else can be made again."""

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

NAME = "search.log"


class ProjectError(RuntimeError):
    """A project that cannot be read, or that is another search's."""


class Log:
    """A file to which lines are added, each on disk before the next thing is done.

    A line is a checksum and a JSON object. A kill in the middle of a line leaves half of one at the end:
    what it would have said did not happen, and the half is cut off. Damage anywhere else is an error.

    Args:
        path: of the file; it need not exist.

    Raises:
        ProjectError: a damaged line, by its number.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "search.log"
    >>> with Log(path) as log:
    ...     log.append({"event": "created", "trial": "0"})
    >>> list(Log(path))
    [{'event': 'created', 'trial': '0'}]
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: Any = None
        self.events = read(path)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.events)

    def append(self, event: dict[str, Any]) -> None:
        """Write an event down; it is on disk when this returns."""
        if self._file is None:
            self._file = self.path.open("r+b" if self.path.exists() else "w+b")
            self._file.seek(_whole(self._file.read()))
            self._file.truncate()  # half a line, if there is one
        self._file.write(_line(event))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.events.append(event)

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def read(path: Path) -> list[dict[str, Any]]:
    """The events of a log; none where there is no file. Half a line at the end is left out.

    Raises:
        ProjectError: a damaged line, by its number.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    events = []
    for number, line in enumerate(text[: _whole(text)].splitlines(), 1):
        try:
            events.append(_event(line))
        except ValueError as error:
            raise ProjectError(
                f"{path}: line {number} is damaged: expected a checksum and what it sums. "
                f"Received: {line[:40].decode(errors='replace')!r}. {error}. --fresh starts over"
            ) from error
    return events


def _whole(text: bytes) -> int:
    """How many bytes whole lines have."""
    return text.rfind(b"\n") + 1


def _line(event: dict[str, Any]) -> bytes:
    said = json.dumps(event, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(said), said)


def _event(line: bytes) -> dict[str, Any]:
    checksum, _, said = line.partition(b" ")
    if int(checksum, 16) != zlib.crc32(said):
        raise ValueError("The checksum is another one")
    event: dict[str, Any] = json.loads(said)
    return event
