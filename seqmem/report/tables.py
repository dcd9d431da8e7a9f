"""DataFrames as tables on a terminal."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from seqmem.data.series import day

DATES_NOTE = "Dates are the coming trading days; holidays are not known."
NARROW = 10  # characters of text that are never wrapped
FORECAST_FORMATS = {"forecast": ".2f", "change": "+.2%"}


def heading(text: str, console: Console) -> None:
    """A line above a table."""
    console.print(f"\n{text}", style="bold", highlight=False, markup=False, soft_wrap=True)


def forecast_table(forecast: pd.Series, prices: pd.Series) -> pd.DataFrame:
    """A dated forecast as a table: date, forecast, and its change from the last close."""
    return pd.DataFrame(
        {
            "date": [
                f"{date:%a %Y-%m-%d}" if isinstance(date, pd.Timestamp) else date for date in forecast.index
            ],
            "forecast": forecast.to_numpy(),
            "change": forecast.to_numpy() / prices.iloc[-1] - 1,
        }
    )


def table(frame: pd.DataFrame, *, formats: Mapping[str, str] | None = None, most: int | None = None) -> Table:
    """A `rich` table of a frame: numbers to the right, NaN as nothing.

    Args:
        frame: its columns become the columns; put the index into columns first.
        formats: column -> format specification, such as ``".4f"``.
        most: rows to show; a last line says how many more there are.

    >>> frame = pd.DataFrame({"cell": ["lstm"], "loss": [0.73214]})
    >>> [list(column.cells) for column in table(frame, formats={"loss": ".3f"}).columns]
    [['lstm'], ['0.732']]
    """
    formats = formats or {}
    shown = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold underline")
    for column in frame.columns:
        right = pd.api.types.is_numeric_dtype(frame[column])
        lengths = [len(str(value)) for value in frame[column]]
        shown.add_column(
            str(column).replace("_", " "),
            justify="right" if right else "left",
            no_wrap=right or max(lengths, default=0) <= NARROW,  # a narrow screen wraps long names alone
            overflow="fold",
        )
    for row in frame.head(most).itertuples(index=False):
        shown.add_row(
            *(
                _cell(value, formats.get(str(name), ""))
                for name, value in zip(frame.columns, row, strict=True)
            )
        )
    if most is not None and len(frame) > most:
        shown.caption = f"and {len(frame) - most} more"
    return shown


def _cell(value: Any, specification: str) -> str:
    if isinstance(value, float) and value != value:
        return ""
    return day(value) if isinstance(value, pd.Timestamp) else format(value, specification)
