"""What the events of a journal may be: their fields, and which may follow which."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuning.journal.events import ProjectError
from tuning.trials import check_outcome

_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "started": {"fingerprint": dict, "naive": list, "command": (dict, type(None))},
    "created": {"trial": str, "worker": str, "values": dict},
    "idle": {"worker": str},
    "restarted": {"trial": str, "worker": str, "death": dict},
    "released": {"trial": str, "worker": str, "death": dict},
    "ended": {"trial": str, "score": (float, int, type(None)), "outcome": dict},
}
_DEATH: dict[str, type | tuple[type, ...]] = {"epochs": int, "cause": str}


def check_events(events: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Refuse a journal whose lines are whole but say what cannot have happened.

    Checksums find damage; this finds what another program, or another version, has written.

    Raises:
        ProjectError: the line, and what was expected there.
    """
    trials: dict[int, bool] = {}  # trial -> whether it has ended
    for number, event in enumerate(events):
        try:
            _check(event, number, trials)
        except ValueError as error:
            raise ProjectError(f"{path}: line {number + 1}: {error}. --fresh starts over") from error


def _check(event: Mapping[str, Any], number: int, trials: dict[int, bool]) -> None:
    kind = event["event"]
    if kind not in _FIELDS:
        raise ValueError(f"expected an event of {sorted(_FIELDS)}. Received: {kind[:40]!r}")
    if (kind == "started") != (number == 0):
        raise ValueError(f"expected what the search is of in the first line alone. Received: {kind!r}")
    _typed(event, _FIELDS[kind], kind)
    if kind == "started" and not (event["naive"] and all(map(_is_number, event["naive"]))):
        raise ValueError(f"expected naive losses, a number a fold. Received: {str(event['naive'])[:40]}")
    if "death" in event:
        _typed(event["death"], _DEATH, "death")
    if "trial" in event:
        _follows(kind, _whole_number(event["trial"]), trials)
    if kind == "ended":
        check_outcome(event["outcome"])
        if _whole_number(event["outcome"]["trial"]) != _whole_number(event["trial"]):
            raise ValueError(
                f"expected what trial {event['trial']} did. Received: trial {event['outcome']['trial']}"
            )


def _follows(kind: str, trial: int, trials: dict[int, bool]) -> None:
    if kind == "created":
        if trials.get(trial, False):
            raise ValueError(f"trial {trial} is created after its end")
        trials[trial] = False  # a released trial is created again, for another worker
    elif trial not in trials:
        raise ValueError(f"{kind}: trial {trial} was never created")
    elif trials[trial]:
        raise ValueError(f"{kind}: trial {trial} had ended")
    elif kind == "ended":
        trials[trial] = True


def _typed(event: Mapping[str, Any], expected: Mapping[str, Any], kind: str) -> None:
    for name, types in expected.items():
        value = event.get(name, _typed)
        if not isinstance(value, types) or isinstance(value, bool):
            received = "nothing" if value is _typed else repr(value)[:40]
            raise ValueError(f"{kind}: expected {name} as {_words(types)}. Received: {received}")


def _words(types: Any) -> str:
    return " or ".join(one.__name__ for one in (types if isinstance(types, tuple) else (types,)))


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and not math.isinf(value)


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValueError(f"expected the number of a trial. Received: {text[:40]!r}")
    return int(text)
