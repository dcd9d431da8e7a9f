"""Whether a training shows its progress by itself: not within a command, which shows its own."""

import sys
from contextvars import ContextVar
from typing import Any

by_itself: ContextVar[bool] = ContextVar("by_itself", default=True)


def notebook() -> Any:
    """The shell of a notebook, if this is one."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell = get_ipython()
    return shell if type(shell).__name__ == "ZMQInteractiveShell" else None


def is_watched() -> bool:
    """Whether somebody looks on: in a notebook or at a terminal, and nobody else shows progress."""
    return by_itself.get() and (notebook() is not None or sys.stdout.isatty())
