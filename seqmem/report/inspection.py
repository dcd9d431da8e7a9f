"""The report of an inspection: one screen, and a picture with the suspicious rows marked."""

from pathlib import Path

import pandas as pd
from rich.console import Console

from seqmem.data.calendars import NAMES, Calendar, Weekdays
from seqmem.data.faults import day
from seqmem.data.inspection import Inspection, SeriesInspection
from seqmem.report.plots import figure_with_panels, saved, span
from seqmem.report.tables import heading, table

MOST = 5  # rows of a table: one screen


def print_inspection(found: Inspection, console: Console, *, go_on: str = "") -> None:
    """Print what was read, what is odd about it, and whether it is fit for training.

    Args:
        found: what `inspect` found.
        console: where to.
        go_on: the command to go on with.
    """

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    data = found.data
    columns = ", ".join(data.columns)
    say(f"{data.name}: {data.format or 'plain'}, closes from {data.column!r}, columns {columns}")
    zone = f"; stamps carry {data.zone}" if data.zone else ""
    say(f"calendar: {calendar_text(data.calendar)}{zone}")
    for note in data.notes:
        say(f"note: {note}", style="dim")
    if len(found.series) == 1:
        _print_series(next(iter(found.series.values())), data.calendar, console)
    else:
        console.print(table(panel_table(found)))
    for problem in found.problems[:MOST]:
        say(f"problem: {problem}", style="red")
    if len(found.problems) > MOST:
        say(f"and {len(found.problems) - MOST} more", style="red")
    if not found.fit:
        say("Do not train on these prices.", style="bold red")
        names = list(dict.fromkeys(name for one in found.series.values() for name in one.suspicious["doubt"]))
        if names:
            say(f"If they are right as they are: --anyway, or --allow {','.join(names)}", style="dim")
        return
    one = next(iter(found.series.values()))
    raw = "" if one.levels is None or one.levels.stationary else " on returns; raw values will be refused"
    say(f"Fit for training{raw}.", style="bold")
    if go_on:
        say(f"Go on with: {go_on}")


def calendar_text(calendar: Calendar) -> str:
    """A calendar in words.

    >>> calendar_text(Weekdays((6, 0, 1, 2, 3), ("01-01",)))
    'Mon, Tue, Wed, Thu, Sun but for 01-01; 252 days a year'
    """
    words = str(calendar)
    if isinstance(calendar, Weekdays):
        days = (
            "Mon to Fri"
            if calendar.days == (0, 1, 2, 3, 4)
            else ", ".join(NAMES[one] for one in calendar.days)
        )
        words = f"{days}{' but for ' + ', '.join(calendar.holidays) if calendar.holidays else ''}"
    return f"{words}; {calendar.periods_per_year:g} {calendar.period}s a year"


def panel_table(found: Inspection) -> pd.DataFrame:
    """A row for each series of a panel."""
    return pd.DataFrame(
        [
            {
                "series": unique_id,
                "rows": len(one.frame),
                "from": day(one.frame.index[0]),
                "to": day(one.frame.index[-1]),
                "gaps": len(one.gaps),
                "doubts": len(one.suspicious),
                "returns": ""
                if one.returns is None
                else "unit root"
                if one.returns.unit_root
                else "no unit root",
            }
            for unique_id, one in found.series.items()
        ]
    )


def plot_inspection(found: Inspection, path: str | Path) -> Path:
    """The closes with the suspicious rows marked, as PNG, SVG or PDF by the suffix; six series at most.

    Raises:
        ValueError: a suffix other than .png, .svg and .pdf, or no such folder.
    """
    shown = list(found.series.items())[:6]
    figure, every = figure_with_panels(len(shown))
    for axes, (unique_id, one) in zip(every, shown, strict=True):
        closes = one.frame["close"]
        axes.plot(closes.index, closes.to_numpy(), color="black", linewidth=0.8)
        for doubt, rows in one.suspicious.groupby("doubt"):
            marked = closes.iloc[rows["row"].to_numpy(dtype=int) - 1]
            label = f"doubted: {doubt} ({len(marked)})"
            axes.plot(marked.index, marked.to_numpy(), "o", markersize=5, fillstyle="none", label=label)
        if len(one.suspicious):
            axes.legend(frameon=False)
        name = unique_id if len(shown) > 1 else found.data.name
        axes.set_title(f"{name}: closes, {span(closes.index)}", fontsize="medium")
        axes.set_ylabel(f"{found.data.column}, as in the file")
    return saved(figure, path)


def _print_series(one: SeriesInspection, calendar: Calendar, console: Console) -> None:
    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    dates, closes = one.frame.index, one.frame["close"]
    say(f"{len(one.frame)} rows, {day(dates[0])} to {day(dates[-1])}")
    say(f"from {closes.min():g} to {closes.max():g}; {one.unchanged:.1%} of closes are unchanged")
    kind = "differences" if one.differences else "log returns"
    for name, tests in (("prices", one.levels), (kind, one.returns)):
        say(f"{name}: {tests.words if tests is not None else 'too few rows to test, or no change'}")
    if len(one.gaps):
        heading(f"Gaps of more than {calendar.longest:g} days: {len(one.gaps)}; nothing is filled", console)
        console.print(table(one.gaps, most=MOST))
    if len(one.moves):
        heading(f"Moves of more than 40% in a {calendar.period}: {len(one.moves)}", console)
        console.print(table(one.moves, formats={"change": "+.1%"}, most=MOST))
    if len(one.suspicious):
        heading(f"Suspicious rows: {len(one.suspicious)}", console)
        console.print(table(one.suspicious[["row", "date", "doubt"]], most=MOST))
