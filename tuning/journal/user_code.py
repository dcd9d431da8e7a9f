"""Code that a search names as module:Class: found and compared before any of it runs."""

import ast
import hashlib
import sys
from collections.abc import Mapping
from importlib import invalidate_caches
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from tuning.journal.events import ProjectError

OURS = ("seqmem", "tuning")
NAMED = ("cells", "task")
"""Options of a search that may be module:Class."""


def allow_imports_from_here() -> None:
    """Let module:Class name a file in the working directory, last: it must not shadow a library."""
    if not {"", str(Path.cwd())} & set(sys.path):
        sys.path.append(str(Path.cwd()))


def source_of(name: str) -> tuple[Path | None, str]:
    """The file of module:Class, and a hash of the class as it is written there; nothing is imported.

    The file is None, and the hash empty, where there is no such source file.
    """
    module, _, attribute = name.partition(":")
    path = _find(module)
    if path is None:
        return None, ""
    text = path.read_text(errors="replace")
    try:
        written = next(
            ast.get_source_segment(text, node) or text
            for node in ast.parse(text).body
            if isinstance(node, ast.ClassDef) and node.name == attribute
        )
    except (StopIteration, SyntaxError, ValueError):
        written = text  # made some other way: any change in its file counts
    return path, hashlib.sha256(written.encode()).hexdigest()[:16]


def require_trusted(header: Mapping[str, Any], project: str, *, trust: bool) -> None:
    """Refuse a project that would make us import somebody's code, unless the user trusts it.

    A project may come from a stranger, and to import a module is to run it. What the code was when the
    search ran is compared first, but who writes a project can write that too: it is no signature.

    Args:
        header: the first event of its journal.
        project: for errors.
        trust: whether the user has allowed this code to run.

    Raises:
        ProjectError: what would be imported, from which file, and what to do; or there is no command.
    """
    command = header["command"]
    if not command:
        raise ProjectError(
            f"{project}: it was not searched from the command line: use tuning.refit, tuning.rerun"
        )
    allow_imports_from_here()
    places = []
    for part in NAMED:
        names = command.get(part) or ()
        for name in [names] if isinstance(names, str) else names:
            if is_foreign(str(name)):
                places.append(_compared(str(name), header["fingerprint"].get("code"), project))
    if places and not trust:
        raise ProjectError(
            f"{project}: its search used code of its own, {', '.join(places)}, and going on would run it. "
            "If you wrote that file, or have read it, add --trust"
        )


def _compared(name: str, recorded: Any, project: str) -> str:
    path, now = source_of(name)
    if path is None:
        raise ProjectError(f"{project}: expected the module of {name[:80]!r}. Received: there is none")
    was = recorded.get(name) if isinstance(recorded, Mapping) else None
    if was != now:
        raise ProjectError(
            f"{project}: {name[:80]} is not as it was: {path} has {now}, the search had {str(was)[:16]}"
        )
    return f"{name} ({path})"


def is_foreign(name: str) -> bool:
    """Whether a name is module:Class, of another package than ours."""
    return ":" in name and name.partition(":")[0].partition(".")[0] not in OURS


def _find(module: str) -> Path | None:
    invalidate_caches()  # or a file of this second is not seen
    where = None
    for part in range(1, module.count(".") + 2):
        spec = PathFinder.find_spec(".".join(module.split(".")[:part]), where)
        if spec is None:
            return None
        where = list(spec.submodule_search_locations or ())
    path = Path(spec.origin) if spec is not None and spec.origin else None
    return path if path is not None and path.suffix == ".py" and path.is_file() else None
