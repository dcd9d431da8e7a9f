"""Reports: tables for a terminal, plots for a file, an inspection of prices in plain words."""

from seqmem.report.inspection import Inspection, inspect_prices
from seqmem.report.plots import plot_forecast
from seqmem.report.tables import FORECAST_FORMATS, forecast_table, heading, table

__all__ = [
    "FORECAST_FORMATS",
    "Inspection",
    "forecast_table",
    "heading",
    "inspect_prices",
    "plot_forecast",
    "table",
]
