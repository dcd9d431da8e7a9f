"""``seqmem check``: whether prices are fit to be trained on."""

import argparse
from typing import TYPE_CHECKING

from seqmem.cli.command import FAILED, Command
from seqmem.cli.data import add_prices, check_prices, read_prices

if TYPE_CHECKING:
    from rich.console import Console

    from seqmem.data.dataset import Dataset
    from seqmem.data.inspection import Inspection

MOST = 10  # doubts that are shown


def run(options: argparse.Namespace, console: "Console") -> int:
    """Say what is odd about the prices; 1 where they must not be trained on."""
    from seqmem.data.inspection import inspect_prices

    data = read_prices(options, anyway=True)
    for note in data.notes:
        _say(note, console, "yellow")
    problems, levels = [], True
    for name in data.ids:
        found = inspect_prices(data[name].frame["close"].rename(data.column), longest=data.calendar.longest)
        _show(data[name], found, console)
        problems += [f"{name}: {found.problem}" if len(data.ids) > 1 else found.problem] * bool(found.problem)
        levels &= found.prices.stationary
    for problem in problems[:MOST]:
        _say(f"problem: {problem}", console, "red")
    doubts = () if options.anyway else data.doubts
    for doubt in doubts[:MOST]:
        _say(f"in doubt: {doubt}", console, "red")
    if problems or doubts:
        unless = "" if problems else ", unless they are right as they are: --anyway"
        _say(f"Do not train on these prices{unless}.", console, "bold red")
        return FAILED
    raw = "" if levels else f" on {found.kind}; raw prices will be refused"
    _say(f"Fit for training{raw}.", console, "bold")
    return 0


def _show(data: "Dataset", found: "Inspection", console: "Console") -> None:
    """Say what was found of one series."""
    from seqmem.data.faults import day
    from seqmem.report import heading, table

    closes, (name,) = data.frame["close"], data.ids
    series = data.name if name == "series" else f"{data.name}, {name}"
    _say(f"{series}: {len(closes)} rows, {day(closes.index[0])} to {day(closes.index[-1])}", console)
    extremes = f"from {closes.min():g} to {closes.max():g}"
    _say(f"{extremes}; {found.unchanged:.1%} of closes are unchanged", console)
    _say(f"prices: {found.prices.words}", console)
    _say(f"{found.kind}: {found.returns.words}", console)
    if len(found.gaps):
        heading(
            f"Gaps of more than {data.calendar.longest:g} days: {len(found.gaps)}; nothing is filled", console
        )
        console.print(table(found.gaps, most=5))
    if len(found.moves):
        heading(f"Moves of more than 40% in a day: {len(found.moves)}", console)
        console.print(table(found.moves, formats={"change": "+.1%"}, most=10))


def _say(text: str, console: "Console", style: str = "") -> None:
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


COMMAND = Command(
    name="check",
    group="Prices and models",
    summary="are these prices fit to be trained on?",
    description="Look at daily prices before a model does: rows, dates, gaps, splits and other suspicious "
    "moves, and whether prices and returns are stationary (ADF and KPSS tests). Exit status 1 on prices that "
    "must not be trained on.",
    add_options=add_prices,
    check=check_prices,
    run=run,
)
