"""The journal of a search: one line for each event, from which all else can be made again."""

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

NAME = "search.log"


class ProjectError(RuntimeError):
    """A project that cannot be read, or that is another search's."""


class Journal:
    """A write-ahead log: lines are added, each on disk before the next thing is done.

    A line is a checksum, the number of the line from 0, and a JSON object. A kill in the middle of a line
    leaves half of one at the end: that event did not happen, and the half is cut off. Damage anywhere else
    is an error, and so is a line that is missing, doubled or out of place.

    Args:
        path: of the file; it need not exist.

    Raises:
        ProjectError: a damaged line, by its number.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "search.log"
    >>> with Journal(path) as journal:
    ...     journal.append({"event": "created", "trial": "0"})
    >>> list(Journal(path))
    [{'event': 'created', 'trial': '0'}]
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: Any = None
        self.events: list[dict[str, Any]] = read(path)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.events)

    def append(self, event: dict[str, Any]) -> None:
        """Write an event; it is on disk when this returns."""
        if self._file is None:
            self._file = self.path.open("r+b" if self.path.exists() else "w+b")
            self._file.seek(_whole(self._file.read()))
            self._file.truncate()  # half a line, if there is one
        self._file.write(_line(len(self.events), event))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.events.append(event)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def read(path: Path) -> list[dict[str, Any]]:
    """The events of a journal; none where there is no file. Half a line at the end is left out.

    Raises:
        ProjectError: a damaged line, by its number, or something that is no file.
    """
    if path.exists() and not path.is_file():
        raise ProjectError(f"{path}: expected a file. Received: something else")
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    events = []
    for number, line in enumerate(text[: _whole(text)].split(b"\n")[:-1]):
        try:
            events.append(_event(number, line))
        except (ValueError, RecursionError) as error:
            raise ProjectError(
                f"{path}: line {number + 1} is damaged: expected a checksum, a number and an event. "
                f"Received: {line[:40].decode(errors='replace')!r}. {str(error)[:100]}. --fresh starts over"
            ) from error
    return events


def _whole(text: bytes) -> int:
    """How many bytes whole lines have."""
    return text.rfind(b"\n") + 1


def _line(number: int, event: dict[str, Any]) -> bytes:
    body = b"%d %s" % (number, json.dumps(event, separators=(",", ":")).encode())
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _event(number: int, line: bytes) -> dict[str, Any]:
    checksum, _, body = line.partition(b" ")
    if int(checksum, 16) != zlib.crc32(body):
        raise ValueError("The checksum is another one")
    place, _, text = body.partition(b" ")
    if int(place) != number:
        raise ValueError(f"It is event {int(place)}, and {number} stood here: a line is missing or moved")
    event = json.loads(text)
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise ValueError("It is no event")
    return event
