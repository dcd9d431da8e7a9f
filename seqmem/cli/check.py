"""``seqmem check``: whether prices are fit to be trained on."""

import argparse
from typing import TYPE_CHECKING

from seqmem.cli.command import FAILED, Command
from seqmem.cli.options import add_prices, check_prices, read_prices

if TYPE_CHECKING:
    from rich.console import Console

DOUBTS = ("split",)  # this command shows them all


def run(options: argparse.Namespace, console: "Console") -> int:
    """Say what is odd about the prices; 1 where they must not be trained on."""
    from seqmem.data.inspection import inspect_prices
    from seqmem.data.series import day
    from seqmem.report import heading, table

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    data = read_prices(options, allow=DOUBTS)
    prices = data.frame["close"].rename(data.column)
    found = inspect_prices(prices)
    say(f"{options.prices}: {len(prices)} rows, {day(prices.index[0])} to {day(prices.index[-1])}")
    say(f"from {prices.min():g} to {prices.max():g}; {found.unchanged:.1%} of closes are unchanged")
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
        return FAILED
    levels = "" if found.prices.stationary else " on log returns; raw prices will be refused"
    say(f"Fit for training{levels}.", style="bold")
    return 0


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
