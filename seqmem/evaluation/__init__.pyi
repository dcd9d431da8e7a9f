"""The public names of seqmem.evaluation, each with its home."""

from .calibration import calibration_table as calibration_table
from .coverage import coverage_table as coverage_table
from .distribution_scores import CRPS as CRPS
from .distribution_scores import EnergyScore as EnergyScore
from .distribution_scores import Pinball as Pinball
from .distribution_scores import (
    probability_integral_transform as probability_integral_transform,
)
from .evaluation import compare as compare
from .evaluation import evaluate as evaluate
from .forecast import Forecast as Forecast
from .forecast import Prediction as Prediction
from .interval_scores import Coverage as Coverage
from .interval_scores import IntervalScore as IntervalScore
from .interval_scores import JointCoverage as JointCoverage
from .interval_scores import Width as Width
from .outcome import AllDays as AllDays
from .outcome import HighVolatility as HighVolatility
from .outcome import Outcome as Outcome
from .outcome import Regime as Regime
from .results import Evaluation as Evaluation
from .risk_scores import FisslerZiegel as FisslerZiegel
from .scores import QLIKE as QLIKE
from .scores import AbsoluteLogError as AbsoluteLogError
from .scores import AbsoluteScaledError as AbsoluteScaledError
from .scores import ParkinsonRange as ParkinsonRange
from .scores import Proxy as Proxy
from .scores import RealisedColumn as RealisedColumn
from .scores import Score as Score
from .scores import SquaredLogError as SquaredLogError
from .scores import SquaredReturns as SquaredReturns
from .scores import SquaredVarianceError as SquaredVarianceError
from .significance import CONFIDENCE as CONFIDENCE
from .significance import MIN_ORIGINS as MIN_ORIGINS
from .significance import SIGNIFICANCE as SIGNIFICANCE
from .significance import DieboldMariano as DieboldMariano
from .significance import diebold_mariano as diebold_mariano
from .significance import model_confidence_set as model_confidence_set
from .tables import reference_tests as reference_tests
from .tables import score_by_series as score_by_series
from .tables import scorecard as scorecard
from .tables import seed_spread as seed_spread
from .usual_scores import usual_scores as usual_scores
