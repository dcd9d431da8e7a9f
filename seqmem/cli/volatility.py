"""``seqmem volatility``: recurrent networks beside GARCH and its family, scored and exported."""

import argparse
from typing import TYPE_CHECKING, Any

from seqmem.cli.command import Command
from seqmem.cli.options import (
    add_export,
    add_files,
    add_prices,
    add_threads,
    check_cells,
    check_export,
    check_files,
    check_prices,
    choices,
    read_bars,
    whole,
)

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from seqmem.experiments.league import League, PanelLeague

NUMBERS = (
    ("units", 16, "units of each network's cell"),
    ("lookback", 60, "days that a network reads, each with 126 days before it"),
    ("members", 5, "seeds of each network"),
    ("every", 63, "days from refit to refit of GARCH and its family"),
    ("epochs", 60, "of the networks, at most"),
)


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add prices, the networks, and where to write."""
    add_prices(parse)
    add = parse.add_argument
    add("--panel", action="store_true", help="each column is the closes of a series: one network for all")
    add(
        "--cells",
        type=choices(str),
        default=("lstm", "gru"),
        metavar="A,B,...",
        help="lstm, gru, rnn or your own module:Class (lstm,gru)",
    )
    for name, default, about in NUMBERS:
        add(f"--{name}", type=whole(1), default=default, metavar="N", help=f"{about} ({default})")
    add("--seed", type=whole(0), default=0, metavar="N", help="of weights and shuffles (0)")
    add_threads(parse)
    add_files(parse, csv="write all scores as CSV", plot="draw forecast and realised volatility")
    add_export(parse, "--export", help="export the first network for TensorFlow Serving")


def check(options: argparse.Namespace) -> None:
    """Refuse cells, prices, files or names that will not do."""
    check_cells(options.cells)
    check_prices(options)
    check_files(options)
    if options.plot and options.panel:
        raise ValueError("--plot draws one series: not with --panel")
    check_export(options.export, options)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Train, score and show; write what is wanted."""
    from seqmem.cells import cell_class
    from seqmem.experiments.league import panel_league, volatility_league
    from seqmem.experiments.league.entries import noted

    for cell in options.cells:
        cell_class(cell)
    given: dict[str, Any] = {name: getattr(options, name) for name in (*(n for n, *_ in NUMBERS), "seed")}
    with console.status("prices") as status:

        def progress(what: str) -> None:
            status.update(what)
            if not console.is_terminal:
                console.print(what, highlight=False)

        with noted() as notes:
            prices = _read(options)
        if options.panel:
            of_many = panel_league(prices, cell=options.cells[0], progress=progress, **given)
        else:
            of_one = volatility_league(prices, cells=options.cells, progress=progress, **given)
    _show_notes(notes, console)
    if options.panel:
        _show_panel(of_many, prices, options, console)
    else:
        _show(of_one, prices, options, console)
    return 0


def _read(options: argparse.Namespace) -> Any:
    from seqmem.data.bars import read_panel

    if options.panel:
        return read_panel(options.prices, date_format=options.date_format)
    return read_bars(options)


def _show(found: "League", bars: "pd.DataFrame", options: argparse.Namespace, console: "Console") -> None:
    from seqmem.data.series import day
    from seqmem.experiments.league import REFERENCES
    from seqmem.files import written_whole
    from seqmem.report import LEAGUE_NOTE, heading, league_tables, plot_volatility, table
    from seqmem.serving import export

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
    heading("Spread across seeds: QLIKE of the ensemble, and of its members", console)
    spread = found.spread.reset_index()
    console.print(table(spread, formats=dict.fromkeys(("together", "best", "mean", "worst"), ".4f")))
    _show_notes(found.warnings, console)
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


def _show_panel(
    found: "PanelLeague", panel: "dict[str, pd.DataFrame]", options: argparse.Namespace, console: "Console"
) -> None:
    from seqmem.data.series import day
    from seqmem.files import written_whole
    from seqmem.report import heading, table
    from seqmem.serving import export

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
    _show_notes(found.warnings, console)
    console.print(f"\n{found.verdict}", style="bold", highlight=False, soft_wrap=True)
    if options.csv:
        with written_whole(options.csv) as draft:
            found.tests.to_csv(draft)
    if options.export:
        folder = export(found.forecaster, options.out, name=options.export)
        console.print(f"exported to {folder}", highlight=False)


def _show_notes(notes: Any, console: "Console", most: int = 8) -> None:
    for note in notes[:most]:
        console.print(note, style="yellow", markup=False, emoji=False, highlight=False, soft_wrap=True)
    if len(notes) > most:
        console.print(f"and {len(notes) - most} more such notes", style="yellow")


COMMAND = Command(
    name="volatility",
    group="Prices and models",
    summary="forecast volatility: recurrent networks beside GARCH and HAR",
    description="Forecast the variance of the next day and of the next five: EWMA, GARCH, GJR, EGARCH and "
    "HAR, refitted every quarter, and recurrent networks of several seeds, trained once. All are scored on "
    "the last 30% of the rows, from the same origins, by QLIKE on squared returns and on the daily range, "
    "with tests of significance.",
    add_options=add_options,
    check=check,
    run=run,
    trains=True,
)
