"""tuning: KerasTuner over cells, units and lookbacks, every trial validated on the same origins."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuning.again import rerun as rerun
    from tuning.display import LineDisplay as LineDisplay
    from tuning.display import LiveDisplay as LiveDisplay
    from tuning.engine import SearchFailed as SearchFailed
    from tuning.folds import Expanding as Expanding
    from tuning.folds import Rolling as Rolling
    from tuning.hypermodel import ForecastHyperModel as ForecastHyperModel
    from tuning.log import ProjectError as ProjectError
    from tuning.observer import Observer as Observer
    from tuning.rules import BestMean as BestMean
    from tuning.rules import SimplestWithinOneError as SimplestWithinOneError
    from tuning.searcher import SearchResult as SearchResult
    from tuning.searcher import search as search
    from tuning.selection import Selected as Selected
    from tuning.selection import refit as refit
    from tuning.selection import select as select
    from tuning.space import SearchSpace as SearchSpace
    from tuning.stopping import Never as Never
    from tuning.stopping import WorstOfAll as WorstOfAll
    from tuning.tasks import PathTask as PathTask
    from tuning.tasks import VolatilityTask as VolatilityTask

_HOME = {
    "BestMean": "rules",
    "Expanding": "folds",
    "ForecastHyperModel": "hypermodel",
    "LineDisplay": "display",
    "LiveDisplay": "display",
    "Never": "stopping",
    "Observer": "observer",
    "PathTask": "tasks",
    "ProjectError": "log",
    "Rolling": "folds",
    "SearchFailed": "engine",
    "SearchResult": "searcher",
    "SearchSpace": "space",
    "Selected": "selection",
    "SimplestWithinOneError": "rules",
    "VolatilityTask": "tasks",
    "WorstOfAll": "stopping",
    "refit": "selection",
    "rerun": "again",
    "search": "searcher",
    "select": "selection",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tuning' has no attribute {name!r}")
    return getattr(import_module(f"tuning.{_HOME[name]}"), name)
