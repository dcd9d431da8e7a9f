"""The public names of seqmem.report, each with its home."""

from .inspection import plot_inspection as plot_inspection
from .inspection import print_inspection as print_inspection
from .memory import plot_flow as plot_flow
from .memory import plot_half_lives as plot_half_lives
from .memory import plot_saturation as plot_saturation
from .memory import plot_trace as plot_trace
from .page.report import report as report
from .plots import plot_forecast as plot_forecast
from .scores import CALIBRATION_NOTE as CALIBRATION_NOTE
from .scores import SCORES_NOTE as SCORES_NOTE
from .scores import calibration_rows as calibration_rows
from .scores import horizon_table as horizon_table
from .scores import scorecard_tables as scorecard_tables
from .studies import plot_study as plot_study
from .studies import study_table as study_table
from .tables import forecast_table as forecast_table
from .tables import heading as heading
from .tables import in_words as in_words
from .tables import origin_text as origin_text
from .tables import print_forecast as print_forecast
from .tables import table as table
from .volatility import plot_variances as plot_variances
