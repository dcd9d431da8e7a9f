"""``seqmem diagnose``: what an exported model remembers of these prices."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqmem.commands.arguments import at_least_one

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

LAGS = (0, 1, 2, 5, 10, 20, 60, 120, 250)  # that are shown


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parse = commands.add_parser(
        "diagnose",
        help="what an exported model remembers",
        description="Saturation of every gate, the half-life of every unit's memory, the gradient of the "
        "last output against lag, and the lookback that is made use of, over the last windows of a file.",
    )
    parse.add_argument(
        "model", metavar="MODEL_DIR", help="saved_models/NAME (newest version) or NAME/VERSION"
    )
    add = parse.add_argument
    add("prices", metavar="FILE|bundled:NAME", help="CSV or Parquet; or bundled:sp500, ...")
    add("--column", help="the column of closes (the one that the model learnt from)")
    add("--high", default="High", metavar="COLUMN", help="of highs, for variances (High)")
    add("--low", default="Low", metavar="COLUMN", help="of lows, for variances (Low)")
    add("--date-format", metavar="FORMAT", help="where dates are not ISO, as in strptime: %%d.%%m.%%Y")
    add("--windows", type=at_least_one, default=50, metavar="N", help="the last N windows (50)")
    add("--plot", type=Path, metavar="FILE", help="draw the gradient against lag: .png, .svg or .pdf")
    add("--json", action="store_true", help="print JSON instead of tables")
    parse.set_defaults(command=run)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Diagnose each recurrence of the model."""
    import numpy as np

    from seqmem import diagnostics
    from seqmem.report import plot_flow
    from seqmem.serving import load

    forecaster = load(options.model)
    prices = _read(options, forecaster)
    last = len(forecaster.target.levels(prices)) - 1
    first = max(forecaster.closes - 1, last - options.windows + 1)
    seen = diagnostics.sequences(forecaster, prices, np.arange(first, last + 1))
    flows = {}
    for layer in diagnostics.recurrent_layers(forecaster):
        flow = diagnostics.gradient_flow(layer, seen)
        flows[layer.name] = flow
        found = {
            "saturation": diagnostics.saturation(layer, seen).reset_index(),
            "memory": _by_cell(diagnostics.memory_half_life(layer, seen)),
            "gradient": flow[flow.index.isin({*LAGS, len(flow) - 1})].reset_index(),
        }
        used = diagnostics.effective_lookback(flow)
        if options.json:
            tables = {name: json.loads(one.to_json(orient="records")) for name, one in found.items()}
            console.print_json(json.dumps({"recurrence": layer.name, "effective_lookback": used, **tables}))
        else:
            _say(layer.name, found, f"{used} of {len(flow)} days", console)
    if options.plot:
        plot_flow(flows, options.plot)
    return 0


def _say(name: str, found: "dict[str, pd.DataFrame]", used: str, console: "Console") -> None:
    from seqmem.report import heading, table

    heading(f"{name}: gates, and the share of the time near a limit", console)
    console.print(table(found["saturation"], formats=dict.fromkeys(("mean", "low", "high"), ".3f")))
    heading("Half-life of a unit's memory, trading days", console)
    console.print(table(found["memory"], formats=dict.fromkeys(found["memory"].columns[1:], ".1f")))
    heading("Norm of the derivative of the last output, by lag in days", console)
    console.print(table(found["gradient"], formats=dict.fromkeys(found["gradient"].columns[1:], ".2e")))
    console.print(f"95% of what the inputs say lies within {used}.", style="bold", highlight=False)


def _by_cell(lives: "pd.DataFrame") -> "pd.DataFrame":
    """The spread of the half-lives over the units of each cell."""
    spread = lives["half_life"].groupby("cell").describe()[["min", "25%", "50%", "75%", "max"]]
    return spread.rename(columns={"50%": "median"}).reset_index()


def _read(options: argparse.Namespace, forecaster: Any) -> Any:
    from seqmem.data.bars import read_bars
    from seqmem.data.series import read_prices
    from seqmem.serving import ServedModel

    column = options.column or ServedModel(options.model).column or "Close"
    if not forecaster.target.columns:
        return read_prices(options.prices, column, date_format=options.date_format, lookback=1, horizon=0)
    columns = {"close": column, "high": options.high, "low": options.low}
    return read_bars(options.prices, rows=1, date_format=options.date_format, **columns)
