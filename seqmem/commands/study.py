"""``seqmem study``: the classical claims on memory, measured."""

import argparse
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqmem.commands.arguments import at_least_one
from seqmem.experiments.studies import STUDIES

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parse = commands.add_parser(
        "study",
        help="a classical claim on memory, measured",
        description="Measure a claim: a table, a plot and a verdict in plain words, in under five minutes on "
        "two cores. With --cell, of a cell of your own beside the LSTM: its certificate. Without a name: "
        "list the claims.",
    )
    parse.add_argument("name", nargs="?", metavar="NAME", help=", ".join(STUDIES))
    add = parse.add_argument
    add("--cell", metavar="MODULE:CLASS", help="a cell of your own (or lstm, gru, rnn), beside the LSTM")
    add("--full", action="store_true", help="the long form: more seeds")
    add("--seeds", type=at_least_one, metavar="N", help="measure each case N times")
    add("--seed", type=int, default=0, metavar="N", help="the first of the seeds (0)")
    add("--threads", type=at_least_one, metavar="N", help="processor cores to use (all)")
    add("--csv", type=Path, metavar="FILE", help="write each case as it is measured; go on where it ends")
    add("--plot", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
    add("--json", action="store_true", help="print JSON instead of a table")
    parse.set_defaults(command=run)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Measure a study; 0, or 130 after Ctrl-C."""
    import logging

    from seqmem.experiments.studies import study
    from seqmem.experiments.studies.base import summary
    from seqmem.experiments.studies.certificate import certificate
    from seqmem.experiments.studies.running import run as measure
    from seqmem.files import check_file, check_plot
    from seqmem.process import configure_cpu
    from seqmem.report import plot_study

    if options.name is None:
        for name in STUDIES:
            console.print(f"{name:14}{study(name).claim}", highlight=False, soft_wrap=True)
        return 0
    sys.path.insert(0, str(Path.cwd()))  # where a cell of one's own may stand, for the console script too
    kind = study(options.name)
    given: dict[str, Any] = {"seed": options.seed}
    if options.seeds:
        given["seeds"] = options.seeds
    if options.cell:
        given |= kind.beside_lstm(options.cell)
    chosen = kind.full(**given) if options.full else kind(**given)
    for path in filter(None, (options.csv, options.plot)):
        check_file(path)
    if options.plot:
        check_plot(options.plot)
    with suppress(RuntimeError):  # called from a program that has run TensorFlow: its threads are its own
        configure_cpu(options.threads)
    logging.getLogger("tensorflow").setLevel("ERROR")  # each network is a new one: retracing is no news
    about = certificate(options.cell, seed=options.seed) if options.cell else ""
    try:
        with _Progress(console, quiet=options.json) as progress:
            rows = measure(chosen, file=options.csv, progress=progress)
    except KeyboardInterrupt:
        kept = f"{options.csv} holds what was measured: the same command goes on from there"
        console.print(f"Stopped; {kept if options.csv else 'nothing was written'}.", style="yellow")
        return 130
    if options.plot:
        plot_study(summary(rows), chosen.panels, options.plot)
    if options.json:
        table = json.loads(summary(rows).to_json(orient="records"))
        found = {"study": options.name, "claim": chosen.claim, "table": table}
        console.print_json(json.dumps({**found, "verdict": chosen.verdict(rows), "certificate": about}))
        return 0
    _say(chosen, rows, about, console)
    return 0


def _say(chosen: Any, rows: "pd.DataFrame", about: str, console: "Console") -> None:
    from seqmem.experiments.studies.base import summary
    from seqmem.report import heading, study_table, table

    if about:
        heading("Certificate", console)
        console.print(about, highlight=False, markup=False, soft_wrap=True)
    heading(f"Claim: {chosen.claim}", console)
    console.print(table(study_table(summary(rows), chosen.formats)))
    console.print(f"\n{chosen.verdict(rows)}", style="bold", highlight=False, markup=False, soft_wrap=True)


class _Progress:
    """A bar on a terminal, and a line for each case elsewhere."""

    def __init__(self, console: "Console", *, quiet: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._console, self._quiet = console, quiet
        self._bar = Progress(
            *columns, console=console, transient=True, disable=quiet or not console.is_terminal
        )
        self._task = self._bar.add_task("", total=None)

    def __call__(self, case: dict[str, Any], done: int, cases: int) -> None:
        words = ", ".join(f"{key} {value}" for key, value in case.items())
        if not self._console.is_terminal and not self._quiet:
            self._console.print(f"{done + 1} of {cases}: {words}", highlight=False)
        self._bar.update(self._task, description=words, completed=done, total=cases)

    def __enter__(self) -> "_Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
