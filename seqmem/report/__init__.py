"""Reports: tables for a terminal, plots for a file, an inspection of prices in plain words."""

from seqmem.report.files import written_whole
from seqmem.report.inspection import Inspection, inspect_prices
from seqmem.report.plots import plot_forecast
from seqmem.report.tables import DATES_NOTE, FORECAST_FORMATS, forecast_table, heading, table

__all__ = [
    "DATES_NOTE",
    "FORECAST_FORMATS",
    "Inspection",
    "forecast_table",
    "heading",
    "inspect_prices",
    "plot_forecast",
    "table",
    "written_whole",
]
