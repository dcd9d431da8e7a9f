"""Tasks: what a search is for, one file each."""

from importlib import import_module

from tuning.tasks.base import Task, stacked_cells
from tuning.tasks.paths import PathTask
from tuning.tasks.volatility import VolatilityTask

TASKS: dict[str, type[Task]] = {"path": PathTask, "volatility": VolatilityTask}


def task_class(name: str) -> type[Task]:
    """The class that a name means: one of `TASKS`, or ``"module:Class"`` for your own.

    Raises:
        ValueError: no such task.

    >>> task_class("path").__name__
    'PathTask'
    """
    if name in TASKS:
        return TASKS[name]
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except Exception as error:  # importing a module of the user's may raise anything
        why = f"{type(error).__name__}: {error}"
        raise ValueError(
            f"task must be one of {', '.join(TASKS)}, or module:Class. Received: {name!r} ({why})"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Task)):
        raise ValueError(f"{name}: expected a subclass of tuning.Task. Received: {found!r}")
    return found


__all__ = ["TASKS", "PathTask", "Task", "VolatilityTask", "stacked_cells", "task_class"]
