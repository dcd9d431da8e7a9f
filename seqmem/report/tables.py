"""DataFrames as tables on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from seqmem.data.faults import day
from seqmem.evaluation.forecast import Forecast

SCREEN = 82  # characters of a narrow screen, and of the gap behind the last column
NARROW = 10  # characters of text that are never wrapped
DATES_NOTE = "Dates are the coming trading days, by the calendar of the model."


def heading(text: str, console: Console) -> None:
    """A line above a table."""
    console.print(f"\n{text}", style="bold", highlight=False, markup=False, soft_wrap=True)


def forecast_table(forecast: Forecast, levels: Sequence[float] = (90,)) -> pd.DataFrame:
    """A forecast as a table: dates, what is forecast, and what else its quantity shows.

    The series stands in it where there are several, and the days ahead where they are not 1, 2, 3, ...
    """
    frame = forecast.to_frame(levels)
    dates = [f"{date:%a %Y-%m-%d}" if isinstance(date, pd.Timestamp) else date for date in frame["ds"]]
    shown = {"series": frame["unique_id"]} if frame["unique_id"].nunique() > 1 else {}
    if forecast.horizons != tuple(range(1, len(forecast.horizons) + 1)):
        shown["days"] = frame["h"]
    rest = frame.columns[frame.columns.get_loc("h") + 1 :]
    return pd.DataFrame(shown | {"date": dates} | {name: frame[name] for name in rest})


def print_forecast(forecast: Forecast, console: Console) -> None:
    """Print the table of a forecast, and what a reader should know of it."""
    shown, quantity = forecast_table(forecast), forecast.quantity
    point = "mean" if "mean" in shown else "median"
    formats = {name: quantity.formats.get("mean", "") for name in shown if name[:3] in ("lo-", "hi-")}
    formats |= {**quantity.formats, quantity.label: quantity.formats.get("mean", "")}
    console.print(table(shown.rename(columns={point: quantity.label}), formats=formats))
    for note in filter(None, (quantity.note, DATES_NOTE)):
        console.print(note, style="dim", highlight=False)


def origin_text(forecast: Forecast) -> str:
    """From when a forecast is: the date and the close of its only origin; of several the last date."""
    close = f" ({forecast.last[0]:.2f})" if len(forecast) == 1 else f", {len(forecast)} series"
    return f"{day(pd.Index(forecast.cutoff).max())}{close}"


def in_words(forecast: Forecast) -> str:
    """What is forecast of each series over the longest horizon, a line each; of ten series at most."""
    quantity, ids = forecast.quantity, list(dict.fromkeys(forecast.unique_id))
    lines = []
    for name in ids[:10]:
        one = forecast.select(name)
        row = one.to_frame().iloc[-1]
        point = quantity.label, row["mean" if "mean" in row else "median"]
        parts = [(point[0], point[1], quantity.formats.get("mean", ".6g"))]
        parts += [(key, row[key], quantity.formats[key]) for key in quantity.formats if key != "mean"]
        parts += [(key, row[key], parts[0][2]) for key in row.index if str(key)[:3] in ("lo-", "hi-")]
        values = ", ".join(f"{key} {format(value, form)}" for key, value, form in parts)
        about = f"{name}, " if len(ids) > 1 else ""
        lines.append(
            f"{about}{quantity.name} of {day(row['ds'])} (h = {row['h']}), from {origin_text(one)}: {values}"
        )
    return "\n".join(lines)


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
    rows = [
        [_cell(value, formats.get(str(name), "")) for name, value in zip(frame.columns, row, strict=True)]
        for row in frame.head(most).itertuples(index=False)
    ]
    gap = 2 if _width(frame.columns, rows) + 2 * frame.shape[1] <= SCREEN else 1
    shown = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold underline")
    for column in frame.columns:
        right = pd.api.types.is_numeric_dtype(frame[column])
        lengths = [len(str(value)) for value in frame[column]]
        shown.add_column(
            str(column).replace("_", " "),
            justify="right" if right else "left",
            no_wrap=right or max(lengths, default=0) <= NARROW,  # a narrow screen wraps long names alone
            overflow="ellipsis" if right else "fold",  # a number that is cut must not look like another
        )
    for row in rows:
        shown.add_row(*row)
    if most is not None and len(frame) > most:
        shown.caption = f"and {len(frame) - most} more"
    return shown


def _width(headings: Sequence[Any], rows: Sequence[Sequence[str]]) -> int:
    """The characters that the columns of a table take, without what is between them."""
    widest = [max(map(len, str(heading).split("\n"))) for heading in headings]
    return sum(max([most, *(len(row[number]) for row in rows)]) for number, most in enumerate(widest))


def _cell(value: Any, specification: str) -> str:
    if isinstance(value, float) and value != value:
        return ""
    return day(value) if isinstance(value, pd.Timestamp) else format(value, specification)
