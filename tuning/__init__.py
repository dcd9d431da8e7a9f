"""tuning: KerasTuner over cells, units and lookbacks, every trial validated on the same origins."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuning.display import LineDisplay as LineDisplay
    from tuning.display import LiveDisplay as LiveDisplay
    from tuning.hypermodel import ForecastHyperModel as ForecastHyperModel
    from tuning.engine import SearchFailed as SearchFailed
    from tuning.searcher import SearchResult as SearchResult
    from tuning.searcher import search as search
    from tuning.selection import Selected as Selected
    from tuning.selection import select as select
    from tuning.space import SearchSpace as SearchSpace
    from tuning.tasks import PathTask as PathTask
    from tuning.tasks import VolatilityTask as VolatilityTask

_HOME = {
    "ForecastHyperModel": "hypermodel",
    "LineDisplay": "display",
    "LiveDisplay": "display",
    "PathTask": "tasks",
    "SearchFailed": "engine",
    "SearchResult": "searcher",
    "SearchSpace": "space",
    "Selected": "selection",
    "VolatilityTask": "tasks",
    "search": "searcher",
    "select": "selection",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tuning' has no attribute {name!r}")
    return getattr(import_module(f"tuning.{_HOME[name]}"), name)
