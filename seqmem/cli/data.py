"""The options of data, once for all commands: where prices come from, and how they are written."""

import argparse
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from seqmem.cli.options import choices

if TYPE_CHECKING:
    from seqmem.data.calendars import Calendar
    from seqmem.data.dataset import Dataset

PERIODS = ("day", "week", "month")
WRITTEN = (
    ("date-column", "NAME", "the column of dates (Date, or the first)"),
    ("date-format", "FORMAT", "how dates are written, as in strptime: %%d.%%m.%%Y"),
    ("separator", "MARK", "the mark between the values of a CSV (as they show)"),
    ("decimal", "MARK", "the decimal mark of numbers (as they show)"),
    ("thousands", "MARK", "the mark between thousands (as they show)"),
    ("encoding", "NAME", "the encoding of a CSV (UTF-8)"),
    ("sheet", "NAME", "the sheet of an Excel file (the first)"),
    ("zone", "NAME", "the time zone in which days are counted: America/New_York"),
)
"""Options of how a file is written: what `seqmem.read` calls them, and what they mean."""


def add_prices(parse: argparse.ArgumentParser, *name: str, column: str = "Close", **more: Any) -> None:
    """Add the data: where prices come from, what their columns are called, and how they are written.

    Args:
        parse: the parser.
        *name: of the argument: ``prices`` where none is given.
        column: which column of closes is read where none is named.
        **more: of the argument.
    """
    add = parse.add_argument_group("data").add_argument
    about = (
        "daily prices: a CSV, Parquet, Feather or Excel file; or bundled:sp500, bundled:nasdaq, bundled:wti"
    )
    add(*(name or ("prices",)), metavar="FILE|bundled:NAME", help=about, **more)
    add("--column", metavar="NAME", help=f"the column of closes ({column})")
    add("--high", metavar="NAME", help="the column of daily highs (High)")
    add("--low", metavar="NAME", help="the column of daily lows (Low)")
    add("--series", metavar="NAME", help="which of several series is read; '*': all of them")
    about = "when rows are due: XNYS, mon,tue,wed,... or daily (as the last year shows)"
    add("--calendar", metavar="NAME", help=about)
    add("--period", choices=PERIODS, default="day", help="what a row is (day)")
    add("--resample", choices=("1D",), help="make days of rows within them")
    add("--allow-negative", action="store_true", help="values may be 0 or below: spreads and rates")
    about = "set a doubt aside, by the name that its error ends with: split, tick, ..."
    add("--allow", type=choices(str), default=(), metavar="A,B,...", help=about)
    add("--anyway", action="store_true", help="set all doubts aside: the prices are right as they are")
    add = parse.add_argument_group("how a file is written").add_argument
    for option, metavar, about in WRITTEN:
        add(f"--{option}", metavar=metavar, help=about)


def check_prices(options: argparse.Namespace) -> None:
    """Refuse a source of prices that is not there, a calendar or a doubt that is none.

    Raises:
        ValueError: no such file, bundled series, package, exchange or doubt.
    """
    from seqmem.data.faults import Findings
    from seqmem.data.loading import check_source

    check_source(options.prices)
    _calendar(options.calendar)
    Findings("", options.allow)


def read_prices(
    options: argparse.Namespace, *, card: Mapping[str, Any] | None = None, allow: Collection[str] = ()
) -> "Dataset":
    """The data: the one reading of every command.

    Args:
        options: of the command line.
        card: of a model: closes are read from the column that it learnt from, unless another is named.
        allow: doubts that are set aside, beside those of the command line.

    Raises:
        PriceError: prices that cannot be used.
    """
    from seqmem.data.reading import read

    learnt_from = (card or {}).get("data", {}).get("column", "Close")
    names = [option.replace("-", "_") for option, *_ in WRITTEN]
    return read(
        options.prices,
        column=options.column or (None if learnt_from == "Close" else learnt_from),
        high=options.high,
        low=options.low,
        series=options.series,
        calendar=_calendar(options.calendar),
        period=options.period,
        resample=options.resample,
        allow_negative=options.allow_negative,
        allow={*allowed(options), *allow},
        **{name: getattr(options, name) for name in names},
    )


def read_panel(options: argparse.Namespace) -> "Dataset":
    """The data of a command with ``--panel``: one series, or with it several.

    Raises:
        PriceError: prices that cannot be used, or one series where several were expected.
    """
    from seqmem.data.faults import PriceError

    data = read_prices(options)
    if options.panel and len(data.ids) == 1:
        raise PriceError(f"{options.prices}: --panel: expected several series. Received: one")
    return data


def read_for_model(options: argparse.Namespace) -> "Dataset":
    """The data for the exported model of a command line.

    Raises:
        PriceError: prices that cannot be used.
        ValueError: columns that the model needs and they lack, or fewer rows than a window reads.
    """
    from seqmem.serving.card_schema import read_card
    from seqmem.serving.folders import newest
    from seqmem.serving.questions import origins_of

    card = read_card(newest(options.model))
    data = read_prices(options, card=card)
    origins_of(data, None, card)
    return data


def allowed(options: argparse.Namespace) -> tuple[str, ...]:
    """The doubts that the command line sets aside."""
    from seqmem.data.faults import DOUBTS

    return tuple(DOUBTS) if options.anyway else options.allow


def _calendar(name: str | None) -> "Calendar | None":
    from seqmem.data.exchanges import parse_calendar

    return None if name is None else parse_calendar(name)
