"""``seqmem risk``: value at risk and expected shortfall by many models, with their backtests."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqmem.cli.command import Command
from seqmem.cli.data import add_prices, check_prices, read_panel
from seqmem.cli.options import add_files, add_league, add_threads, check_cells, check_files, choices, whole
from seqmem.files import check_plot

if TYPE_CHECKING:
    from rich.console import Console

    from seqmem.data.dataset import Dataset
    from seqmem.experiments.risk import RiskReport

NOTE = """° in the model confidence set of 90%; * p < .05, ** p < .01 against GARCH-t, by Diebold-Mariano.
FHS: filtered historical simulation on that variance. In brackets: between which the true coverage lies with
95% (Wilson, for as many independent origins as the overlapping ones are worth); * its level does not."""


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add prices, levels and horizons, and where to write."""
    add_prices(parse)
    add = parse.add_argument
    add_league(parse, panel="each column is the closes of a series")
    add("--first", type=whole(2), metavar="N", help="of a panel, the first N series alone")
    add(
        "--levels",
        type=choices(float),
        default=(0.01, 0.05),
        metavar="A,B,...",
        help="shares of days on which the value at risk is exceeded (0.01,0.05)",
    )
    add("--horizon", type=whole(2, 22), default=5, metavar="H", help="days ahead, beside one day (5)")
    add(
        "--cell", default="lstm", metavar="NAME", help="of the network: lstm, gru, rnn, module:Class, or none"
    )
    add_threads(parse)
    add_files(
        parse,
        csv="write all backtests as CSV",
        plot="draw returns, value at risk and its breaches",
        report=True,
    )
    about = "draw where outcomes lay in their distributions: .png, .svg or .pdf"
    add("--histogram", type=Path, metavar="FILE", help=about)


def check(options: argparse.Namespace) -> None:
    """Refuse levels, cells, prices or files that will not do."""
    if not all(0 < level < 0.5 for level in options.levels):
        raise ValueError(f"--levels: expected shares in (0, 0.5). Received: {options.levels}")
    if options.cell != "none":
        check_cells((options.cell,))
    check_prices(options)
    check_files(options)
    if options.histogram:
        check_plot(options.histogram)
    if options.plot and options.panel:
        raise ValueError("--plot draws one series: not with --panel")
    if options.first and not options.panel:
        raise ValueError("--first is of the series of a panel: expected --panel with it")


def read(options: argparse.Namespace) -> "Dataset":
    """The prices of one series, or of a panel."""
    data = read_panel(options)
    if options.first is None:
        return data
    return replace(data, frames={name: data.frames[name] for name in data.ids[: options.first]})


def run(options: argparse.Namespace, console: "Console") -> int:
    """Forecast, test and show; write what is wanted."""
    from seqmem.experiments.risk import risk_report

    data = options.data
    with console.status("prices") as status:

        def progress(what: str) -> None:
            status.update(what)
            if not console.is_terminal:
                console.print(what, highlight=False)

        found = risk_report(
            data,
            levels=options.levels,
            horizons=(1, options.horizon),
            cell=None if options.cell == "none" else options.cell,
            ensemble_size=options.members,
            every=options.every,
            epochs=options.epochs,
            seed=options.seed,
            progress=progress,
        )
    first = str(found.evaluation.outcome.cutoff.min())[:10]
    count = len(found.evaluation.outcome.origins)
    console.print(f"{data.about}; scored from {first} on, {count} origins", highlight=False, markup=False)
    _show(found, console)
    if options.csv:
        from seqmem.files import written_whole

        with written_whole(options.csv) as draft:
            found.table.to_csv(draft)
    if options.plot:
        from seqmem.report.risk import plot_breaches

        plot_breaches(found, options.plot, level=options.levels[0])
    if options.report:
        from seqmem.report import report

        report(options.report, found, title=f"Value at risk of {data.name}")
    if options.histogram:
        from seqmem.report.risk import plot_histograms

        plot_histograms(found, options.histogram)
    return 0


def _show(found: "RiskReport", console: "Console") -> None:
    from seqmem.report import heading, table
    from seqmem.report.risk import P_VALUES_NOTE, breach_tables, interval_table, today_table

    formats: dict[str, Any] = {}
    for title, rows in breach_tables(found).items():
        heading(title, console)
        console.print(table(rows, formats=formats))
    heading("Outcomes within the intervals of the log return", console)
    console.print(table(interval_table(found)))
    console.print(f"{P_VALUES_NOTE}\n{NOTE}", style="dim", highlight=False, soft_wrap=True)
    heading("From the last row: value at risk and expected shortfall, share of the price", console)
    console.print(table(today_table(found)))
    sizes = ", ".join(f"{name} {value:.1%}" for name, value in found.sizing.items())
    console.print(
        f"Sized to 10% a year by its forecast, a position had: {sizes}.", highlight=False, soft_wrap=True
    )
    for note in found.warnings[:8]:
        console.print(note, style="yellow", markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(f"\n{found.summary}", style="bold", highlight=False, markup=False, soft_wrap=True)


COMMAND = Command(
    name="risk",
    group="Prices and models",
    summary="value at risk and expected shortfall, with backtests",
    description="Forecast the loss that a day, and some days together, exceed with 1% and 5% probability, "
    "and the mean loss beyond it: by historical simulation, EWMA, GARCH and GJR, and by filtered historical "
    "simulation on these, on HAR and on a recurrent network. All are tested on the last 30% of the rows.",
    add_options=add_options,
    check=check,
    read=read,
    run=run,
    trains=True,
)
