"""``seqmem volatility``: the league from a file to tables, a plot, a CSV and an export."""

import argparse
import logging
from contextlib import suppress
from typing import Any

import pandas as pd
from rich.console import Console

from seqmem.cells import cell_class
from seqmem.data.bars import read_bars, read_panel
from seqmem.data.series import day
from seqmem.experiments.league import REFERENCES, League, PanelLeague, panel_league, volatility_league
from seqmem.experiments.league.entries import noted
from seqmem.files import check_file, check_plot, written_whole
from seqmem.process import configure_cpu
from seqmem.report import (
    LEAGUE_NOTE,
    heading,
    league_tables,
    plot_volatility,
    table,
)
from seqmem.serving import check_name, export


def run(options: argparse.Namespace, console: Console) -> int:
    """Do all that `seqmem volatility` promises; 0, or 130 after Ctrl-C.

    Raises:
        ValueError: prices, options or files that will not do: before anything is trained.
    """
    cells = options.cells.split(",")
    for cell in cells:
        cell_class(cell)
    for path in filter(None, (options.csv, options.plot)):
        check_file(path)
    if options.plot:
        check_plot(options.plot)
        if options.panel:
            raise ValueError("--plot draws one series: not with --panel")
    if options.export:
        check_name(options.export)
    with suppress(RuntimeError):  # called from a program that has run TensorFlow: its threads are its own
        configure_cpu(options.threads)
    logging.getLogger("tensorflow").setLevel("ERROR")  # each network is a new one: retracing is no news
    names = ("units", "lookback", "members", "every", "epochs", "seed")
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    try:
        with console.status("prices") as status:

            def progress(what: str) -> None:
                status.update(what)
                if not console.is_terminal:
                    console.print(what, highlight=False)

            with noted() as notes:
                prices = _read(options)
            if options.panel:
                of_many = panel_league(prices, cell=cells[0], progress=progress, **given)
            else:
                of_one = volatility_league(prices, cells=cells, progress=progress, **given)
    except KeyboardInterrupt:
        console.print("Stopped; nothing was written.", style="yellow")
        return 130
    _say_notes(notes, console)
    if options.panel:
        _say_panel(of_many, prices, options, console)
    else:
        _say(of_one, prices, options, console)
    return 0


def _read(options: argparse.Namespace) -> Any:
    if options.panel:
        return read_panel(options.prices, date_format=options.date_format)
    columns = {"close": options.column or "Close", "high": options.high, "low": options.low}
    return read_bars(options.prices, date_format=options.date_format, **columns)


def _say(found: League, bars: pd.DataFrame, options: argparse.Namespace, console: Console) -> None:
    first = found.results["date"].iloc[0]
    console.print(
        f"{options.prices}: {len(bars)} {'bars' if 'High' in bars else 'closes'}, {day(bars.index[0])} to "
        f"{day(bars.index[-1])}; scored from {day(first)} on, {found.results['origin'].nunique()} origins",
        highlight=False,
        soft_wrap=True,
    )
    for title, rows in league_tables(found.scores, REFERENCES).items():
        heading(title, console)
        console.print(table(rows))
    console.print(LEAGUE_NOTE, style="dim", highlight=False)
    heading("What the seed decides: QLIKE of the ensemble, and of its members", console)
    spread = found.spread.reset_index()
    console.print(table(spread, formats=dict.fromkeys(("together", "best", "mean", "worst"), ".4f")))
    _say_notes(found.warnings, console)
    console.print(f"\n{found.verdict}", style="bold", highlight=False, soft_wrap=True)
    if options.csv:
        with written_whole(options.csv) as draft:
            found.scores.to_csv(draft)
    name, forecaster = next(iter(found.forecasters.items()))
    if options.plot:
        plot_volatility(found.results, options.plot, models=["GARCH-t", name])
    if options.export:
        scores = found.scores.xs(name, level="model").reset_index().to_dict(orient="records")
        closes = bars["Close"]
        folder = export(forecaster, options.out, name=options.export, prices=closes, scores=scores)
        console.print(f"{name} exported to {folder}", highlight=False)


def _say_panel(
    found: PanelLeague, panel: dict[str, pd.DataFrame], options: argparse.Namespace, console: Console
) -> None:
    first = min(one["date"].iloc[0] for one in found.results.values())
    console.print(
        f"{options.prices}: {len(panel)} series, scored from {day(first)} on", highlight=False, soft_wrap=True
    )
    heading("QLIKE of a day ahead on squared returns, by series", console)
    rows = found.series.rename_axis("series").reset_index()
    console.print(table(rows, formats=dict.fromkeys(found.series.columns, ".4f")))
    heading(
        "Diebold-Mariano on the mean over series of each date; wins: series with the lower QLIKE", console
    )
    formats = {"difference": "+.4f", "dm": "+.2f", "p": ".4f"}
    tests = found.tests.rename(columns={"statistic": "dm", "p_value": "p"}).reset_index()
    same = [name for name in ("proxy", "series") if tests[name].nunique() == 1]
    console.print(table(tests.drop(columns=same), formats=formats))
    _say_notes(found.warnings, console)
    console.print(f"\n{found.verdict}", style="bold", highlight=False, soft_wrap=True)
    if options.csv:
        with written_whole(options.csv) as draft:
            found.tests.to_csv(draft)
    if options.export:
        folder = export(found.forecaster, options.out, name=options.export)
        console.print(f"exported to {folder}", highlight=False)


def _say_notes(notes: Any, console: Console, most: int = 8) -> None:
    for note in notes[:most]:
        console.print(note, style="yellow", markup=False, emoji=False, highlight=False, soft_wrap=True)
    if len(notes) > most:
        console.print(f"and {len(notes) - most} more such notes", style="yellow")
