"""The command line: ``seqmem check``, ``forecast``, ... Imports nothing slow until it must."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqmem.commands import diagnose, serve, serve_config, study, verify
from seqmem.commands.arguments import at_least_one

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parse = argparse.ArgumentParser(
        prog="seqmem", description="Sequence memory for financial data: honest forecasts from daily closes."
    )
    parse.add_argument("--version", action="version", version=f"seqmem {version('seqmem')}")
    commands = parse.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser(
        "check",
        help="are these prices fit to be trained on?",
        description="Rows, dates, gaps, suspicious moves, and whether prices and returns are stationary. "
        "Exit status 1 on prices that must not be trained on.",
    )
    _add_prices(check)
    check.set_defaults(command=_check)

    forecast = commands.add_parser(
        "forecast",
        help="the dated forecast of an exported model",
        description="What an exported model says of the days after the last close of a file.",
    )
    forecast.add_argument(
        "model", metavar="MODEL_DIR", help="saved_models/NAME (newest version) or NAME/VERSION"
    )
    _add_prices(forecast)
    _add_range(forecast)
    forecast.add_argument("--csv", type=Path, metavar="FILE", help="write the forecast as CSV too")
    forecast.add_argument("--plot", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
    forecast.set_defaults(command=_forecast)

    volatility = commands.add_parser(
        "volatility",
        help="recurrent networks beside GARCH and its family",
        description="Forecast the variance of the next day and of the next five: EWMA, GARCH, GJR, EGARCH "
        "and HAR, fitted anew every quarter, and recurrent networks of several seeds, trained once. On the "
        "last 30% of the rows, from the same origins, by QLIKE on squared returns and on the daily range, "
        "with significance.",
    )
    _add_prices(volatility)
    _add_range(volatility)
    _add_league(volatility)
    volatility.set_defaults(command=_volatility)

    verify.add_to(commands)
    diagnose.add_to(commands)
    study.add_to(commands)
    serve.add_to(commands)
    serve_config.add_to(commands)
    return parse


def _add_range(parse: argparse.ArgumentParser) -> None:
    parse.add_argument("--high", default="High", metavar="COLUMN", help="of highs, for variances (High)")
    parse.add_argument("--low", default="Low", metavar="COLUMN", help="of lows, for variances (Low)")


def _add_league(parse: argparse.ArgumentParser) -> None:
    add = parse.add_argument
    add("--panel", action="store_true", help="each column is the closes of a series: one network for all")
    add("--cells", default="lstm,gru", metavar="A,B,...", help="lstm, gru, rnn or module:Class (lstm,gru)")
    for name, default, about in (
        ("units", 16, "units of each seed's cell"),
        ("lookback", 60, "days that a network reads, each of which looks back on 126 more"),
        ("members", 5, "seeds of each network"),
        ("every", 63, "days from refit to refit of the classics"),
        ("epochs", 60, "of the networks, at most"),
    ):
        add(f"--{name}", type=at_least_one, default=default, metavar="N", help=f"{about} ({default})")
    add("--seed", type=int, default=0, metavar="N", help="of weights and shuffles (0)")
    add("--threads", type=at_least_one, metavar="N", help="processor cores to use (all)")
    add("--csv", type=Path, metavar="FILE", help="write all scores as CSV")
    add("--plot", type=Path, metavar="FILE", help="draw forecasts beside what came: .png, .svg or .pdf")
    add("--export", metavar="NAME", help="export the first network for TensorFlow Serving")
    add("--out", default="saved_models", help="the folder of all models (saved_models)")


def _add_prices(parse: argparse.ArgumentParser) -> None:
    add = parse.add_argument
    add(
        "prices",
        metavar="FILE|bundled:NAME",
        help="CSV or Parquet; or bundled:sp500, bundled:nasdaq, bundled:wti",
    )
    add("--column", help="the column of prices (Close; for a forecast, the one that the model learnt from)")
    add("--date-format", metavar="FORMAT", help="where dates are not ISO, as in strptime: %%d.%%m.%%Y")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if all is well, 1 if not."""
    options = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is imported, or it is not quiet
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    from rich.console import Console

    command: Callable[[argparse.Namespace, Console], int] = options.command
    try:
        return command(
            options, Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100)
        )
    except (ValueError, OSError) as error:
        Console(stderr=True).print(
            f"seqmem: {error}", style="red", markup=False, emoji=False, highlight=False, soft_wrap=True
        )
        return 1


def _check(options: argparse.Namespace, console: "Console") -> int:
    from seqmem.data.inspection import inspect_prices
    from seqmem.data.series import day
    from seqmem.report import heading, table

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    prices = _read(options)
    found = inspect_prices(prices)
    say(f"{options.prices}: {len(prices)} rows, {day(prices.index[0])} to {day(prices.index[-1])}")
    say(f"from {prices.min():g} to {prices.max():g}; {found.unchanged:.1%} of the days repeat the last close")
    say(f"prices: {found.prices.words}")
    say(f"log returns: {found.returns.words}")
    if len(found.gaps):
        heading(f"Gaps of more than 5 days: {len(found.gaps)}; nothing is filled", console)
        console.print(table(found.gaps, most=5))
    if len(found.moves):
        heading(f"Moves of more than 40% in a day: {len(found.moves)}", console)
        console.print(table(found.moves, formats={"change": "+.1%"}, most=10))
    for problem in found.problems[:5]:
        say(f"problem: {problem}", style="red")
    if found.problems:
        say("Do not train on these prices.", style="bold red")
        return 1
    levels = "" if found.prices.stationary else " on log returns; raw prices will be refused"
    say(f"Fit for training{levels}.", style="bold")
    return 0


def _forecast(options: argparse.Namespace, console: "Console") -> int:
    from seqmem.files import written_whole
    from seqmem.report import DATES_NOTE, FORECAST_FORMATS, forecast_table, plot_forecast, table
    from seqmem.serving import ServedModel

    served = ServedModel(options.model)
    options.column = options.column or served.column or "Close"
    if served.days:
        return _forecast_variance(options, served, console)
    prices = _read(options, lookback=1, horizon=0)
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
    from seqmem.data.bars import read_bars
    from seqmem.files import written_whole
    from seqmem.report import table

    if options.plot:
        raise ValueError("--plot draws paths of prices; this is a model of variances")
    columns = {"close": options.column, "high": options.high, "low": options.low}
    bars = read_bars(options.prices, rows=1, date_format=options.date_format, **columns)
    found = served.volatility(bars)
    console.print(f"{served.folder}: from {bars.index[-1]:%Y-%m-%d}, over the next days", highlight=False)
    console.print(table(found, formats={"variance": ".3e", "volatility": ".2%"}))
    note = "variance: of the log return over those days; volatility: of a year at that rate"
    console.print(note, style="dim")
    if options.csv:
        with written_whole(options.csv) as draft:
            found.to_csv(draft, index=False)
    return 0


def _volatility(options: argparse.Namespace, console: "Console") -> int:
    sys.path.insert(0, str(Path.cwd()))  # where a cell of one's own may stand, for the console script too
    from seqmem.commands.volatility import run

    return run(options, console)


def _read(options: argparse.Namespace, **needed: int) -> "pd.Series":
    from seqmem.data.series import read_prices

    return read_prices(options.prices, options.column or "Close", date_format=options.date_format, **needed)


if __name__ == "__main__":
    sys.exit(main())
