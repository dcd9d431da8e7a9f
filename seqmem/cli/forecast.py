"""``seqmem forecast``: what an exported model says of the days after the last close of a file."""

import argparse
from typing import TYPE_CHECKING, Any

from seqmem.cli.command import Command
from seqmem.cli.options import (
    add_files,
    add_model,
    add_prices,
    check_files,
    check_model,
    check_prices,
    read_bars,
    read_closes,
)

if TYPE_CHECKING:
    from rich.console import Console


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add a model, prices, and where to write."""
    add_model(parse)
    add_prices(parse, column="the one that the model learnt from")
    add_files(parse, csv="write the forecast as CSV too", plot="draw it (of prices)")


def check(options: argparse.Namespace) -> None:
    """Refuse a model, prices or files that are not there."""
    check_model(options)
    check_prices(options)
    check_files(options)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Print the forecast; write and draw it where that is wanted."""
    from seqmem.files import written_whole
    from seqmem.report import DATES_NOTE, FORECAST_FORMATS, forecast_table, plot_forecast, table
    from seqmem.serving import ServedModel

    served = ServedModel(options.model)
    if served.days:
        return _forecast_variance(options, served, console)
    prices = read_closes(options, column=served.column, rows=1)
    forecast = served.forecast(prices)
    console.print(
        f"{served.folder}: from {prices.index[-1]:%Y-%m-%d} ({prices.iloc[-1]:.2f})", highlight=False
    )
    console.print(table(forecast_table(forecast, prices), formats=FORECAST_FORMATS))
    console.print(DATES_NOTE, style="dim")
    if options.csv:
        with written_whole(options.csv) as draft:
            forecast.rename_axis("date").to_csv(draft)
    if options.plot:
        plot_forecast(prices, forecast, options.plot)
    return 0


def _forecast_variance(options: argparse.Namespace, served: Any, console: "Console") -> int:
    from seqmem.files import written_whole
    from seqmem.report import table

    if options.plot:
        raise ValueError("--plot draws paths of prices; this is a model of variances")
    bars = read_bars(options, column=served.column, rows=1)
    found = served.volatility(bars)
    console.print(f"{served.folder}: from {bars.index[-1]:%Y-%m-%d}, over the next days", highlight=False)
    console.print(table(found, formats={"variance": ".3e", "volatility": ".2%"}))
    note = "variance: of the log return over those days; volatility: annualised volatility (252 days)"
    console.print(note, style="dim")
    if options.csv:
        with written_whole(options.csv) as draft:
            found.to_csv(draft, index=False)
    return 0


COMMAND = Command(
    name="forecast",
    group="Exported models",
    summary="forecast the next days with an exported model",
    description="Forecast the days after the last close of a file with an exported model, as a server would.",
    add_options=add_options,
    check=check,
    run=run,
)
