"""``seqmem diagnose``: what an exported model remembers of these prices."""

import argparse
import json
from typing import TYPE_CHECKING

from seqmem.cli.command import Command
from seqmem.cli.data import add_prices, check_prices, read_for_model
from seqmem.cli.options import add_files, add_import, add_model, check_files, check_model, whole

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

LAGS = (0, 1, 2, 5, 10, 20, 60, 120, 250)  # that are shown


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add a model, prices, and what to show."""
    add_model(parse)
    add_import(parse)
    add_prices(parse, column="the one that the model learnt from")
    parse.add_argument("--windows", type=whole(1), default=50, metavar="N", help="the last N windows (50)")
    add_files(parse, plot="draw the gradient against lag", report=True)
    parse.add_argument("--json", action="store_true", help="print JSON instead of tables")


def check(options: argparse.Namespace) -> None:
    """Refuse a model, prices or files that are not there."""
    check_model(options)
    check_prices(options)
    check_files(options)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Diagnose each recurrence of the model."""
    from seqmem.diagnostics import diagnose
    from seqmem.report import plot_flow
    from seqmem.serving import load

    forecaster, data = load(options.model), options.data
    every = diagnose(forecaster, data, windows=options.windows)
    for one in every:
        found = {
            "saturation": one.saturation.reset_index(),
            "memory": _by_cell(one.half_lives),
            "gradient": one.flow[one.flow.index.isin({*LAGS, one.length - 1})].reset_index(),
        }
        if options.json:
            tables = {name: json.loads(table.to_json(orient="records")) for name, table in found.items()}
            console.print_json(json.dumps({"recurrence": one.name, "effective_lookback": one.used, **tables}))
        else:
            _show(one.name, found, one.used, one.length, console)
    if options.plot:
        plot_flow(
            {one.name: one.flow for one in every}, options.plot, title=f"{options.model} on {data.name}"
        )
    if options.report:
        from seqmem.report import report
        from seqmem.serving import ServedModel

        served = ServedModel(options.model)
        title = f"Memory of {served.card['name']} on {data.name}"
        report(options.report, *every, data, served, title=title)
    return 0


def _show(name: str, found: "dict[str, pd.DataFrame]", used: int, days: int, console: "Console") -> None:
    from seqmem.report import heading, table

    heading(f"{name}: gates, and the share of the time near a limit", console)
    console.print(table(found["saturation"], formats=dict.fromkeys(("mean", "low", "high"), ".3f")))
    heading("Half-life of a unit's memory, trading days", console)
    console.print(table(found["memory"], formats=dict.fromkeys(found["memory"].columns[1:], ".1f")))
    heading("Norm of the derivative of the last output, by lag in days", console)
    console.print(table(found["gradient"], formats=dict.fromkeys(found["gradient"].columns[1:], ".2e")))
    text = f"95% of the input gradient falls on the last {used} of {days} days"
    console.print(text, style="bold", highlight=False)


def _by_cell(lives: "pd.DataFrame") -> "pd.DataFrame":
    """The spread of the half-lives over the units of each cell."""
    spread = lives["half_life"].groupby("cell").describe()[["min", "25%", "50%", "75%", "max"]]
    return spread.rename(columns={"50%": "median"}).reset_index()


COMMAND = Command(
    name="diagnose",
    group="Exported models",
    summary="what an exported model remembers: gates, half-lives, gradients",
    description="Show what the recurrent layers of an exported model do on the last windows of a file: the "
    "saturation of every gate, the half-life of every unit's memory, the gradient of the last output with "
    "respect to the input by lag, and how much of the lookback is used.",
    add_options=add_options,
    check=check,
    run=run,
    read=read_for_model,
)
