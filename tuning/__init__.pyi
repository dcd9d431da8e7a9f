"""The public names of tuning, each with its home."""

from .display.display import LineDisplay as LineDisplay
from .display.display import LiveDisplay as LiveDisplay
from .display.reporters import Observer as Observer
from .hypermodel import ForecastHyperModel as ForecastHyperModel
from .journal.events import ProjectError as ProjectError
from .reproduce import rerun as rerun
from .searcher import SearchResult as SearchResult
from .searcher import search as search
from .selection.rules import BestMean as BestMean
from .selection.rules import OneStandardErrorRule as OneStandardErrorRule
from .selection.select import Selected as Selected
from .selection.select import refit as refit
from .selection.select import select as select
from .space import SearchSpace as SearchSpace
from .stopping import Never as Never
from .stopping import StopClearlyWorst as StopClearlyWorst
from .tasks import PathTask as PathTask
from .tasks import Task as Task
from .tasks import VolatilityTask as VolatilityTask
from .tuner_setup import SearchFailed as SearchFailed
