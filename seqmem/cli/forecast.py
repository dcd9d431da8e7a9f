"""``seqmem forecast``: what an exported model says of the days after the last close of a file."""

import argparse
from typing import TYPE_CHECKING

from seqmem.cli.command import Command
from seqmem.cli.data import add_prices, check_prices, read_for_model
from seqmem.cli.options import add_files, add_model, check_files, check_model

if TYPE_CHECKING:
    from rich.console import Console


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add a model, prices, and where to write."""
    add_model(parse)
    add_prices(parse, column="the one that the model learnt from")
    add_files(parse, csv="write the forecast as CSV too", plot="draw it", report=True)


def check(options: argparse.Namespace) -> None:
    """Refuse a model, prices or files that are not there."""
    check_model(options)
    check_prices(options)
    check_files(options)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Print the forecast; write and draw it where that is wanted."""
    from seqmem.files import written_whole
    from seqmem.report import in_words, origin_text, plot_forecast, print_forecast
    from seqmem.serving import ServedModel

    served = ServedModel(options.model)
    forecast = served.forecast(options.data)
    console.print(f"{served.folder}: from {origin_text(forecast)}", highlight=False)
    print_forecast(forecast, console)
    if options.csv:
        with written_whole(options.csv) as draft:
            forecast.to_frame().to_csv(draft, index=False)
    if options.plot:
        plot_forecast(forecast, options.data, options.plot, model=served.card["name"])
    if options.report:
        from seqmem.report import report
        from seqmem.report.page.section import Section
        from seqmem.report.page.sections.forecasts import ForecastSection
        from seqmem.report.page.sections.verdict import VerdictSection

        name, data = served.card["name"], options.data
        told: list[Section] = [VerdictSection(in_words(forecast), [served.card.get("verdict", "")])]
        told += [ForecastSection(forecast, data, name)]
        report(options.report, *told, data, served, title=f"Forecast of {data.name} by {name}")
    return 0


COMMAND = Command(
    name="forecast",
    group="Exported models",
    summary="forecast the next days with an exported model",
    description="Forecast the days after the last close of a file with an exported model, as a server would.",
    add_options=add_options,
    check=check,
    run=run,
    read=read_for_model,
)
