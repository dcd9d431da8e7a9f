"""Reports: tables for a terminal, plots for a file, an inspection of prices in plain words."""

from seqmem._files import check_folder, written_whole
from seqmem.data.inspection import Inspection, inspect_prices
from seqmem.report.memory import plot_flow, plot_half_lives, plot_saturation, plot_trace
from seqmem.report.plots import check_plot, plot_forecast
from seqmem.report.studies import plot_study, study_table
from seqmem.report.tables import DATES_NOTE, FORECAST_FORMATS, forecast_table, heading, table
from seqmem.report.volatility import LEAGUE_NOTE, league_tables, plot_volatility

__all__ = [
    "DATES_NOTE",
    "FORECAST_FORMATS",
    "LEAGUE_NOTE",
    "Inspection",
    "check_folder",
    "check_plot",
    "forecast_table",
    "heading",
    "inspect_prices",
    "league_tables",
    "plot_flow",
    "plot_forecast",
    "plot_half_lives",
    "plot_saturation",
    "plot_study",
    "plot_trace",
    "plot_volatility",
    "study_table",
    "table",
    "written_whole",
]
