"""What has become of each version: loading, available, ended and why."""

import threading
from typing import Any

from seqmem.serving.server.errors import missing

_REMEMBERED = 16  # versions that ended, of each model


class States:
    """The states of all versions, for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, dict[int, tuple[str, str]]] = {}

    def set(self, name: str, number: int, state: str, words: str = "") -> None:
        """A version is in this state now; `words` say what went wrong."""
        with self._lock:
            states = self._states.setdefault(name, {})
            states[number] = (state, words)
            ended = sorted(each for each, (now, _) in states.items() if now == "END")
            for each in ended[:-_REMEMBERED]:
                del states[each]

    def loading(self, name: str) -> bool:
        """Whether any version of the model is being loaded."""
        with self._lock:
            return any(state == "LOADING" for state, _ in self._states.get(name, {}).values())

    def status(self, name: str, number: int | None) -> list[dict[str, Any]]:
        """One version, or all, newest first, as TensorFlow Serving's JSON has them.

        Raises:
            RequestError: none of this name and number.
        """
        with self._lock:
            states = dict(self._states.get(name, {}))
        if number is not None:
            states = {number: states[number]} if number in states else {}
        if not states:
            which = f"version {number}" if number is not None else "any versions"
            raise missing(f"Could not find {which} of model {name}")
        return [
            {
                "version": str(each),
                "state": state,
                "status": {"error_code": "UNKNOWN" if words else "OK", "error_message": words},
            }
            for each, (state, words) in sorted(states.items(), reverse=True)
        ]
